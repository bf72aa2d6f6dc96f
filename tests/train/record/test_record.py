"""A whole run and what it leaves to be looked at."""

import itertools
import json
import logging
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from train import run as run_module
from train import stage
from train.processes.ranks import Ranks
from train.record import record as record_module
from train.record.log import TAGS, Row, read_rows
from train.record.running_means import RunningMeans
from train.record.status import run_status
from train.run import Run
from train.saved.snapshot import read_snapshot
from train.step.trainer import Trainer
from train.travel.place import run_directory

ALONE = Ranks(0, 1, torch.device("cpu"))
# columns that are not means since the last row, which a start in between shortens
AT_A_MOMENT = ("kimg", "lod", "resolution", "minibatch", "learning_rate", "skipped_steps", "sample_stddev")


class KilledError(Exception):
    """A run that ends in the middle, as by a kill."""


def rows_of(folder: Path) -> list[Row]:
    return read_rows(folder / "training.csv")


def board(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def train_with_kills(folder, dataset, params, monkeypatch, every=11) -> None:
    """Die before every so many looks at the schedule, and start again, until the end is reached."""
    advance, looks = Run.advance, itertools.count(1)

    def dying(self, means, stops):
        if next(looks) % every == 0:
            raise KilledError
        return advance(self, means, stops)

    monkeypatch.setattr(run_module.Run, "advance", dying)
    for _ in range(100):
        try:
            return Run(folder, dataset, params, ALONE, "commit").go()
        except KilledError:
            continue
    raise AssertionError("the run never ends")


def test_rows_hold_what_follows_from_what_was_measured(undisturbed):
    rows = rows_of(undisturbed.folder)
    assert [row.resolution for row in rows] == [4, 8, 8, 8, 16, 16, 16, 16]
    for row in rows:
        assert row.score_gap == pytest.approx(row.score_real - row.score_fake, rel=1e-4, abs=1e-4)
        assert row.s_per_kimg == pytest.approx(1000 / row.images_per_s, rel=1e-5)
        assert 0.3 < row.sample_stddev < 2
        assert row.alarms == ""


def test_the_board_has_every_column_at_every_row_with_the_files_values(undisturbed):
    events, rows = board(undisturbed.folder), rows_of(undisturbed.folder)
    for name, tag in TAGS.items():
        shown = events.Scalars(tag)
        assert [event.step for event in shown] == [round(row.kimg * 1000) for row in rows]
        values = [getattr(row, name) for row in rows]
        np.testing.assert_allclose([event.value for event in shown], values, rtol=1e-5)


def test_the_board_has_gradient_norms_of_each_level_from_when_it_is_reached(undisturbed):
    events = board(undisturbed.folder)
    for network in ("generator", "critic"):
        counts = [len(events.Scalars(f"gradients/{network}/{level}px")) for level in (4, 8, 16)]
        assert counts == [8, 7, 4]
        norms = [event.value for event in events.Scalars(f"gradients/{network}/4px")]
        assert all(math.isfinite(norm) and norm > 0 for norm in norms)


def test_the_board_has_each_snapshots_grid_and_the_runs_parameters(undisturbed, params):
    events = board(undisturbed.folder)
    names = sorted((undisturbed.folder / "grids").iterdir())
    images = events.Images("samples/snapshot")
    assert [image.step for image in images] == [round(float(path.stem) * 1000) for path in names]
    assert images[-1].encoded_image_string.startswith(b"\x89PNG")
    (text,) = events.Tensors("run/text_summary")
    said = text.tensor_proto.string_val[0].decode()
    assert f"| total_kimg | {params.total_kimg} |" in said
    assert f'| dataset_version | "{undisturbed.dataset.version}" |' in said
    assert '| git_commit | "commit" |' in said


def test_a_resumed_run_has_the_rows_of_the_undisturbed_one_and_each_once(
    tmp_path, dataset, params, undisturbed, monkeypatch
):
    often = params.model_copy(update={"checkpoint_s": 1e-9, "grid_s": 1e-9, "snapshot_s": 1e-9})
    train_with_kills(tmp_path, dataset, often, monkeypatch)
    ours, theirs = ([row.cells() for row in rows_of(folder)] for folder in (tmp_path, undisturbed.folder))
    for name in AT_A_MOMENT:
        assert [row[name] for row in ours] == [row[name] for row in theirs], name
    events = board(tmp_path)
    for tag in ("loss/critic", "samples/stddev", "gradients/critic/4px"):
        steps = [event.step for event in events.Scalars(tag)]
        assert steps == [event.step for event in board(undisturbed.folder).Scalars(tag)]
    steps = [image.step for image in events.Images("samples/latest")]
    assert steps == sorted(set(steps))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_handed_out_does_not_depend_on_kills_or_on_the_clock(tmp_path, dataset, params, monkeypatch):
    runs, commit = tmp_path / "runs-2", stage.git_commit()
    calm = params.model_copy(update={"grid_s": 1e9, "snapshot_s": 1e9, "checkpoint_s": 1e9})
    stage.run(dataset.folder, tmp_path / "calm", calm, runs=tmp_path / "runs-1", device="cpu")
    restless = params.model_copy(update={"grid_s": 1e-9, "snapshot_s": 0.01, "checkpoint_s": 1e-9})
    with monkeypatch.context() as patched:
        patched.setattr(stage, "git_commit", lambda: "commit")
        train_with_kills(run_directory(runs, restless, dataset, ALONE), dataset, restless, patched)
    monkeypatch.setattr(stage, "git_commit", lambda: commit)
    stage.run(dataset.folder, tmp_path / "restless", restless, runs=runs, device="cpu")
    ours, theirs = files_of(tmp_path / "restless"), files_of(tmp_path / "calm")
    assert ours.keys() == theirs.keys()
    assert "through_training.png" in ours
    assert "grids/000000.800.png" in ours
    for name in ours:
        if name == ".fashion-pggan.json":  # it holds the hashes of these files
            assert json.loads(ours[name])["names"] == json.loads(theirs[name])["names"]
        elif not name.endswith(".safetensors"):
            assert ours[name] == theirs[name], name
        else:
            one, other = (
                read_snapshot(tmp_path / side / name)[0].state_dict() for side in ("restless", "calm")
            )
            assert all(torch.equal(one[key], other[key]) for key in other), name


def test_the_clock_renews_the_latest_images_between_two_snapshots(tmp_path, dataset, params):
    """Without a snapshot due for a thousand kimg there is something to look at."""
    slow = params.model_copy(
        update={"snapshot_kimg": 1000.0, "snapshot_s": 1e-9, "grid_s": 1e-9, "total_kimg": 0.3}
    )
    seen = []
    renew = record_module.Gallery.renew

    def looking(self, *, ended):
        renew(self, ended=ended)
        seen.append(read_snapshot(tmp_path / "latest.safetensors")[1].kimg)
        with Image.open(tmp_path / "latest.png") as latest:
            assert latest.size == (4 * 16, 2 * 16)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record_module.Gallery, "renew", looking)
        Run(tmp_path, dataset, slow, ALONE, "commit").go()
    assert seen == [step * 16 / 1000 for step in range(1, 20)]
    assert sorted(path.stem for path in (tmp_path / "snapshots").iterdir()) == ["000000.000", "000000.304"]
    assert [image.step for image in board(tmp_path).Images("samples/latest")] == list(range(0, 305, 16))


