"""Removing runs: all of a run goes, and nothing else does."""

import shutil

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch.utils.tensorboard import SummaryWriter

from fashion_pggan.errors import UserError
from fashion_pggan.storage.hashes import hashed_json
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.listing import LIST, listed
from train.travel.removal import remove
from train.travel.run_files import folder_of, names_below, sizes_of


def test_all_of_a_run_goes_and_the_other_runs_stay(run, runs):
    other = shutil.copytree(run, runs / "other")
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert remove(run) == size
    assert not run.exists()
    assert sorted(runs.iterdir()) == [other]


def test_what_a_kill_left_half_written_goes_too(run):
    (run / ".training.csv.0123abcd.pggan").touch()
    (run / "snapshots/.000000.080.safetensors.part").touch()
    remove(run)
    assert not run.exists()


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "snapshots/mine.safetensors", ".env", "deep/er/photo.jpg", ".photo.jpg.0123abcd.pggan"],
)
def test_a_foreign_file_is_refused_by_name_and_all_stays(run, name):
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).write_text("mine")
    before = sorted(names_below(run))
    with pytest.raises(UserError, match=rf"holds {name}, which is not part of a run: move it away, then"):
        remove(run)
    assert sorted(names_below(run)) == before


def test_links_are_not_followed(run, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/1.jpg").touch()
    (run / "linked").symlink_to(tmp_path / "photos")
    with pytest.raises(UserError, match="holds linked, which is not part of a run"):
        remove(run)
    (run / "linked").unlink()
    (run / "latest.png").unlink()
    (run / "latest.png").symlink_to(tmp_path / "photos/1.jpg")
    with pytest.raises(UserError, match=r"holds latest\.png, which is not part of a run"):
        remove(run)
    (tmp_path / "run").symlink_to(run)
    with pytest.raises(UserError, match="is a link: give the folder itself"):
        folder_of(tmp_path / "run", tmp_path)
    assert (tmp_path / "photos/1.jpg").exists()


def test_an_edited_file_stays(run):
    with (run / "training.csv").open("a") as file:
        file.write("my notes\n")
    with pytest.raises(UserError, match=r"training\.csv has changed since it was written: move it away"):
        remove(run)


def test_a_file_of_the_users_under_a_name_of_the_programs_stays(run):
    (run / "grids/000009.000.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"000009\.000\.png is not in the run's list"):
        remove(run)
    (run / LIST).unlink()
    with pytest.raises(UserError, match=r"000009\.000\.png is not what was written"):
        remove(run)


def lose_list(run):
    (run / LIST).unlink()


def open_list(run):  # as a killed training leaves it
    (run / LIST).write_text(hashed_json({"open": True, "files": {}}))


@pytest.mark.parametrize("harm", [lose_list, open_list])
def test_without_a_list_the_files_of_a_run_prove_themselves(run, harm):
    harm(run)
    assert list(run.glob("tensorboard/*"))
    assert list(run.glob("grids/*.png"))
    remove(run)
    assert not run.exists()


@pytest.mark.parametrize("harm", [lose_list, open_list])
@pytest.mark.parametrize("name", ["grids/000009.000.png", "tensorboard/events.out.tfevents.1.mine"])
def test_without_a_list_a_whole_file_of_the_users_stays(run, tmp_path, harm, name):
    if name.endswith(".png"):
        Image.new("RGB", (4, 4)).save(run / name)
    else:
        SummaryWriter(str(tmp_path / "mine")).close()
        (file,) = (tmp_path / "mine").iterdir()
        shutil.copy(file, run / name)
    harm(run)
    before = sorted(names_below(run))
    with pytest.raises(UserError, match=rf"{name} does not say that this program wrote it.*: move it away"):
        remove(run)
    assert sorted(names_below(run)) == before


def test_an_edited_grid_without_a_list_stays(run):
    (grid, *_) = sorted((run / "grids").iterdir())
    with Image.open(grid) as image:
        text = PngInfo()
        for key, value in image.text.items():
            text.add_text(key, value)
        image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(grid, pnginfo=text)
    lose_list(run)
    with pytest.raises(UserError, match=rf"{grid.name} does not say that this program wrote it"):
        remove(run)


def test_event_files_that_came_in_while_the_list_was_open_stay(run, tmp_path):
    open_list(run)
    SummaryWriter(str(tmp_path / "mine")).close()
    (file,) = (tmp_path / "mine").iterdir()
    with listed(run):
        shutil.copy(file, run / "tensorboard" / file.name)
    with pytest.raises(UserError, match=rf"{file.name} does not say that this program wrote it"):
        remove(run)


def test_a_run_that_a_process_trains_is_refused(run):
    with exclusive(run), pytest.raises(UserError, match=r"is in use by process \d+: wait for it to end"):
        remove(run)
    assert (run / "training.csv").exists()


def test_a_removal_that_was_killed_is_ended_by_the_next_one(run, runs):
    for name in names_below(run):
        if name not in ("status.json", LIST, ".lock", "training.csv"):
            (run / name).unlink()
    remove(folder_of(run.name, runs))
    assert not run.exists()


def test_sizes_are_by_kind_and_shared_bytes_are_not_freed(run):
    before = sizes_of(run)
    assert before["own"] == sum(size for kind, size in before.items() if kind != "own")
    (snapshot, *_) = (run / "snapshots").iterdir()
    (run.parent / "linked").hardlink_to(snapshot)
    (run / "others.txt").write_text("four")
    after = sizes_of(run)
    assert after["own"] == before["own"] - snapshot.stat().st_size + 4
    assert (after["snapshots"], after["others"]) == (before["snapshots"], before["others"] + 4)


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no run nowhere, neither in .* nor as a folder: give one that"):
        folder_of("nowhere", tmp_path)
    with pytest.raises(UserError, match="is not the folder of a run"):
        folder_of(tmp_path, tmp_path)
