import csv
import math

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from train.record.log import TAGS, History, Row, read_rows, rows_of, write_rows


def board(folder) -> EventAccumulator:
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def steps(folder, tag) -> list[int]:
    return [event.step for event in board(folder).Scalars(tag)]


def test_a_row_comes_back_from_its_cells(row):
    one = row(12.0, skipped_steps=123_456_789, alarms="stddev skipped", sample_stddev=math.inf)
    assert Row.of(one.cells()) == one


def test_rows_of_a_former_version_have_no_value_in_newer_columns(tmp_path, row):
    cells = row(1.0).cells()
    for name in ("score_gap", "sample_stddev", "s_per_kimg", "alarms"):
        del cells[name]
    with (tmp_path / "training.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, cells)
        writer.writeheader()
        writer.writerow(cells)
    (read,) = History(tmp_path, 1000).rows
    assert read.score_real == 1.0
    assert math.isnan(read.score_gap)
    assert read.alarms == ""


def test_each_row_is_in_the_file_and_on_the_board_at_once(tmp_path, row):
    history = History(tmp_path, 0)
    history.add(row(0.5, critic_loss=-2.5), {"gradients/critic/8px": 0.25})
    with (tmp_path / "training.csv").open(newline="") as file:
        (cells,) = csv.DictReader(file)
    assert Row.of(cells) == row(0.5, critic_loss=-2.5)
    events = board(tmp_path)
    assert set(events.Tags()["scalars"]) == {*TAGS.values(), "gradients/critic/8px"}
    (loss,) = events.Scalars("loss/critic")
    assert (loss.step, loss.value) == (500, -2.5)
    assert events.Scalars("gradients/critic/8px")[0].value == 0.25
    history.close()


def test_a_resumed_run_has_no_row_twice_and_loses_none(tmp_path, row):
    """Killed after its third row, with a checkpoint at the second."""
    first = History(tmp_path, 0)
    for kimg in (0.1, 0.2, 0.3):
        first.add(row(kimg, critic_loss=1.0), {})
        first.show("samples", np.zeros((4, 4, 3), np.uint8), round(kimg * 1000))
    first.close()
    second = History(tmp_path, 200)
    assert [one.kimg for one in second.rows] == [0.1, 0.2]
    for kimg in (0.3, 0.4):
        second.add(row(kimg, critic_loss=2.0), {})
        second.show("samples", np.zeros((4, 4, 3), np.uint8), round(kimg * 1000))
    second.close()
    assert steps(tmp_path, "loss/critic") == [100, 200, 300, 400]
    assert [event.value for event in board(tmp_path).Scalars("loss/critic")] == [1.0, 1.0, 2.0, 2.0]
    assert [event.step for event in board(tmp_path).Images("samples")] == [100, 200, 300, 400]


@pytest.mark.parametrize("ahead_s", [0, 3600])
def test_a_run_that_goes_on_by_a_clock_behind_hides_none_of_its_rows(tmp_path, row, monkeypatch, ahead_s):
    """In one second, the processes' numbers sort as text: 1000 before 999."""
    for turn, (process, start) in enumerate([(999, 0), (1000, 100), (1001, 200)]):
        monkeypatch.setattr("os.getpid", lambda process=process: process)
        clock = 1_800_000_000 - turn * ahead_s
        monkeypatch.setattr("time.time", lambda clock=clock: clock)
        history = History(tmp_path, start)
        for kimg in (start / 1000 + 0.1, start / 1000 + 0.2):
            history.add(row(kimg, critic_loss=turn), {})
        history.close()
    assert steps(tmp_path, "loss/critic") == [100, 200, 300, 400]
    assert [event.value for event in board(tmp_path).Scalars("loss/critic")] == [0, 1, 2, 2]


def test_a_run_killed_before_its_first_checkpoint_begins_again_without_traces(tmp_path, row):
    for _ in range(2):
        history = History(tmp_path, 0)
        history.show("samples", np.zeros((4, 4, 3), np.uint8), 0)
        history.add(row(0.1), {})
        history.close()
    assert steps(tmp_path, "schedule/lod") == [100]
    assert [event.step for event in board(tmp_path).Images("samples")] == [0]
    assert len((tmp_path / "training.csv").read_text().splitlines()) == 2


def test_a_changed_row_is_left_out_and_told(tmp_path, row, caplog):
    history = History(tmp_path, 0)
    for kimg in (0.1, 0.2, 0.3):
        history.add(row(kimg, critic_loss=1.5), {})
    history.close()
    path = tmp_path / "training.csv"
    whole = path.read_text()
    assert [one.kimg for one in read_rows(path)] == [0.1, 0.2, 0.3]
    lines = whole.splitlines(keepends=True)
    for changed in (lines[2].replace("1.5", "1.4"), lines[2][:9] + "\n", lines[2].replace("1.5", "x")):
        path.write_text("".join([*lines[:2], changed, lines[3]]))
        caplog.clear()
        assert [one.kimg for one in read_rows(path)] == [0.1, 0.3]
        assert "1 of 3 rows are not what was written, and are left out" in caplog.text


@pytest.mark.parametrize("damage", [b"\xff", b'"', b"\0", b",", b"\n", b"\r", b"9", b"\xef"])
def test_damage_to_a_line_loses_no_other_row(tmp_path, row, damage):
    path, rows = tmp_path / "training.csv", [row(kimg, critic_loss=1.5) for kimg in (0.1, 0.2, 0.3)]
    write_rows(path, rows, checks=True)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        path.write_bytes(b"".join([*lines[:number], line[:9] + damage + line[10:], *lines[number + 1 :]]))
        assert [row for row in rows_of(path) if row] == [row for row in rows if row != (None, *rows)[number]]
        assert None in rows_of(path)


def test_what_is_no_log_has_no_rows(tmp_path):
    for content in (b"kimg\n\xff\xfe\n", bytes(99), b"\xff\n", b"\n"):
        (tmp_path / "training.csv").write_bytes(content)
        assert set(rows_of(tmp_path / "training.csv")) == {None}
    (tmp_path / "training.csv").write_bytes(b"")
    assert rows_of(tmp_path / "training.csv") == rows_of(tmp_path / "nowhere") == []


def test_what_the_file_has_lost_comes_back_from_the_checkpoint(tmp_path, row, caplog):
    first = History(tmp_path, 0)
    for kimg in (0.1, 0.2, 0.3):
        first.add(row(kimg), {})
    first.close()
    path, saved = tmp_path / "training.csv", first.text()
    whole = path.read_bytes()
    for damaged in (
        whole.replace(b"0.2,", b"0.7,"),
        whole.replace(b"kimg", b"\xffimg"),
        bytes(len(whole)),
        b"",
    ):
        path.write_bytes(damaged)
        caplog.clear()
        History(tmp_path, 300, saved).close()
        assert path.read_bytes() == whole
        assert "come back from the checkpoint" in caplog.text
    path.unlink()
    History(tmp_path, 200, saved).close()
    assert [row.kimg for row in read_rows(path)] == [0.1, 0.2]


def test_an_intact_file_is_left_as_it_is(tmp_path, row, caplog):
    history = History(tmp_path, 0)
    for kimg in (0.1, 0.2):
        history.add(row(kimg), {})
    history.close()
    History(tmp_path, 100, history.text()).close()
    assert len(read_rows(tmp_path / "training.csv")) == 2
    assert not caplog.text


def test_the_rows_that_are_handed_out_have_no_check(tmp_path, row):
    write_rows(tmp_path / "out.csv", [row(0.1)])
    assert "check" not in (tmp_path / "out.csv").read_text()
