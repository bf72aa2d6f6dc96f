"""Stops of a small training by SIGTERM."""

from pathlib import Path

import yaml

from benchmarks.drills.pipeline import SMALL
from benchmarks.drills.stops import log_at_every_look
from fashion_pggan.params import load_params
from train.growth.schedule import phase_at

REPOSITORY = Path(__file__).parents[3]


def test_a_small_training_has_a_row_for_each_of_twenty_stops(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    sections = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    for name, values in SMALL.items():
        sections[name] |= values
    path.write_text(yaml.safe_dump(sections, allow_unicode=True))
    log_at_every_look(path)
    params = load_params(path)
    images_shown, looks = 0, list[int]()
    while images_shown < 1000 * params.train.total_kimg:
        phase = phase_at(images_shown, params.curate.resolution, 1, params.train)
        looks.append(params.train.minibatch_repeats * phase.minibatch)
        images_shown += looks[-1]
    assert params.train.log_kimg <= min(looks) / 1000
    assert len(looks) > 20
    sections["train"]["log_kimg"] = params.train.log_kimg
    assert yaml.safe_load(path.read_text()) == sections
