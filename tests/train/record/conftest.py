"""Rows of a run that goes well, to be changed in one value."""

from collections.abc import Callable

import pytest
from tensorboard.summary.writer import event_file_writer

from train.record.log import Row


@pytest.fixture(autouse=True)
def _order_of_event_files(monkeypatch) -> None:
    """TensorBoard reads files of one second and process by their number, as text: 10 before 9."""
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(1000))


@pytest.fixture
def row() -> Callable[..., Row]:
    def make(kimg: float = 1.0, **values: object) -> Row:
        healthy: dict[str, object] = {
            "lod": 0.0,
            "resolution": 16,
            "minibatch": 8,
            "learning_rate": 0.001,
            "critic_loss": -1.0,
            "generator_loss": 1.0,
            "score_real": 1.0,
            "score_fake": -1.0,
            "penalty_norm": 1.0,
            "skipped_steps": 0,
            "images_per_s": 100.0,
            "score_gap": 2.0,
            "sample_stddev": 0.9,
            "s_per_kimg": 10.0,
        }
        return Row(kimg=kimg, **{**healthy, **values})

    return make


@pytest.fixture
def rows(row) -> Callable[..., list[Row]]:
    """Twenty rows of a kimg each that are well, then `bad` more with the values given."""

    def make(bad: int = 0, **values: object) -> list[Row]:
        well = [row(float(kimg)) for kimg in range(1, 21)]
        return well + [row(float(kimg), **values) for kimg in range(21, 21 + bad)]

    return make
