import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_pggan.params import TrainParams, load_params, parse_params
from fashion_pggan.params.preset import preset_text
from train.growth.schedule import phase_at

REPOSITORY = Path(__file__).parents[3]
PHOTOS = load_params(REPOSITORY / "presets" / "photos.yaml").train
PUBLISHED = PHOTOS.model_copy(
    update={
        "initial_resolution": 4,
        "stabilise_kimg": 600.0,
        "fade_kimg": 600.0,
        "total_kimg": 12000.0,
        "minibatch_repeats": 4,
        "learning_rate": {},
        "learning_rate_base": 0.001,
        "max_minibatch_per_device": {256: 16, 512: 8, 1024: 4},
        "minibatch_base": 4,
        "minibatch": {4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 4},
    }
)
BY_DEVICES = {
    1: PUBLISHED,
    4: PUBLISHED.model_copy(
        update={
            "minibatch_base": 16,
            "minibatch": {4: 512, 8: 256, 16: 128, 32: 64, 64: 32, 128: 16},
            "learning_rate": {256: 0.0015, 512: 0.002, 1024: 0.003},
        }
    ),
}


def test_the_schedule_is_the_published_one_at_every_row_of_the_reference(shared):
    with (shared / "golden/schedule_512.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    for row in rows:
        devices = int(row["gpus"])
        phase = phase_at(round(float(row["kimg"]) * 1000), 512, devices, BY_DEVICES[devices])
        assert round(phase.lod, 6) == float(row["lod"]), row
        assert phase.resolution == int(row["resolution"]), row
        assert phase.minibatch == int(row["minibatch"]), row
        assert phase.learning_rate == float(row["learning_rate"]), row


def _walk(params: TrainParams, resolution: int, devices: int = 1):
    """The schedule as the loop meets it: (images shown, phase) at each look."""
    images_shown = 0
    while images_shown < params.total_kimg * 1000:
        phase = phase_at(images_shown, resolution, devices, params)
        yield images_shown, phase
        images_shown += phase.minibatch * params.minibatch_repeats


def test_optimizers_start_afresh_fifteen_times_at_the_published_places():
    starts, stretch = [], None
    for images_shown, phase in _walk(PUBLISHED, 512):
        if phase.stretch != stretch:
            starts.append(round(images_shown / 1000, 2))
            stretch = phase.stretch
    assert starts == [
        0, 600.06, 1200.13, 1800.19, 2400.26, 3000.32, 3600.13, 4200.19, 4800, 5400.06, 6000, 6600.06, 7200,
        7800.03, 8400,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        (1, [4688, 9376, 9376, 18748, 37496, 75000, 149996, 1049992]),
        (8, [1172, 4688, 9376, 18748, 37496, 37500, 37500, 131248]),
    ],
)
def test_the_presets_take_the_published_number_of_steps_at_each_resolution(devices, expected):
    text = preset_text(REPOSITORY / "presets", f"paper-{devices}gpu")
    params = parse_params(text, "a preset").train.model_copy(update={"total_kimg": 12000.0})
    steps: dict[int, int] = {}
    for _, phase in _walk(params, 512, devices):
        steps[phase.resolution] = steps.get(phase.resolution, 0) + params.minibatch_repeats
    assert list(steps.values()) == expected


def test_the_papers_preset_has_the_published_numbers():
    params = load_params(REPOSITORY / "presets" / "paper.yaml")
    assert params.curate.resolution == 512
    published = {
        "latent_size": 512, "fmap_base": 8192, "fmap_max": 512, "stddev_group": 4,
        "initial_resolution": 4, "stabilise_kimg": 600.0, "fade_kimg": 600.0, "minibatch_repeats": 4,
        "schedule": "fixed", "gp_reference": "final", "loss": "wgan-gp", "augment": "none",
        "gp_weight": 10.0, "drift_weight": 0.001, "adam_beta1": 0.0, "adam_beta2": 0.99,
        "adam_epsilon": 1e-8, "ema_decay": 0.999, "ema_half_life_kimg": 0.0, "mirror": False,
        "precision": "float32", "max_minibatch_per_device": {256: 16, 512: 8, 1024: 4},
        "grid_columns": 3, "grid_rows": 2, "snapshot_kimg": 200.0, "total_kimg": 8861.8,
    }  # fmt: skip
    assert {name: getattr(params.train, name) for name in published} == published


@pytest.mark.parametrize(
    ("kimg", "lod", "resolution"),
    [(599.999, 7.0, 4), (600.0, 7.0, 4), (600.001, 6.999998, 8), (1199.999, 6.000002, 8), (1200.0, 6.0, 8)],
)
def test_a_transition_counts_for_the_higher_resolution_from_its_first_image(kimg, lod, resolution):
    phase = phase_at(round(kimg * 1000), 512, 1, PUBLISHED)
    assert (round(phase.lod, 6), phase.resolution) == (lod, resolution)


@given(st.integers(0, 20_000_000), st.sampled_from([4, 8, 64, 512, 1024]))
def test_lod_never_rises_and_fits_the_resolution(images_shown, final):
    phase = phase_at(images_shown, final, 1, PUBLISHED)
    later = phase_at(images_shown + 1000, final, 1, PUBLISHED)
    assert 0 <= later.lod <= phase.lod
    assert phase.resolution * 2 ** int(phase.lod) == final
    assert 0 <= phase.fade < 1


def test_the_cap_and_the_number_of_devices_limit_the_minibatch():
    params = BY_DEVICES[4]
    assert phase_at(9_000_000, 512, 1, params).minibatch == 8  # capped at 8 on one device
    assert phase_at(9_000_000, 512, 3, params).minibatch == 15  # 16 less its remainder


# (devices, resolution): images per step, learning rate, in float32; shared/spec/pggan.md, section 4.2
PUBLISHED_STEPS = {
    1: {4: (128, 0.001), 32: (64, 0.001), 128: (16, 0.001), 256: (8, 0.001), 512: (4, 0.001)},
    2: {4: (256, 0.001), 16: (128, 0.001), 256: (8, 0.001), 512: (8, 0.0015)},
    4: {4: (512, 0.001), 128: (16, 0.001), 256: (16, 0.0015), 512: (16, 0.002)},
    8: {4: (512, 0.001), 64: (32, 0.001), 128: (32, 0.0015), 256: (32, 0.002), 512: (32, 0.003)},
}


@pytest.mark.parametrize("devices", PUBLISHED_STEPS)
def test_the_paper_presets_have_the_published_minibatches_and_rates(devices):
    name = "paper" if devices == 4 else f"paper-{devices}gpu"
    params = parse_params(preset_text(REPOSITORY / "presets", name), name).train
    found = {}
    for images_shown in range(0, 8_800_000, 300_000):
        phase = phase_at(images_shown, 512, devices, params)
        found[phase.resolution] = phase.minibatch, phase.learning_rate
    assert PUBLISHED_STEPS[devices].items() <= found.items()
