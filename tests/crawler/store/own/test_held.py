"""A folder that was never a store is left alone."""

from pathlib import Path

import pytest

from crawler.store.own.held import held_store
from crawler.store.store import Store
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.storage.locks import LOCK


@pytest.mark.parametrize(
    "name", ["notes.txt", "calls.json", ".session", "images/2020/.picasa.ini", "fetched.jsonl"]
)
def test_a_folder_of_the_user_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text("of the user")
    with pytest.raises(UserError, match="is not the store of a crawl"), held_store(tmp_path / "mine"):
        pytest.fail("held")
    assert path.read_text() == "of the user"
    assert not (tmp_path / "mine" / LOCK).exists()


def test_a_missing_an_empty_and_a_former_store_are_taken(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            held_store(tmp_path / "store"),
            Store(tmp_path / "store", Tombstones(tmp_path / "tombstones.jsonl")),
        ):
            pass
    (tmp_path / "empty").mkdir()
    with held_store(tmp_path / "empty"):
        pass


def test_only_half_written_files_of_a_crawl_are_removed(tmp_path: Path) -> None:
    ours = [f"images/ab/.{'ab' * 32}.jpg.7", ".fetched.parquet.x1_y2"]
    others = [
        "images/vacation/.nomedia",
        "images/ab/.picasa.ini",
        ".fetched.notes.txt",
        f"images/vacation/{'a' * 64}.jpg",
    ]
    for name in ours + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    with Store(tmp_path, Tombstones(tmp_path / "tombstones.jsonl")) as store:
        store.remove_nameless()
    assert [name for name in ours if (tmp_path / name).exists()] == []
    assert [name for name in others if not (tmp_path / name).exists()] == []
