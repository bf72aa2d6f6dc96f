"""A run's snapshots, and what a finished run writes again."""

import shutil
from types import SimpleNamespace

import pytest

from train.damaged.damaged_states import snapshot_fault
from train.record.images.gallery import Gallery
from train.run import Run


@pytest.mark.parametrize("place", [0, -300])
def test_the_damaged_last_snapshots_of_a_finished_run_are_written_again(
    undisturbed, params, dataset, tmp_path, caplog, place
):
    """Damaged in the header, and in the weights."""
    folder = shutil.copytree(undisturbed.folder, tmp_path / "run")
    last, networks = max((folder / "snapshots").iterdir()), folder / "networks.safetensors"
    before = last.read_bytes()
    for path in (last, networks):
        data = bytearray(path.read_bytes())
        data[place] ^= 255
        path.write_bytes(data)
    Run(folder, dataset, params, undisturbed.ranks, undisturbed.git_commit).go()
    assert caplog.text.count("writing it again from the checkpoint") == 2
    assert last.read_bytes() == before
    assert not snapshot_fault(networks)


def test_a_run_stopped_between_two_looks_at_a_multiple_has_its_snapshot_at_the_next_look(undisturbed, params):
    stopped = SimpleNamespace(
        params=params.model_copy(update={"snapshot_kimg": 0.4}),
        ranks=undisturbed.ranks,
        labels={},
        looked_at=384,
        images_shown=400,
    )
    assert Gallery(stopped, None).due.passed(448)
