"""Judging: facts and thresholds in, one reason out."""

import numpy as np
import pytest

from curate.facts.style import Style
from curate.judge import JUDGED, judge
from curate.reasons import Reason

GOOD = {
    "width": 100.0,
    "height": 80.0,
    "animated": 0.0,
    "failure": "",
    "deviation": 40.0,
    "sharpness": 200.0,
    "banner": 0.1,
    "text_score": np.nan,
    "collage": 0.2,
    "garment_score": 1.0,
    "style": "flat",
    **{f"style_{style.value}": 0.1 for style in Style},
}
UNKNOWN = {"width": np.nan, "height": np.nan, "deviation": np.nan, "sharpness": np.nan, "banner": np.nan}


def reasons(params, *images):
    rows = [{**GOOD, **image} for image in images]
    return judge({name: np.asarray([row[name] for row in rows]) for name in JUDGED}, params).tolist()


@pytest.mark.parametrize(
    ("facts", "thresholds", "reason"),
    [
        ({}, {}, ""),
        ({"width": 63.0}, {}, Reason.TOO_SMALL),
        ({"width": 64.0, "height": 64.0}, {}, ""),
        ({"width": 64.0, "height": 160.0}, {}, ""),
        ({"width": 64.0, "height": 161.0}, {}, Reason.ASPECT),
        ({"width": 161.0, "height": 64.0}, {}, Reason.ASPECT),
        ({"width": 8000.0, "height": 8000.0}, {}, ""),
        ({"width": 8000.0, "height": 8001.0}, {}, Reason.TOO_MANY_PIXELS),
        ({"animated": 1.0}, {}, Reason.ANIMATED),
        ({"failure": "TRUNCATED"}, {}, Reason.TRUNCATED),
        ({"failure": "EMPTY", **UNKNOWN}, {}, Reason.EMPTY),
        ({"deviation": 1.9}, {}, Reason.BLANK),
        ({"deviation": 2.0}, {}, ""),
        ({"sharpness": 9.9}, {"min_sharpness": 10.0}, Reason.BLURRED),
        ({"sharpness": 10.0}, {"min_sharpness": 10.0}, ""),
        ({"banner": 0.51}, {"max_banner": 0.5}, Reason.BANNER),
        ({"banner": 0.0, "text_score": 0.51}, {"max_banner": 0.5}, Reason.BANNER),
        ({"banner": 0.9, "text_score": 0.5}, {"max_banner": 0.5}, ""),
        ({"collage": 0.91}, {"max_collage": 0.9}, Reason.COLLAGE),
        ({"garment_score": 0.49}, {"min_garment": 0.5}, Reason.NO_GARMENT),
        ({"garment_score": 0.5}, {"min_garment": 0.5}, ""),
        ({"garment_score": 0.0}, {"min_garment": 0.0}, ""),
        ({"style": "worn"}, {"styles": ["flat", "mannequin"]}, Reason.STYLE),
        ({"style": "mannequin"}, {"styles": ["flat", "mannequin"]}, ""),
        ({"style": "worn"}, {"styles": []}, ""),
        ({"style_banner": 0.51}, {"max_scores": {"banner": 0.5}}, Reason.STYLE),
        ({"style_banner": 0.5, "style_worn": 0.9}, {"max_scores": {"banner": 0.5}}, ""),
    ],
)
def test_each_threshold_is_judged_on_both_sides(params, facts, thresholds, reason):
    params = params.model_copy(update={"max_pixels": 64_000_000, **thresholds})
    assert reasons(params, facts) == [reason]


def test_the_first_reason_is_given_when_several_hold(params):
    everything = {"width": 10.0, "failure": "TRUNCATED", "animated": 1.0, "deviation": 0.0}
    assert reasons(params, everything) == [Reason.ANIMATED]
    assert reasons(params, {**everything, "animated": 0.0}) == [Reason.TOO_SMALL]
    assert reasons(params, {**everything, "animated": 0.0, "width": 100.0}) == [Reason.TRUNCATED]


def test_images_are_judged_apart_from_each_other(params):
    assert reasons(params, {}, {"width": 1.0}, {"failure": "NOT_IMAGE", **UNKNOWN}, {}) == [
        "",
        "TOO_SMALL",
        "NOT_IMAGE",
        "",
    ]
