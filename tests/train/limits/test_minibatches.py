from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params, parse_params
from fashion_pggan.params.preset import preset_text
from train.limits.minibatches import check_schedule

REPOSITORY = Path(__file__).parents[3]
PHOTOS = load_params(REPOSITORY / "presets" / "photos.yaml").train


@pytest.mark.parametrize(
    ("update", "devices", "names"),
    [
        ({"initial_resolution": 64}, 1, "train.initial_resolution 64 is above the dataset's 32 px"),
        ({"initial_resolution": 6}, 1, "train.initial_resolution 6 is not a power of two"),
        ({"minibatch": {8: 6}}, 1, "train.minibatch at 8 px gives 6 images per process"),
        (
            {"minibatch": {4: 16, 7: 3}},
            1,
            "train.minibatch names 7 px, but levels are powers of two: give 4, 8, 16",
        ),
        ({"learning_rate": {96: 0.1}}, 1, "train.learning_rate names 96 px"),
        ({"minibatch": {}, "minibatch_base": 2}, 4, "smaller than the number of processes, 4"),
    ],
)
def test_a_schedule_that_would_fail_later_is_refused_at_the_start(update, devices, names):
    with pytest.raises(UserError, match=names):
        check_schedule(32, devices, PHOTOS.model_copy(update=update))


def test_parts_of_a_minibatch_that_do_not_fit_its_groups_are_refused(params):
    for part in (3, 6):
        with pytest.raises(
            UserError, match=rf"train\.microbatch {part} at 8 px does not divide the 8 images"
        ):
            check_schedule(16, 1, params.model_copy(update={"microbatch": {8: part}}))
    check_schedule(16, 1, params.model_copy(update={"microbatch": {8: 4, 16: 16}}))


def test_the_demo_and_all_presets_have_schedules_that_fit():
    presets = REPOSITORY / "presets"
    texts = [preset_text(presets, path.stem) for path in sorted(presets.glob("*.yaml"))]
    for text in [(REPOSITORY / "params.yaml").read_text(), *texts]:
        params = parse_params(text, "a preset")
        check_schedule(params.curate.resolution, 1, params.train)
