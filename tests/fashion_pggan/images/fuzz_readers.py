"""`python tests/fashion_pggan/images/fuzz_readers.py COUNT [SEED]`: broken files that are no images, read.

It prints, for each kind of file, how many were refused in one line and how many were read all the same.
Status 0 when nothing else was raised and none took long, within a limit of memory.
"""

import io
import resource
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from crawler.lines import line_of, lines_of
from fashion_pggan.errors import UserError
from fashion_pggan.images.png_text import text_of
from fashion_pggan.images.reading import files_in
from fashion_pggan.params.reading import load_params
from fashion_pggan.storage.bounded.npz import arrays_in
from fashion_pggan.storage.records import RawImage, read_records, write_records

REPOSITORY = Path(__file__).parents[3]
LIMIT_BYTES = 4 * 1024**3  # address space of the whole process
LIMIT_S = 5.0  # for one file
RECORD = RawImage(
    **dict.fromkeys(("sha256", "file", "url", "title", "query", "provider", "crawled_at"), "a"),
    rank=1,
    declared_width=1,
    declared_height=None,
    content_type="",
    size=1,
)


def tar() -> bytes:
    """Three entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as file:
        for name in ("a.png", "티셔츠.png", "b" * 150 + ".png"):
            entry = tarfile.TarInfo(name)
            entry.size = 700
            file.addfile(entry, io.BytesIO(bytes(700)))
    return buffer.getvalue()


def parquet() -> bytes:
    """Images as another program writes them."""
    buffer = io.BytesIO()
    images = [{"bytes": bytes([number]) * 500, "path": f"{number}.png"} for number in range(40)]
    pq.write_table(pa.table({"image": images}), buffer, compression="zstd")
    return buffer.getvalue()


def png() -> bytes:
    """A recipe in a PNG."""
    buffer, text = io.BytesIO(), PngInfo()
    text.add_itxt("fashion_pggan", '{"seed": 1}' * 20, zip=True)
    Image.new("RGB", (16, 16)).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def npz() -> bytes:
    """Two arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, names=np.array(["a", "b"]), pairs=np.arange(100))
    return buffer.getvalue()


def records() -> bytes:
    """A sealed table."""
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder) / "records.parquet", [RECORD] * 50, RawImage)
        return (Path(folder) / "records.parquet").read_bytes()


def all_of(path: Path) -> None:
    """Read all images of the folder of a file."""
    files = files_in(path.parents[1] if path.suffix == ".parquet" else path.parent)
    for index in range(len(files)):
        files.data(index)


Reader = Callable[[Path], object]
KINDS: dict[str, tuple[str, bytes, Reader]] = {
    "YAML": ("params.yaml", (REPOSITORY / "params.yaml").read_bytes(), load_params),
    "JSON lines": ("log.jsonl", line_of({"a": [1, {"b": "티"}]}) * 9, lambda path: list(lines_of(path))),
    "manifest": ("metadata.jsonl", b'{"file_name": "metadata.jsonl"}\n' * 9, all_of),
    "tar": ("train-0.tar", tar(), all_of),
    "Parquet": ("data/train-0-of-1.parquet", parquet(), all_of),
    "records": ("records.parquet", records(), lambda path: read_records(path, RawImage)),
    "recipe": ("a.png", png(), lambda path: text_of(path.read_bytes(), "fashion_pggan", 65536)),
    "NumPy": ("a.npz", npz(), lambda path: arrays_in(path, 2**20)),
}


def broken(data: bytes, random: np.random.Generator) -> bytes:
    """A file with bytes changed, lost, repeated or cut."""
    new, start = bytearray(data), int(random.integers(len(data)))
    match random.integers(4):
        case 0:
            for place in random.integers(len(data), size=random.integers(1, 9)):
                new[place] = random.integers(256)
        case 1:
            del new[start : start + random.integers(1, 100)]
        case 2:
            new[start:start] = new[start : start + 100] * int(random.integers(1, 50))
        case _:
            del new[start:]
    return bytes(new)


def main() -> None:
    """Read them all."""
    count, random = int(sys.argv[1]), np.random.default_rng([int(word) for word in sys.argv[2:]])
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    outcomes: Counter[tuple[str, str]] = Counter()
    began, slowest = time.monotonic(), 0.0
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        name, good, read = KINDS[kind]
        data, start = broken(good, random), time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            try:
                read(path)
                outcomes[kind, "read"] += 1
            except (UserError, ValueError) as error:
                assert isinstance(error, UserError) or kind in ("recipe", "NumPy"), (kind, error)  # noqa: PT017
                outcomes[kind, "refused"] += 1
            except BaseException:
                Path("fuzz.bin").write_bytes(data)
                raise
        slowest = max(slowest, time.monotonic() - start)
    print("| kind | refused | read |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {outcomes[kind, 'refused']} | {outcomes[kind, 'read']} |")
    print(f"{count / (time.monotonic() - began):.0f} files a second, slowest {slowest * 1000:.0f} ms")
    assert slowest < LIMIT_S


if __name__ == "__main__":
    main()
