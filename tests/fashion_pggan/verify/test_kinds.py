"""Every file of every kind is read as a whole: no damage to any of them passes."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.damage import flip
from crawler.lines import line_of
from fashion_pggan.command.line import call
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.storage.proof.listing import listed
from fashion_pggan.storage.shards import ShardWriter, levels_up_to
from fashion_pggan.storage.targets import Kind, replace_target
from tests.fashion_pggan.verify.conftest import files_of, named, said

IN_GIT = {"dvc.yaml", "config"}  # git tells what has changed in them
MANIFESTS = {
    "dvc.lock",
    ".fashion-pggan.json",
    ".files.json",
    "records.parquet",
    "fetched.parquet",
    "fetched.jsonl",
    "index.json",
    "00000000.json",  # of a pack of levels
    "hashes.json",  # of descriptors
}


def written(place: Path) -> list[Path]:
    """What the program wrote below a place."""
    return [path for path in files_of(place) if path.name not in IN_GIT]


def is_manifest(path: Path) -> bool:
    """Whether a file says what others should be."""
    return path.name in MANIFESTS or path.name.endswith(".dir")


def flip_middle(path: Path) -> None:
    """Flip a bit in the middle of a file."""
    flip(path, 8 * (path.stat().st_size // 2) + 1)


def test_what_is_whole_is_called_so_with_how_much_was_checked(repository, capsys):
    told = said(capsys, str(repository), status=0)
    assert told.endswith(f"all is whole: {len(written(repository))} files\n")
    assert "outputs of evaluate" in told
    assert "none here" not in told


def test_a_bit_flipped_in_any_file_is_named(repository):
    files = [path for path in written(repository) if not is_manifest(path)]
    for path in files:
        flip_middle(path)
    assert set(files) - named(repository) == set()


@pytest.mark.parametrize("inside", [False, True])
def test_any_file_that_is_gone_is_named(repository, inside):
    files = [
        path for path in written(repository) if not is_manifest(path) and (".dvc" in path.parts) == inside
    ]
    for path in files:
        path.unlink()
    assert set(files) - named(repository) == set()


def test_any_file_of_zeros_is_named(repository):
    files = [path for path in written(repository) if not is_manifest(path)]
    for path in files:
        path.write_bytes(bytes(path.stat().st_size))
    assert set(files) - named(repository) == set()


def test_any_file_that_nobody_wrote_is_named(repository):
    folders = [repository / name for name in ("data/raw/images", "data/curated", "models", "data/generated")]
    for folder in folders:
        (folder / "foreign.txt").write_text("mine")
    assert named(repository) == {folder / "foreign.txt" for folder in folders}


def test_a_bit_flipped_in_any_manifest_is_named_without_dvc_too(project):
    manifests = {path for path in written(project) if is_manifest(path)}
    assert {path.name for path in manifests} == MANIFESTS - {"dvc.lock"}
    for path in manifests:
        flip_middle(path)
    assert manifests - named(project) == set()


@pytest.mark.parametrize("lists", [False, True])
def test_any_manifest_that_is_gone_is_named_without_dvc_too(project, lists):
    """Lists name the other manifests; they themselves are known to belong there."""
    gone = {path for path in written(project) if is_manifest(path) and (path.name == ".files.json") == lists}
    for path in gone:
        path.unlink()
    assert gone - named(project) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("data/curated/manifest.parquet", "data/curated/measures.parquet"),
        ("models/snapshots/1.safetensors", "models/snapshots/2.safetensors"),
        ("models/grids/1.png", "models/grids/2.png"),
        ("runs/train/1/snapshots/1.safetensors", "runs/train/1/snapshots/2.safetensors"),
        ("runs/train/1/grids/1.png", "runs/train/1/latest.png"),
        ("data/curated/.fashion-pggan.json", "models/.fashion-pggan.json"),
        ("data/raw/records.parquet", "runs/crawl/fetched.parquet"),
    ],
)
def test_files_that_are_whole_and_stand_in_each_others_place_are_named(project, one, other):
    first, second, apart = project / one, project / other, project / "apart"
    first.rename(apart)
    second.rename(first)
    apart.rename(second)
    assert first in named(project) or is_manifest(first)
    assert named(project)


def test_a_former_version_of_a_whole_output_is_named(repository):
    """All hashes in it agree; only dvc.lock knows that it is another one."""
    shutil.rmtree(repository / "data/curated")
    with replace_target(repository / "data/curated", Kind("a dataset")) as folder:
        writer = ShardWriter(folder, 8, 4)
        writer.add({side: np.zeros((side, side, 3), np.uint8) for side in levels_up_to(8)})
        writer.finish()
    found = named(repository)
    assert repository / "data/curated/index.json" in found
    assert repository / "data/curated/manifest.parquet" in found


def test_a_figure_that_somebody_changed_in_a_report_is_named_with_how_to_keep_it(repository, capsys):
    report = repository / "reports/evaluation.json"
    report.write_text(report.read_text().replace("figure", "figurE"))
    told = said(capsys, str(repository), status=1)
    assert f"    {report}: it is not what dvc.lock says: damaged, edited, or written without dvc" in told
    assert "to keep what is there (edited on purpose, or written by the stage without dvc repro), run" in told
    assert told.endswith("files are damaged, missing or foreign: see above\n")


@pytest.mark.parametrize("cached", [False, True])
def test_an_output_that_was_not_fetched_yet_is_named_with_what_brings_it_back(repository, capsys, cached):
    shutil.rmtree(repository / "models")
    if not cached:
        shutil.rmtree(repository / ".dvc/cache")
    told = said(capsys, str(repository), status=1)
    ways = (
        "DVC's cache does not have it either: run dvc pull if there is a remote, or dvc repro train",
        "dvc checkout models brings it back from DVC's cache",
    )
    assert f"{repository / 'models'}: it is missing; {ways[cached]}\n" in told


def test_what_a_person_removed_from_a_run_can_be_accepted(project, capsys):
    grid = project / "runs/train/1/grids/1.png"
    grid.unlink()
    said(capsys, str(project), status=1)
    call("verify", str(project), "--accept-missing")
    assert capsys.readouterr().err == f"taken off {project / 'runs/train/1/.files.json'}: grids/1.png\n"
    said(capsys, str(project), status=0)


def test_a_damaged_list_cannot_be_accepted(project):
    (project / "runs/train/1/.files.json").write_text("{}")
    with pytest.raises(UserError, match=r"\.files\.json is damaged .* a new list begins"):
        call("verify", str(project), "--accept-missing")


def test_what_cannot_be_checked_is_named(repository, capsys):
    (repository / "reports/by_hand.json").write_text("{}")
    told = said(capsys, str(repository), status=0)
    assert f"not checked: {repository / 'reports/by_hand.json'}: dvc.lock does not name it" in told
    assert told.endswith("; 1 could not be checked, see above\n")


def test_a_folder_that_a_killed_command_left_is_checked_as_far_as_its_files_allow(project, capsys):
    run = project / "runs/train/1"
    killed = listed(run)
    killed.__enter__()
    assert f"not checked: {run / '.files.json'}: a command" in said(capsys, str(project), status=0)
    checked = [run / name for name in ("latest.png", "latest.safetensors", "training.csv", "status.json")]
    for path in checked:
        flip_middle(path)
    assert named(project) == set(checked)
    killed.__exit__(None, None, None)


@pytest.mark.parametrize("name", ["data/raw", "data/curated", "models", "data/generated"])
def test_an_output_is_checked_alone_by_its_mark_and_by_dvc(repository, capsys, name):
    told = said(capsys, str(repository / name), status=0)
    assert "outputs of " in told
    path = next(path for path in written(repository / name) if not is_manifest(path))
    path.unlink()
    assert path in named(repository / name)


@pytest.mark.parametrize("name", ["runs/crawl", "runs/curate", "runs/train/1", "runs/evaluate"])
def test_what_runs_keep_is_checked_alone(project, name):
    assert named(project / name) == set()
    path = next(path for path in written(project / name) if not is_manifest(path))
    flip_middle(path)
    assert path in named(project / name)


@pytest.mark.parametrize("pattern", ["*.png", "snapshots/*.safetensors", "checkpoint-*.pt"])
def test_a_file_that_carries_its_hash_is_checked_alone(project, capsys, pattern):
    [path, *_] = (project / "runs/train/1").glob(pattern)
    said(capsys, str(path), status=0)
    flip_middle(path)
    said(capsys, str(path), status=1)


def test_a_place_with_nothing_to_check_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for place, wrong in (
        (tmp_path / "absent", "is missing: give a place that is there"),
        (tmp_path, "holds nothing that says what was written there"),
        (tmp_path / "notes.txt", "carries no checksum that could be verified"),
    ):
        with pytest.raises(ArgumentError, match=wrong):
            call("verify", str(place))


def test_a_repository_in_which_no_stage_has_run_is_no_whole_one(tmp_path, capsys):
    (tmp_path / "dvc.yaml").write_text("stages: {}")
    (tmp_path / ".dvc").mkdir()
    with pytest.raises(ArgumentError, match="holds nothing that could be checked: run the stages first"):
        call("verify", str(tmp_path))


def test_json_says_the_same_to_programs(repository, capsys):
    gone = repository / "models/grids/1.png"
    gone.unlink()
    told = json.loads(said(capsys, str(repository), "--json", status=1))
    assert told["whole"] is False
    [kind] = [kind for kind in told["kinds"] if kind["kind"] == "outputs of train"]
    assert kind["damaged"] == [{"file": str(gone), "fault": "it is missing"}]
    assert kind["unchecked"] == []
    assert kind["repair"].startswith("delete damaged files")
    assert sum(kind["files"] for kind in told["kinds"]) > 90


@pytest.mark.parametrize("name", ["fetched.jsonl", "plan-1.jsonl", "calls.json"])
def test_a_line_with_another_checksum_is_named(project, capsys, name):
    line = line_of({"file": "images/ab/x", "url": "http://shop.example/u", "sha256": "0" * 64})
    (project / "runs/crawl" / name).write_bytes(line.replace(b"shop", b"shot"))
    with listed(project / "runs/crawl", apart=("images",)):  # the list agrees
        pass
    assert f"runs/crawl/{name}: 1 of its lines cannot be read" in said(capsys, str(project), status=1)


def test_a_line_of_the_log_is_checked_too(project, capsys):
    line = {"file": "images/ab/missing", "url": "u", "sha256": "0" * 64}
    (project / "runs/crawl/fetched.jsonl").write_text(json.dumps(line) + "\n{torn")
    with listed(project / "runs/crawl", apart=("images",)):
        pass
    told = said(capsys, str(project), status=1)
    assert "images/ab/missing" in told
    assert "1 of its lines cannot be read" in told


@pytest.mark.slow
@pytest.mark.parametrize("harm", [flip_middle, Path.unlink, lambda path: os.truncate(path, 1)])
def test_damage_to_one_file_alone_is_named(repository, harm):
    for path in written(repository):
        data = path.read_bytes()
        harm(path)
        assert path in named(repository), path
        path.write_bytes(data)
    assert named(repository) == set()


def test_the_name_of_a_file_stays_on_its_line(repository, capsys):
    (repository / "data/curated/a\nall is whole: 9 files\x1b[2J").touch()
    told = said(capsys, str(repository), status=1)
    assert r"data/curated/a\nall is whole: 9 files\x1b[2J: " in told
    assert "\nall is whole" not in told
