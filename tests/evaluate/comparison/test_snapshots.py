"""What a kept distance depends on: the folders that are hashed hold all that can change it."""

import shutil
from pathlib import Path

import grimp
import pytest

from evaluate.comparison.cache import MEASURING, Store
from evaluate.comparison.snapshots import GENERATING, SnapshotComparison
from fashion_pggan import program
from fashion_pggan.distance.work import Work

REPOSITORY = Path(__file__).parents[3]
NO_NUMBER = {  # reached by imports, and without influence on a distance
    "fashion_pggan.cores": "counts cores; no distance depends on their number",
    "fashion_pggan.images": "reads folders of files, of which nothing is kept, and writes image files",
    "fashion_pggan.errors": "defines exceptions",
    "fashion_pggan.params": "its values are in the key",
    "fashion_pggan.program": "makes the key",
    "fashion_pggan.paths": "says whether a path may be given",
    "fashion_pggan.progress": "draws progress bars",
    "fashion_pggan.verify": "reads what lies on disk, and writes nothing",
}


def reached_from(folders):
    graph = grimp.build_graph("evaluate", "fashion_pggan", "generate", "train", cache_dir=None)
    waiting = [module for folder in folders for module in graph.find_descendants(folder)]
    reached = set()
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += graph.find_modules_directly_imported_by(module)
    return reached


def lies_in(module, folder):
    return f"{module}.".startswith(f"{folder}.")


def test_every_module_that_measuring_reaches_is_hashed_or_changes_no_number():
    allowed = [*MEASURING, *GENERATING, *NO_NUMBER]
    reached = reached_from([*MEASURING, *GENERATING])
    assert {one for one in reached if not any(lies_in(one, folder) for folder in allowed)} == set()
    assert [name for name in NO_NUMBER if not any(lies_in(one, name) for one in reached)] == []


@pytest.fixture
def key_after(tmp_path, monkeypatch, dataset, params):
    """The key of a comparison after a line was added to a module of a copy of the program."""
    copy = tmp_path / "program"
    for package in ("evaluate", "fashion_pggan", "generate", "train"):
        shutil.copytree(REPOSITORY / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(program, "REPOSITORY", copy)

    def key(module=None, line=""):
        if module:
            with (copy / module).open("a") as file:
                file.write(line)
        program._content_of.cache_clear()
        return SnapshotComparison(dataset, params, mirror=True, store=Store(tmp_path), work=Work(1)).key

    yield key
    program._content_of.cache_clear()


def test_what_measures_or_generates_changes_the_key(key_after):
    modules = (
        "evaluate/comparison/compare.py",
        "evaluate/sets/sources.py",
        "fashion_pggan/distance/pyramid.py",
        "fashion_pggan/storage/shards.py",
        "generate/sampling/sampler.py",
        "train/model/networks.py",
        "train/saved/snapshot.py",
    )
    keys = [key_after(), *(key_after(module, "MORE = 1\n") for module in modules)]
    assert len(set(keys)) == len(keys)


def test_comments_the_report_tables_and_the_training_loop_change_no_key(key_after):
    before = key_after()
    for module, line in (
        ("evaluate/comparison/compare.py", "# a comment\n"),
        ("evaluate/stage.py", "MORE = 1\n"),
        ("evaluate/report/page.py", "MORE = 1\n"),
        ("evaluate/report/report.css", "p { color: red }\n"),
        ("evaluate/results/table.py", "MORE = 1\n"),
        ("evaluate/results/notes.py", "MORE = 1\n"),
        ("evaluate/measures/ms_ssim.py", "MORE = 1\n"),
        ("generate/checks/selection.py", "MORE = 1\n"),
        ("generate/stage.py", "MORE = 1\n"),
        ("fashion_pggan/images/writing.py", "MORE = 1\n"),
        ("train/run.py", "MORE = 1\n"),
    ):
        assert key_after(module, line) == before, module


def test_parameters_that_change_a_distance_change_the_key_and_others_do_not(tmp_path, dataset, params):
    def key(**changes):
        changed = params.model_copy(update=changes)
        return SnapshotComparison(dataset, changed, mirror=True, store=Store(tmp_path), work=Work(1)).key

    assert key(minibatch=3, copies_images=1, variation_pairs=1) == key()
    assert len({key(seed=1), key(directions=3), key(patches_per_image=3), key(repeats=9), key()}) == 5
