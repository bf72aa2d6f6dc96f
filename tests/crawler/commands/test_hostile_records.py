"""What a record says of its file leads nowhere but below the store."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crawler.commands.forget import forget
from crawler.commands.merge import merge
from crawler.store.raw import RECORDS
from crawler.store.store import LOG, TABLE, Store, images_of
from crawler.store.stored import Fetched, StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.storage.proof.listing import LIST
from fashion_pggan.storage.records import RawImage, write_records

JPEG = b"\xff\xd8\xff\xe0 an image"
THESIS = b"years of work"
LINK = "images/aa/link.jpg"  # a link to the thesis
HOSTILE = [
    "../home/thesis.txt",
    "images/../../home/thesis.txt",
    "ABSOLUTE",
    "images//thesis.txt",
    "images/./thesis.txt",
    "images\\..\\..\\home\\thesis.txt",
    "images/a\0b",
    "images/a\nb",
    "images/",
    "images",
    "",
    "fetched.jsonl",
    "images/linked/thesis.txt",  # the folder is a link to home
    LINK,
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_bytes(THESIS)
    (tmp_path / "home/.settings").write_bytes(THESIS)
    return tmp_path / "home"


def store_at(folder: Path, home: Path) -> StoredImage:
    """A store with a good image, and with links out of it; returns the image's record."""
    with Store(folder, Tombstones(folder / "none")) as store:
        image = store.keep(Fetched("http://a/good", JPEG, "image/jpeg", "2026-11-23T00:00:00+00:00"))
    assert image is not None
    (folder / "images/linked").symlink_to(home)
    (folder / "images/aa").mkdir()
    (folder / "images/aa/link.jpg").symlink_to(home / "thesis.txt")
    return image


def hostile(image: StoredImage, file: str, home: Path) -> StoredImage:
    file = str(home / "thesis.txt") if file == "ABSOLUTE" else file
    return image.model_copy(update={"url": "http://evil/1", "file": file, "size": len(THESIS)})


def into_log(folder: Path, good: StoredImage, bad: StoredImage) -> None:
    (folder / LOG).write_text(json.dumps(bad.model_dump()) + "\n")


def into_table(folder: Path, good: StoredImage, bad: StoredImage) -> None:
    write_records(folder / TABLE, [good, bad], StoredImage)


Into = Callable[[Path, StoredImage, StoredImage], None]


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.name not in (".lock", "empty", LIST)
    }


REFUSAL = r"the record of 'http://evil/1' in .* has the file .*: remove that record, .*; nothing was changed"


