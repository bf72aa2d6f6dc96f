"""Processes of this machine: results in order, and a death loses one item."""

import os
from pathlib import Path

import pytest

from curate.known.examine import examine_all
from curate.pixels.failure import Failure
from curate.workers.local import in_workers, locally


@pytest.mark.parametrize("deadly", [0, 4, 11])
def test_the_death_of_a_worker_loses_one_item(tmp_path, deadly):
    """A named pipe without a writer blocks its reader until the time limit ends the worker."""
    paths = [tmp_path / f"{place}" for place in range(20)]
    for path in paths:
        path.write_bytes(path.name.encode())
    os.mkfifo(tmp_path / "stuck")
    paths.insert(deadly, tmp_path / "stuck")
    read = list(in_workers(Path.read_bytes, paths, workers=2, limit_s=1))
    assert read == [None if path.name == "stuck" else path.name.encode() for path in paths]


def test_the_death_of_a_worker_loses_its_image_alone(wild, tmp_path, params):
    os.mkfifo(tmp_path / "stuck.png")
    paths = [wild / "0.png", tmp_path / "stuck.png", *(wild / f"{seed}.png" for seed in range(1, 4))]
    results = list(examine_all(paths, params, locally(1), limit_s=2))
    assert [result.facts["failure"] for result in results] == ["", Failure.DECODER_DIED, "", "", ""]
    assert [result.levels is None for result in results] == [False, True, False, False, False]
