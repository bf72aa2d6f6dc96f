"""Files are examined one by one; what cannot be examined is a fact, not an error."""

import cv2
import pytest

from curate.known import examine as examine_module
from curate.known.examine import examine, examine_all, reduce_all
from curate.pixels.failure import Failure


def test_an_image_whose_worker_died_is_a_fact_and_the_others_keep_theirs(wild, params):
    paths = [wild / "0.png", wild / "1.png", wild / "2.png"]

    def each(function, items, **_):
        return (None if item == paths[1] else function(item) for item in items)

    results = list(examine_all(paths, params, each))
    assert [result.facts["failure"] for result in results] == ["", Failure.DECODER_DIED, ""]
    assert [result.levels is None for result in results] == [False, True, False]
    assert results[1].facts["size"] == paths[1].stat().st_size


def test_each_image_has_the_time_that_is_given(wild, params):
    limits = []

    def each(function, items, *, limit_s):
        limits.append(limit_s)
        return map(function, items)

    list(examine_all([wild / "0.png"], params, each, limit_s=7))
    assert limits == [7]


@pytest.mark.parametrize("error", [MemoryError, cv2.error])
def test_an_image_too_large_to_be_reduced_has_no_other_facts_than_its_header(
    wild, params, monkeypatch, error
):
    def fails(*_):
        raise error("too large")

    monkeypatch.setattr(examine_module, "reduce", fails)
    facts, levels = examine(wild / "0.png", params).facts, examine(wild / "0.png", params).levels
    assert (facts["failure"], facts["width"], facts["pixels_hash"], levels) == (
        "DECODER_DIED",
        120,
        None,
        None,
    )
    assert list(reduce_all([(wild / "0.png", facts)], params, map)) == [None]
