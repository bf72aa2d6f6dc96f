from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from train.saved.kept import check_kept, lost_from, names_in, names_of

NAMES = ["000000.000.safetensors", "000000.200.safetensors", "000000.400.safetensors"]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "snapshots").mkdir()
    for name in (*NAMES, ".000000.600.safetensors.part", "notes.txt"):
        (tmp_path / "snapshots" / name).touch()
    return tmp_path


def test_a_lost_snapshot_is_named_up_to_the_runs_position_alone(folder):
    assert names_in(folder) == set(NAMES)
    written = [*NAMES, "000000.600.safetensors"]
    (folder / "snapshots" / NAMES[1]).unlink()
    assert lost_from(folder, written, 400) == [NAMES[1]]
    assert lost_from(folder, written, 199) == []
    assert lost_from(folder, written, 600) == [NAMES[1], "000000.600.safetensors"]


def test_a_gap_is_refused_with_what_brings_the_snapshots_back(folder):
    check_kept(folder, [], Path("models"))
    with pytest.raises(
        UserError, match=rf"lost {NAMES[1]}, .* copy from models/snapshots \(dvc checkout models"
    ):
        check_kept(folder, [NAMES[1]], Path("models"))


def test_a_former_checkpoint_says_nothing_and_a_damaged_one_is_refused():
    assert names_of({}) == set()
    assert names_of({"snapshots": NAMES}) == set(NAMES)
    for said in ("x", [1]):
        with pytest.raises(TypeError):
            names_of({"snapshots": said})