@pytest.mark.parametrize("file", HOSTILE)
@pytest.mark.parametrize("into", [into_log, into_table])
def test_a_part_whose_record_leads_out_is_refused_before_anything_is_joined(
    tmp_path: Path, home: Path, file: str, into: Into
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    store_at(first, home)
    good = store_at(second, home)
    into(second, good, hostile(good, file, home))
    (tmp_path / "joined").mkdir()
    before = tree(tmp_path)
    with pytest.raises(UserError, match=REFUSAL):
        merge([first, second], tmp_path / "joined", Tombstones(tmp_path / "none"))
    assert tree(tmp_path) == before


def test_a_link_in_the_store_that_is_filled_is_not_followed(tmp_path: Path, home: Path) -> None:
    good = store_at(tmp_path / "part", home)
    folder = tmp_path / "joined" / Path(good.file).parent
    folder.parent.mkdir(parents=True)
    folder.symlink_to(home)
    (tmp_path / "joined/.lock").write_text("1")
    (home / Path(good.file).name).write_bytes(THESIS)
    before = tree(tmp_path)
    with pytest.raises(
        UserError, match=r"'http://a/good' in .*joined has the file .* a link out of .*joined"
    ):
        merge([tmp_path / "part"], tmp_path / "joined", Tombstones(tmp_path / "none"))
    assert tree(tmp_path) == before


@pytest.mark.parametrize("file", HOSTILE)
@pytest.mark.parametrize("into", [into_log, into_table])
def test_forgetting_refuses_a_store_whose_record_leads_out(
    tmp_path: Path, home: Path, file: str, into: Into
) -> None:
    good = store_at(tmp_path / "store", home)
    into(tmp_path / "store", good, hostile(good, file, home))
    (tmp_path / "store/.session").write_text("another run of the machine")
    before = tree(tmp_path)
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    with pytest.raises(UserError, match=REFUSAL):
        forget(tombstones, tmp_path / "store", tmp_path / "raw", [], ["evil", "a"], [])
    assert tree(tmp_path) == before
    with pytest.raises(UserError, match=REFUSAL):
        Store(tmp_path / "store", tombstones)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("file", [file for file in HOSTILE if file != LINK])
def test_forgetting_refuses_an_outcome_whose_record_leads_out(tmp_path: Path, home: Path, file: str) -> None:
    good = store_at(tmp_path / "store", home)
    store_at(tmp_path / "raw", home)
    found = {"title": "", "query": "", "provider": "demo", "rank": 1}
    sizes = {"declared_width": None, "declared_height": None}
    bad = RawImage(**found, **sizes, **hostile(good, file, home).model_dump(exclude={"product"}))
    write_records(tmp_path / "raw" / RECORDS, [bad], RawImage)
    before = tree(tmp_path)
    with pytest.raises(UserError, match=REFUSAL):
        forget(Tombstones(tmp_path / "t.jsonl"), tmp_path / "store", tmp_path / "raw", [], [], [good.sha256])
    assert tree(tmp_path) == before


def test_an_image_that_dvc_made_a_link_is_forgotten_and_what_it_links_to_stays(
    tmp_path: Path, home: Path
) -> None:
    good = store_at(tmp_path / "store", home)
    store_at(tmp_path / "raw", home)
    found = {"title": "", "query": "", "provider": "demo", "rank": 1}
    sizes = {"declared_width": None, "declared_height": None}
    facts = hostile(good, LINK, home).model_dump(exclude={"product"}) | {"sha256": sha256(THESIS).hexdigest()}
    linked = RawImage(**found, **sizes, **facts)
    write_records(tmp_path / "raw" / RECORDS, [linked], RawImage)
    tombstones = Tombstones(tmp_path / "t.jsonl")
    with pytest.raises(UserError, match=r"raw holds .*, which is not part of the outcome of a crawl"):
        forget(tombstones, tmp_path / "store", tmp_path / "raw", [], [], [linked.sha256])
    ours = {tmp_path / "raw" / name for name in (LINK, RECORDS)}
    for path in {one for one in (tmp_path / "raw").rglob("*") if one.is_file() or one.is_symlink()} - ours:
        path.unlink()
    forget(tombstones, tmp_path / "store", tmp_path / "raw", [], [], [linked.sha256])
    assert not (tmp_path / "raw" / LINK).is_symlink()
    assert (home / "thesis.txt").read_bytes() == THESIS


def test_leftovers_behind_a_link_out_of_the_store_stay(tmp_path: Path, home: Path) -> None:
    store_at(tmp_path / "store", home)
    half = f".{'a' * 64}.jpg.1"
    (tmp_path / "store/images/aa" / half).touch()
    with Store(tmp_path / "store", Tombstones(tmp_path / "none")):
        pass
    assert not (tmp_path / "store/images/aa" / half).exists()
    assert (home / ".settings").read_bytes() == THESIS


def test_a_store_behind_a_link_is_joined_and_forgotten_as_any(tmp_path: Path, home: Path) -> None:
    good = store_at(tmp_path / "disk", home)
    (tmp_path / "part").symlink_to("disk")
    (tmp_path / "big").mkdir()
    (tmp_path / "joined").symlink_to("big")
    tombstones = Tombstones(tmp_path / "t.jsonl")
    assert merge([tmp_path / "part"], tmp_path / "joined", tombstones)["images new"] == 1
    assert (tmp_path / "big" / good.file).read_bytes() == JPEG
    assert forget(tombstones, tmp_path / "joined", tmp_path / "raw", [], ["a"], []).stored == 1
    assert not (tmp_path / "big" / good.file).exists()
    assert images_of(tmp_path / "joined") == {}


def test_the_command_refuses_in_one_line_with_the_record_and_its_value(
    tmp_path: Path, home: Path, command: Callable[..., Any]
) -> None:
    good = store_at(tmp_path / "part", home)
    into_log(tmp_path / "part", good, hostile(good, "../home/thesis.txt", home))
    places = ("--store", tmp_path / "joined", "--tombstones", tmp_path / "t")
    ended = command("merge", tmp_path / "part", *places)
    assert ended.status == 1
    assert ended.errors.count("\n") == 1
    assert "error: the record of 'http://evil/1'" in ended.errors
    assert "'../home/thesis.txt', which is not a path below" in ended.errors
    assert (home / "thesis.txt").read_bytes() == THESIS