def test_a_run_driven_into_collapse_raises_each_alarm_once_with_advice(tmp_path, dataset, params, caplog):
    absurd = params.model_copy(
        update={
            "learning_rate_base": 1.0,
            "log_kimg": 0.02,
            "alarm_after_kimg": 0.1,
            "max_skipped_steps": 10_000,
        }
    )
    with caplog.at_level(logging.WARNING):
        Run(tmp_path, dataset, absurd, ALONE, "commit").go()
    alarms = [record.message for record in caplog.records if record.message.startswith("alarm at")]
    kinds = [message.split(",")[1].split(":")[0].strip() for message in alarms]
    assert {"penalty", "score_gap", "stddev"} <= set(kinds)
    rows = rows_of(tmp_path)
    held = [set(row.alarms.split()) for row in rows]
    for kind in set(kinds):
        told = [float(text.split()[2]) for text, of in zip(alarms, kinds, strict=True) if of == kind]
        first = next(row.kimg for row, names in zip(rows, held, strict=True) if kind in names)
        assert told[0] == pytest.approx(first)
        assert len(told) < sum(kind in names for names in held), "told at each row"
    assert any("lower train.learning_rate_base" in message for message in alarms)


def test_alarms_of_steps_that_are_not_finite_are_told_once_over_all_starts(tmp_path, dataset, params, caplog):
    absurd = params.model_copy(
        update={
            "learning_rate_base": 1e30,
            "log_kimg": 0.02,
            "alarm_after_kimg": 0.1,
            "max_skipped_steps": 10_000,
            "total_kimg": 0.1,
        }
    )
    with caplog.at_level(logging.WARNING):
        Run(tmp_path, dataset, absurd, ALONE, "commit").go()
        longer = absurd.model_copy(update={"total_kimg": 0.2})
        Run(tmp_path, dataset, longer, ALONE, "commit").go()
    alarms = [record.message for record in caplog.records if record.message.startswith("alarm at")]
    assert sorted(message.split()[4] for message in alarms) == ["not_finite:", "skipped:"]
    assert run_status(tmp_path)["alarms"] == ["not_finite", "skipped"]


