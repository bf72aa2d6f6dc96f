"""DVC's cache against its names, and what DVC does with damage: copies in the workspace, verified remotes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fashion_pggan.errors import UserError
from fashion_pggan.verify.dvc_cache import cache_folder, damaged_objects, objects
from tests.running import output_of

REPOSITORY = Path(__file__).parents[3]
STAGE = """
import os, pathlib
for number in range(8):
    stored = pathlib.Path("runs", f"{number}.jpg")
    stored.parent.mkdir(exist_ok=True)
    if not stored.exists():
        stored.write_bytes(bytes([number]) * 3000)
    target = pathlib.Path("data/raw", stored.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(stored, target)  # as the crawl does
with open("ran.log", "a") as log:
    log.write("crawl\\n")
"""


def test_a_cache_that_is_whole_has_no_damage(tmp_path: Path) -> None:
    add(tmp_path, "5d/41402abc4b2a76b9719d911017c592", b"hello")
    add(tmp_path, "d7/51713988987e9331980363e24189ce.dir", b"[]")
    assert len(objects(tmp_path)) == 2
    assert list(damaged_objects(tmp_path)) == []


def test_an_object_that_is_not_what_its_name_says_is_damaged(tmp_path: Path) -> None:
    changed = add(tmp_path, "5d/41402abc4b2a76b9719d911017c592", b"hellp")
    cut = add(tmp_path, "d7/51713988987e9331980363e24189ce.dir", b"")
    assert list(damaged_objects(tmp_path)) == [changed, cut]


def test_an_object_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "files/md5/5d/41402abc4b2a76b9719d911017c592"
    folder.mkdir(parents=True)
    assert list(damaged_objects(tmp_path)) == [folder]


def test_what_dvc_is_still_writing_is_no_object(tmp_path: Path) -> None:
    add(tmp_path, "5d/.aBc.tmp", b"half")
    assert objects(tmp_path) == []
    assert objects(tmp_path / "absent") == []


def test_the_cache_is_where_the_configuration_says(tmp_path: Path) -> None:
    configure(tmp_path, "")
    assert cache_folder(tmp_path) == tmp_path / ".dvc/cache"
    configure(tmp_path, "[cache]\n    dir = ../../elsewhere\n")
    assert cache_folder(tmp_path).resolve() == tmp_path.parent / "elsewhere"


def test_a_configuration_that_cannot_be_read_is_an_error_on_one_line(tmp_path: Path) -> None:
    configure(tmp_path, "[cache\n")
    with pytest.raises(UserError, match=r"DVC's configuration in .*\.dvc cannot be read \(.*\): correct it"):
        cache_folder(tmp_path)


def test_our_configuration_shares_no_file_between_workspace_and_cache() -> None:
    """A hard or symbolic link would: a byte changed in data/raw is then changed in DVC's cache."""
    from dvc.config import Config

    assert Config(str(REPOSITORY / ".dvc"))["cache"]["type"] == ["reflink", "copy"]


class Drill:
    """A repository with our DVC configuration, a crawl that links from its store, and a remote."""

    def __init__(self, folder: Path, remote: Path) -> None:
        self.folder = folder
        self.remote = remote
        self.image = folder / "data/raw/3.jpg"
        self.good = bytes([3]) * 3000

    def dvc(self, *words: str, status: int = 0) -> str:
        return output_of([sys.executable, "-m", "dvc", *words], self.folder, status=status)

    @property
    def cached(self) -> Path:
        [path] = [
            path for path in objects(self.folder / ".dvc/cache") if path.read_bytes()[:2] == self.good[:2]
        ]
        return path

    def ran(self) -> int:
        return (self.folder / "ran.log").read_text().count("crawl")

    def second(self, folder: Path) -> "Drill":
        subprocess.run(["git", "clone", "--quiet", self.folder, folder], check=True)
        clone = Drill(folder, self.remote)
        clone.add_remote()
        return clone

    def add_remote(self) -> None:
        """As docs/how-to/dvc-remote.md says."""
        self.dvc("remote", "add", "--local", "--default", "storage", str(self.remote))
        self.dvc("remote", "modify", "--local", "storage", "verify", "true")


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    folder = tmp_path / "first"
    (folder / ".dvc").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".dvc/config", folder / ".dvc/config")
    (folder / "stage.py").write_text(STAGE)
    (folder / ".gitignore").write_text("/data\n/runs\n/ran.log\n/.dvc/cache\n/.dvc/tmp\n/.dvc/config.local\n")
    crawl = {"cmd": f"{sys.executable} stage.py", "deps": ["stage.py"], "outs": ["data/raw"]}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"crawl": crawl}}))
    made = Drill(folder, tmp_path / "remote")
    git(folder, "init", "--quiet")
    made.add_remote()
    made.dvc("repro")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "a")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [False, True])
def test_a_byte_changed_in_data_raw_is_noticed_mended_and_never_sent(
    drill: Drill, tmp_path: Path, read_only: bool
) -> None:
    if read_only:  # what DVC takes for whole in its cache
        drill.image.chmod(0o444)
    flip(drill.image)
    assert "modified:           data/raw" in drill.dvc("status")
    drill.dvc("push")
    second = drill.second(tmp_path / "second")
    second.dvc("pull")
    assert second.image.read_bytes() == drill.good
    assert "is cached" in drill.dvc("repro")
    assert (drill.image.read_bytes(), drill.ran()) == (drill.good, 1)
    assert "up to date" in drill.dvc("status")


@pytest.mark.slow
def test_a_damaged_object_is_named_by_our_check_and_refused_by_a_second_clone(
    drill: Drill, tmp_path: Path
) -> None:
    damaged = drill.cached
    flip(damaged)
    assert list(damaged_objects(cache_folder(drill.folder))) == [damaged]
    assert "up to date" in drill.dvc("status")  # DVC alone believes a read-only file
    drill.dvc("push")
    second = drill.second(tmp_path / "second")
    assert "failed to pull" in second.dvc("pull", status=1).lower()
    assert not second.image.exists()
    assert list(damaged_objects(cache_folder(second.folder))) == []


@pytest.mark.slow
def test_the_advice_mends_a_damaged_object(drill: Drill) -> None:
    damaged = drill.cached
    flip(damaged)
    damaged.unlink()
    shutil.rmtree(drill.folder / "data/raw")
    drill.dvc("repro")
    assert (drill.image.read_bytes(), drill.cached.read_bytes(), drill.ran()) == (drill.good, drill.good, 2)


def add(cache: Path, name: str, content: bytes) -> Path:
    path = cache / "files/md5" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def configure(repository: Path, text: str) -> None:
    (repository / ".dvc").mkdir(exist_ok=True)
    (repository / ".dvc/config").write_text(text)


def flip(path: Path) -> None:
    """Change one byte in place and keep the permissions."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff")
    path.chmod(mode)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)
