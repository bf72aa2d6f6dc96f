"""What a stage replaces as a whole is its own."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.hashes import hashed_json, values_of
from fashion_pggan.storage.proof.folder_mark import END, MARK, Written, ends_of, written_in
from fashion_pggan.storage.targets import Kind, check_target, hold_target, replace_target


def told(folder: Path) -> Written:
    """What a kind without a mark knows of its files."""
    files = {"index.json": EMPTY, "parts/0.npy": EMPTY}
    return Written(frozenset(files), files) if (folder / "index.json").is_file() else Written(frozenset())


EMPTY = hashlib.sha256().hexdigest()
MARKED = Kind("a thing")
PLAIN = Kind("a thing", told)


def written(target: Path, kind: Kind = MARKED) -> Path:
    with replace_target(target, kind) as building:
        (building / "parts").mkdir()
        (building / "parts/0.npy").touch()
        (building / "index.json").touch()
    return target


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", [MARKED, PLAIN])
def test_what_is_missing_empty_or_was_written_here_may_be_replaced(tmp_path: Path, kind: Kind) -> None:
    check_target(tmp_path / "new", kind, [])
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/.DS_Store").touch()
    check_target(tmp_path / "empty", kind, [])
    check_target(written(tmp_path / "old", kind), kind, [])
    (tmp_path / "old/parts/0.npy").unlink()
    check_target(tmp_path / "old", kind, [])


def test_a_changed_file_whose_bytes_stay_under_another_name_may_go(tmp_path: Path) -> None:
    target = written(tmp_path / "raw")
    (tmp_path / "store").hardlink_to(target / "index.json")
    (tmp_path / "store").write_text("changed")
    with hold_target(target, MARKED) as held:
        (tmp_path / "store").unlink()  # as when a damaged image of a store is fetched again
        with held.replaced() as new:
            (new / "index.json").touch()
    (target / "index.json").write_text("changed")
    with pytest.raises(UserError, match=r"index\.json has changed since it was written"):
        check_target(target, MARKED, [])


def test_no_folder_is_made_in_one_that_is_replaced_as_a_whole(tmp_path: Path) -> None:
    written(tmp_path / "old")
    for name in ("old/parts", "old/new", "old/parts/deep/new"):
        with pytest.raises(
            UserError, match=r"lies in .*old, which is replaced as a whole: give a place outside"
        ):
            check_target(tmp_path / name, MARKED, [])


def test_a_mark_lists_what_was_written_and_depends_on_nothing_else(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a"), written(tmp_path / "deep/b")
    assert (first / MARK).read_bytes() == (second / MARK).read_bytes()
    assert values_of((first / MARK).read_text()) == {
        "kind": "a thing",
        "names": ["index.json", "parts/0.npy"],
        "files": {name: sha256_of(first / name) for name in ("index.json", "parts/0.npy")},
    }
    assert written_in(first).names == {"index.json", "parts/0.npy", MARK}


@pytest.mark.parametrize("name", ["0.npy", "0.parquet", "0.safetensors"])
def test_a_large_file_that_was_edited_in_its_middle_is_not_replaced(tmp_path: Path, name: str) -> None:
    with replace_target(tmp_path / "old", MARKED) as new:
        (new / name).write_bytes(bytes(3 * END))
    check_target(tmp_path / "old", MARKED, [])
    with (tmp_path / "old" / name).open("r+b") as file:
        file.seek(3 * END // 2)
        file.write(b"mine")
    with pytest.raises(UserError, match=rf"old/{name} has changed since it was written: move it away"):
        check_target(tmp_path / "old", MARKED, [])


def test_of_large_files_of_a_former_version_the_ends_are_compared(tmp_path: Path) -> None:
    target = written(tmp_path / "old")
    said = values_of((target / MARK).read_text())
    del said["files"]["parts/0.npy"]
    (target / MARK).write_text(
        hashed_json({**said, "large": {"parts/0.npy": ends_of(target / "parts/0.npy")}})
    )
    check_target(target, MARKED, [])
    with (target / "parts/0.npy").open("ab") as file:
        file.write(b"mine")
    with pytest.raises(UserError, match=r"parts/0\.npy has changed since it was written"):
        check_target(target, MARKED, [])


def test_a_text_that_somebody_has_edited_is_not_replaced(tmp_path: Path) -> None:
    kind = MARKED
    with replace_target(tmp_path / "old", kind) as new:
        (new / "index.json").touch()
        (new / "datasheet.md").write_text("> Who made it?\n")
    check_target(tmp_path / "old", kind, [])
    (tmp_path / "old/datasheet.md").write_text("> Who made it?\nI did.\n")
    with pytest.raises(UserError, match=r"old/datasheet\.md has changed since it was written: move it away"):
        check_target(tmp_path / "old", kind, [])
    (tmp_path / "old/datasheet.md").unlink()
    check_target(tmp_path / "old", kind, [])


@pytest.mark.parametrize(
    "name", ["thesis.txt", ".git/HEAD", "parts/mine.npy", "parts/1/0.npy", "index.json.bak", "index.json/0"]
)
@pytest.mark.parametrize("kind", [MARKED, PLAIN])
def test_anything_else_is_refused_by_its_name_and_stays(tmp_path: Path, kind: Kind, name: str) -> None:
    target = written(tmp_path / "old", kind)
    if name == "index.json/0":
        (target / "index.json").unlink()
    (target / name).parent.mkdir(exist_ok=True, parents=True)
    (target / name).touch()
    before = tree(tmp_path)
    with pytest.raises(UserError, match=f"old holds {name}, which is not part of a thing: move it away"):
        check_target(target, kind, [])
    with pytest.raises(UserError, match=f"old holds {name}, which is"), replace_target(target, kind):
        pass
    assert tree(tmp_path) == before


def test_what_a_killed_process_was_writing_in_it_may_go(tmp_path: Path) -> None:
    target = written(tmp_path / "old")
    left = target / ".index.json.0123abcd.pggan"
    left.touch()
    check_target(target, MARKED, [])
    for name in (".index.json.20261127", ".notes.json.0123abcd.pggan", "parts/.index.json.0123abcd.pggan"):
        with pytest.raises(UserError, match=re.escape(f"holds {name}")):
            check_target(left.rename(target / name).parents[name.count("/")], MARKED, [])
        (target / name).rename(left)


def test_a_name_that_would_fit_is_refused_where_the_mark_does_not_list_it(tmp_path: Path) -> None:
    target = written(tmp_path / "old")
    (target / "parts/1.npy").touch()
    with pytest.raises(UserError, match=r"holds parts/1\.npy, which is not part of a thing"):
        check_target(target, MARKED, [])


DAMAGED = rf"its {MARK} is damaged \(.+\): get it back \(dvc checkout\), or move it away"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", DAMAGED),
        ("[]", DAMAGED),
        ('{"kind": "a thing"}', DAMAGED),
        ('{"kind": "a thing", "names": ["index.json"], "files": {}}', DAMAGED),  # its hash was cut out
        ('{"kind": "another thing", "names": []}', "it is another thing, not a thing: move it away, or give"),
        ('{"kind": "a thing", "names": ["index.json"]}', "a former version wrote it, without hashes"),
    ],
)
def test_a_mark_that_is_damaged_former_or_of_another_kind_is_called_so_with_what_to_do(
    tmp_path: Path, text: str, says: str
) -> None:
    (written(tmp_path / "old", PLAIN) / MARK).write_text(text)
    with pytest.raises(UserError, match=rf"old may hold files of yours: {says}"):
        check_target(tmp_path / "old", MARKED, [])


def test_parts_without_what_makes_them_a_whole_are_refused(tmp_path: Path) -> None:
    (tmp_path / "old/parts").mkdir(parents=True)
    check_target(tmp_path / "old", MARKED, [])
    (tmp_path / "old/parts/0.npy").touch()
    with pytest.raises(UserError, match=r"holds parts/0.npy, which is not part of a thing: move it"):
        check_target(tmp_path / "old", MARKED, [])


def test_links_are_not_followed_and_a_link_to_something_else_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/0.npy").touch()
    (tmp_path / "target").symlink_to("photos")
    with pytest.raises(UserError, match=r"target holds 0\.npy, which is not part"):
        check_target(tmp_path / "target", MARKED, [])
    target = written(tmp_path / "old")
    (target / "parts/0.npy").unlink()
    (target / "parts").rmdir()
    (target / "parts").symlink_to(tmp_path / "photos")
    with pytest.raises(UserError, match="holds parts, which is not part"):
        check_target(target, MARKED, [])


@pytest.mark.parametrize("size", [1, 200_000])
def test_any_file_that_was_edited_in_place_is_refused_by_its_name(tmp_path: Path, size: int) -> None:
    for name in ("index.json", "parts/0.npy"):
        with replace_target(tmp_path / name[:5], MARKED) as new:
            (new / "parts").mkdir()
            (new / name).write_bytes(bytes(size))
        check_target(tmp_path / name[:5], MARKED, [])
        (tmp_path / name[:5] / name).write_bytes(bytes(size - 1) + b"!")
        with pytest.raises(UserError, match=rf"{name} has changed since it was written: move it away"):
            check_target(tmp_path / name[:5], MARKED, [])


def test_a_mark_that_was_copied_beside_files_of_the_user_covers_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/index.json").write_text('{"mine": 1}')
    shutil.copy(written(tmp_path / "old") / MARK, tmp_path / "mine")
    with pytest.raises(UserError, match=r"mine/index\.json has changed since it was written"):
        check_target(tmp_path / "mine", MARKED, [])


def test_a_file_that_is_edited_while_the_target_is_made_again_stays(tmp_path: Path) -> None:
    target = written(tmp_path / "old")
    with pytest.raises(UserError, match=r"index\.json has changed"), replace_target(target, MARKED):
        (target / "index.json").write_text("mine")
    assert (target / "index.json").read_text() == "mine"
    assert tree(tmp_path) == ["old", f"old/{MARK}", "old/index.json", "old/parts", "old/parts/0.npy"]


def test_an_old_target_that_a_killed_process_left_is_looked_at_before_it_goes(tmp_path: Path) -> None:
    target, hidden = written(tmp_path / "old"), tmp_path / ".old.building"
    hidden.mkdir()
    (hidden / ".lock").write_text("fashion-pggan 4711\n")
    shutil.copytree(target, hidden / "old")
    (hidden / "old/thesis.txt").write_text("mine")
    says = r"\.old\.building/old holds thesis\.txt, which is not part of a thing: move it away"
    with pytest.raises(UserError, match=says), replace_target(target, MARKED):
        pytest.fail("held")
    assert (hidden / "old/thesis.txt").read_text() == "mine"
    (hidden / "old/thesis.txt").unlink()
    with replace_target(target, MARKED):
        pass
    assert not hidden.exists()


def test_neither_the_input_nor_what_holds_it_nor_where_one_is_may_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "link").symlink_to("data/raw")
    for target in ("data", "data/raw", "data/raw/out", "link"):
        with pytest.raises(UserError, match="overlap"):
            check_target(tmp_path / target, MARKED, [tmp_path / "data/raw"])
    monkeypatch.chdir(tmp_path / "data")
    for target in (Path(), Path(os.pardir), tmp_path):
        with pytest.raises(UserError, match="holds the folder you are in"):
            check_target(target, MARKED, [])


def test_what_came_meanwhile_is_not_lost(tmp_path: Path) -> None:
    target = tmp_path / "models"
    with pytest.raises(UserError, match=r"models holds photo\.jpg"), replace_target(target, MARKED):  # noqa: PT012
        target.mkdir()
        (target / "photo.jpg").touch()
    assert tree(tmp_path) == ["models", "models/photo.jpg"]


def test_a_target_that_another_process_makes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fashion_pggan.storage.locks.WAIT_S", 0.0)
    target = written(tmp_path / "models")
    before = tree(tmp_path)
    with hold_target(target, MARKED), pytest.raises(UserError, match="models is in use by process"):  # noqa: SIM117
        with hold_target(target, MARKED):
            pytest.fail("two make one target")
    assert tree(tmp_path) == before


def test_what_cannot_be_a_target_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/0.jpg").touch()
    with pytest.raises(UserError, match="photos holds"), hold_target(tmp_path / "photos", MARKED):
        pytest.fail("held")
    assert tree(tmp_path) == ["photos", "photos/0.jpg"]