def test_the_words_are_explained_once_and_lines_say_how_far_it_is(
    tmp_path, dataset, params, caplog, monkeypatch
):
    monkeypatch.setattr("fashion_pggan.progress.LINE_EVERY_S", 0.0)
    with caplog.at_level(logging.INFO):
        Run(tmp_path, dataset, params, ALONE, "commit").go()
    said = [record.message for record in caplog.records]
    assert sum("kimg: thousand images" in line and "lod, level of detail" in line for line in said) == 1
    lines = [line for line in said if line.startswith("training: ")]
    fading = next(line for line in lines if "8 px fading in" in line and "left" in line)
    assert "(at least " in fading
    assert fading.endswith(" s/kimg)")
    last = next(line for line in lines if "16 px alone" in line)
    assert "lod 0.00" in last
    assert "at least" not in last
    assert "(0 s left, 0.8 kimg, 16 px alone, lod 0.00, " in lines[-1]


def test_the_status_is_that_of_the_last_row_and_checkpoint(undisturbed, params):
    standing = run_status(undisturbed.folder)
    assert standing["state"] == "finished"
    assert standing["kimg"] == standing["checkpoint_kimg"] == undisturbed.images_shown / 1000
    assert (standing["resolution"], standing["final_resolution"], standing["phase"]) == (16, 16, "alone")
    assert standing["total_kimg"] == params.total_kimg
    assert standing["snapshots"] == 5
    assert standing["remaining_s"] == 0
    assert standing["s_per_kimg"] > 0
    assert json.loads((undisturbed.folder / "status.json").read_text())["device"] == "cpu"


def test_what_a_step_measures_beyond_the_columns_is_on_the_board(tmp_path, dataset, params, monkeypatch):
    step = Trainer.step

    def richer(self, *where):
        return {**step(self, *where), "weight": torch.tensor(0.5)}

    monkeypatch.setattr(Trainer, "step", richer)
    Run(tmp_path, dataset, params.model_copy(update={"total_kimg": 0.1}), ALONE, "commit").go()
    assert [event.value for event in board(tmp_path).Scalars("measured/weight")] == [0.5]
    assert len(rows_of(tmp_path)) == 1


def test_only_the_first_process_writes(tmp_path, dataset, params, monkeypatch):
    monkeypatch.setattr("train.record.running_means.average_over", lambda vector, ranks: None)
    training = Run(tmp_path, dataset, params, Ranks(1, 2, torch.device("cpu")), "commit")
    with record_module.Record(training, 800) as record:
        record.means.add({"critic_loss": torch.ones(())}, 8)
        training.loop.images_shown = training.loop.looked_at = 800
        record.log(training.phase)
        record.snapshot()
        record.status()
        record.progress()
    assert record.means.steps == 0, "begun again as in the first process"
    assert list(tmp_path.iterdir()) == []


def test_counting_a_step_reads_no_value_from_the_device():
    """A tensor on the meta device has none to read."""
    measured = RunningMeans.empty()
    for _ in range(3):
        measured.add({"critic_loss": torch.empty((), device="meta")}, 8)
    assert (measured.steps, measured.images) == (3, 24)


def test_the_mean_of_steps_is_theirs():
    measured = RunningMeans.empty()
    for value in (1.0, 2.0, 6.0):
        measured.add({"a": torch.tensor(value), "b": torch.tensor(value, dtype=torch.bfloat16)}, 4)
    assert measured.means(ALONE) == {"a": 3.0, "b": 3.0}


def test_a_finished_run_started_again_only_says_where_it_stands(
    undisturbed, dataset, params, caplog, tmp_path
):
    folder = shutil.copytree(undisturbed.folder, tmp_path / "run")
    (folder / "status.json").unlink()
    before = files_of(folder)
    with caplog.at_level(logging.INFO):
        Run(folder, dataset, params, ALONE, "commit").go()
    after = files_of(folder)
    assert run_status(folder)["state"] == "finished"
    new = {name for name in after if after[name] != before.get(name)}
    assert {name for name in new if not name.startswith("tensorboard")} == {"status.json"}
    assert not any("kimg: thousand" in record.message for record in caplog.records)
