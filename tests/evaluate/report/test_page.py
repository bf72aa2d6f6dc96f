"""The report's page: its text."""

import pytest

from evaluate import stage
from evaluate.comparison.cache import Store
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError

HOSTILE = "<script>alert(1)</script>"


def test_the_page_is_small_and_asks_browsers_to_load_nothing(reports):
    text = (reports / "report.html").read_text()
    assert len(text) < 10_000_000
    assert "default-src 'none'" in text
    assert HOSTILE not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b" in text


def test_a_page_without_other_stages_reports_has_what_was_measured(tmp_path, dataset, models, params):
    stage.run(
        dataset.folder,
        models,
        tmp_path,
        params.model_copy(update={"images": 1000, "copies_images": 1}),
        mirror=False,
        store=Store(tmp_path / "store"),
        work=Work(2),
    )
    text = (tmp_path / "report.html").read_text()
    assert "<td>reused-images floor</td>" in text
    assert "too small for a true floor" in text


def test_a_report_that_is_no_json_is_named(tmp_path, dataset, models, params, reports):
    (tmp_path / "crawl.json").write_text("[")
    with pytest.raises(UserError, match=r"crawl\.json is not JSON .*: delete it and run dvc repro"):
        stage.run(
            dataset.folder,
            models,
            tmp_path,
            params,
            mirror=True,
            store=Store(reports / "store"),
            work=Work(2),
        )
