"""What makes two runs the same run, on a copy of the program that may be changed."""

import ast
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fashion_pggan import program
from fashion_pggan.params import TrainParams
from train.lineage import identity
from train.lineage.chosen_images import Part
from train.lineage.identity import ADAPTING, CLASSES, COMPUTING, differences, identity_of, others, worded
from train.processes.ranks import Ranks

REPOSITORY = Path(__file__).parents[3]
DATASET = SimpleNamespace(version="d")
ALONE = Ranks(0, 1, torch.device("cpu"))
# What the folders that decide the numbers import beside each other, and why it is no part of the identity
BESIDE = {
    "fashion_pggan.cores": "a distance is the same with any number of workers",
    "fashion_pggan.errors": "stops a run",
    "fashion_pggan.params": "its values are in the identity",
    "fashion_pggan.storage.shards": "gives the bytes that the dataset's version names",
    "train.processes.ranks": "says who is who, and copies",
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for folder in ("train", "fashion_pggan"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=ignored)
    monkeypatch.setattr(program, "REPOSITORY", tmp_path)
    yield tmp_path
    program._content_of.cache_clear()


@pytest.fixture
def identities(params):
    """Of a fixed and of an adaptive run."""

    def make():
        program._content_of.cache_clear()
        return [
            identity_of(params.model_copy(update={"schedule": schedule}), DATASET, ALONE)
            for schedule in ("fixed", "adaptive")
        ]

    return make


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def modules_of(folders: tuple[str, ...], root: Path = REPOSITORY) -> list[Path]:
    found = [path for folder in folders for path in root.joinpath(*folder.split(".")).rglob("*.py")]
    assert len(found) > len(folders)
    return found


def test_a_comment_or_a_docstring_in_any_module_leaves_the_identity(tree, identities):
    before = identities()
    for path in modules_of((*COMPUTING, *ADAPTING), tree):
        text = path.read_text()
        start = ast.parse(text).body[0].end_lineno
        rest = "\n".join(text.splitlines()[start:])
        path.write_text(f'"""Another docstring."""\n\n# a remark\n{rest}\n\n')
    assert identities() == before


def test_a_number_of_the_adaptive_schedule_changes_the_runs_that_use_it_alone(tree, identities):
    fixed, adaptive = identities()
    replace(tree / "train/adaptive/plateau.py", "SHORTEST_FADE = 0.25", "SHORTEST_FADE = 0.5")
    assert identities()[0] == fixed
    assert identities()[1]["program"] != adaptive["program"]


def test_a_number_of_the_distance_changes_the_runs_that_measure_it_alone(tree, identities):
    fixed, adaptive = identities()
    replace(tree / "fashion_pggan/distance/in_memory.py", "PATCHES = 128", "PATCHES = 64")
    assert identities()[0] == fixed
    assert identities()[1]["program"] != adaptive["program"]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("train/step/augment.py", "SHIFT = 1 / 8", "SHIFT = 1 / 4"),
        ("train/model/layers.py", "LEAK = 0.2", "LEAK = 0.1"),
        ("train/growth/schedule.py", "doublings_between(params.initial_resolution, final_resolution)", "9"),
    ],
)
def test_a_number_of_the_step_the_networks_or_the_schedule_changes_every_run(
    tree, identities, file, before, after
):
    was = identities()
    replace(tree / file, before, after)
    for one, other in zip(identities(), was, strict=True):
        assert one["program"] != other["program"]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("train/record/alarms.py", "NEEDED = 10", "NEEDED = 20"),
        ("train/saved/checkpoint.py", "KEPT = 3", "KEPT = 5"),
        ("train/machine/graphs.py", "WARM_UPS = 3", "WARM_UPS = 4"),
        ("train/limits/memory.py", "6  # vectors", "7  # vectors"),
    ],
)
def test_what_only_looks_keeps_or_refuses_changes_no_run(tree, identities, file, before, after):
    was = identities()
    replace(tree / file, before, after)
    assert identities() == was


@pytest.mark.parametrize("folders", [COMPUTING, (*COMPUTING, *ADAPTING)], ids=["fixed", "adaptive"])
def test_the_folders_import_nothing_beside_that_could_change_a_number(folders):
    imported = {
        node.module
        for path in modules_of(folders)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    ours = {name for name in imported if name.split(".")[0] in ("fashion_pggan", "train")}
    beside = {name for name in ours if not any(f"{name}.".startswith(f"{folder}.") for folder in folders)}
    assert beside <= BESIDE.keys()


def test_a_change_of_what_is_written_is_the_same_run_and_another_dataset_is_not(params, identities):
    changed = params.model_copy(update={"total_kimg": 9.0, "log_kimg": 3.0, "alarm_penalty": 9.0})
    assert identity_of(changed, DATASET, ALONE) == identities()[0]
    assert identity_of(params, SimpleNamespace(version="e"), ALONE) != identities()[0]
    assert identity_of(params, DATASET, Ranks(0, 2, ALONE.device)) != identities()[0]


def test_which_images_are_shown_is_part_of_the_run(params, dataset):
    assert "chosen_images" not in identity_of(params, dataset, ALONE)
    chosen = (np.array([0, 1, 2]), np.array([0, 1, 3]))
    parts = [identity_of(params, Part(dataset, indices), ALONE) for indices in chosen]
    assert parts[0] != parts[1]
    assert differences(*parts).keys() == {"chosen_images"}


def test_every_parameter_says_what_a_run_is_once_it_has_changed():
    assert CLASSES.keys() == TrainParams.model_fields.keys()


def test_a_parameter_without_such_a_word_is_refused(monkeypatch):
    class Wider(TrainParams):
        unsorted: int = 0

    monkeypatch.setattr(identity, "TrainParams", Wider)
    with pytest.raises(StopIteration):
        identity.when_changed()


def test_former_runs_keep_their_names(params, identities):
    """What was added later counts only where it is not at its default."""
    before = identities()[0]
    assert "resume" not in before
    resumed = identity_of(params.model_copy(update={"resume": "runs/train/ab12"}), DATASET, ALONE)
    assert resumed == {**before, "resume": "ab12"}
    assert not differences(before, resumed)


def test_differences_are_named_with_both_values_and_networks_make_another_run(params, identities):
    changed = params.model_copy(update={"microbatch": {16: 4}, "fmap_max": 4})
    found = differences(identities()[0], identity_of(changed, DATASET, Ranks(0, 2, ALONE.device)))
    assert worded(found) == "train.fmap_max: 8 -> 4, train.microbatch: {} -> {16: 4}, train.processes: 1 -> 2"
    assert worded(others(found)) == "train.fmap_max: 8 -> 4"
