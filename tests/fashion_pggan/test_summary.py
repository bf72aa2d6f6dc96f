"""The summary at the end of a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from fashion_pggan.summary import Summary, places_of

LEVELS = ("SWDx1e3_32", "SWDx1e3_16", "SWDx1e3_avg")


def distances(*values: float) -> dict[str, float]:
    return dict(zip(LEVELS, values, strict=True))


REPORTS: dict[str, dict[str, Any]] = {
    "crawl": {"products": 1868, "calls": 21, "images": 1850, "failed": {"HTTP_404": 18}},
    "curate": {
        "images": 1850,
        "kept": 1700,
        "dropped": {"DUPLICATE": 20, "TOO_SMALL": 130},
        "resolution": 32,
    },
    "train": {"images_shown": 30016, "images_per_s": 151.25, "seconds": 198.4, "device": "cpu"},
    "generate": {"images": 256, "snapshot": "000030.016", "kimg": 30.016, "seed": 1},
    "swd": {
        "images": 256,
        "seed": 0,
        "floor": {"kind": "reused", **distances(1.25, 2.5, 1.875)},
        "untrained": {"kimg": 0.0, **distances(200.5, 300.25, 250.375)},
        "best": {"kimg": 25.024, **distances(20.0, 30.0, 25.0)},
        "last": {"kimg": 30.016, **distances(21.0, 31.0, 26.0)},
    },
    "evaluation": {"floor": {"kind": "reused", "about": "the same 256 real images, other patches"}},
}

EXPECTED = """\
products found      1,868 in 21 search calls; 1,850 fetched, failed: HTTP_404 18
images kept         1,700 of 1,850 at 32 px, dropped: TOO_SMALL 130, DUPLICATE 20
images shown        30,016 in 3 min 18 s on cpu, 151.2 images/s
images generated    256 by the snapshot at 30.016 kimg

sliced Wasserstein distance x 1e3 by level in pixels, 256 images per set; lower is better
                            32        16       avg
untrained (0k)          200.50    300.25    250.38
best (25.024k)           20.00     30.00     25.00
last (30.016k)           21.00     31.00     26.00
floor (reused)            1.25      2.50      1.88
floor: the same 256 real images, other patches"""


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the pipeline has run."""
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    for name, report in REPORTS.items():
        Path(f"reports/{name}.json").write_text(json.dumps(report))
    Path("models/grids").mkdir(parents=True)
    for name in ("000000.000", "000009.984", "000010.016"):
        Path(f"models/grids/{name}.png").touch()
    return tmp_path


def test_the_summary_says_what_came_of_each_stage(finished: Path) -> None:
    assert Summary.read(finished / "reports").text() == EXPECTED


def test_the_worst_verdict_is_its_first_line(finished: Path) -> None:
    facts = {**REPORTS["evaluation"], "headline": "bad: 3 of 9 images are copies"}
    (finished / "reports/evaluation.json").write_text(json.dumps(facts))
    assert Summary.read(Path("reports")).text().splitlines()[:2] == ["bad: 3 of 9 images are copies", ""]


def test_it_says_what_recognised_worn_garments(finished: Path) -> None:
    Path("reports/curate.json").write_text(json.dumps({**REPORTS["curate"], "worn_by": "rules"}))
    text = Summary.read(finished / "reports").text()
    assert "\nworn recognised by  rules\n" in text


def test_what_reports_say_stays_on_its_line(finished: Path) -> None:
    hostile = "bad\x1b[2J\nproducts found      9"
    Path("reports/evaluation.json").write_text(
        json.dumps({"floor": {"kind": "reused", "about": hostile}, "headline": hostile})
    )
    Path("reports/crawl.json").write_text(json.dumps({**REPORTS["crawl"], "failed": {hostile: 1}}))
    text = Summary.read(finished / "reports").text()
    assert len(text.splitlines()) == len(EXPECTED.splitlines()) + 2
    assert text.count("\nproducts found ") == 1
    assert "\x1b" not in text


def test_it_ends_with_where_things_lie(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call("summary")
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "sample grid         models/grids/000010.016.png",
        "generated images    data/generated",
        "report              reports/report.html",
    ]


def test_a_disjoint_floor_is_told_from_a_reused_one(finished: Path) -> None:
    swd = {**REPORTS["swd"], "floor": {"kind": "disjoint", **distances(2.0, 3.0, 2.5)}}
    Path("reports/swd.json").write_text(json.dumps(swd))
    assert "floor (disjoint)" in Summary.read(finished / "reports").text()


def test_a_run_without_an_untrained_snapshot_has_no_row_for_it(finished: Path) -> None:
    Path("reports/swd.json").write_text(json.dumps({**REPORTS["swd"], "untrained": None}))
    rows = Summary.read(finished / "reports").distances()
    assert [row[""] for row in rows] == ["best (25.024k)", "last (30.016k)", "floor (reused)"]


def test_nothing_dropped_and_nothing_failed_is_not_mentioned(finished: Path) -> None:
    Path("reports/crawl.json").write_text(json.dumps({**REPORTS["crawl"], "failed": {}}))
    Path("reports/curate.json").write_text(json.dumps({**REPORTS["curate"], "dropped": {}}))
    text = Summary.read(finished / "reports").text()
    assert "failed" not in text
    assert "dropped" not in text


@pytest.mark.parametrize("name", REPORTS)
def test_a_missing_report_is_one_line_that_says_what_to_do(name: str, finished: Path) -> None:
    (finished / f"reports/{name}.json").unlink()
    with pytest.raises(UserError, match=rf"no report at reports/{name}\.json: run the pipeline first"):
        Summary.read(Path("reports"))


def test_a_report_that_is_no_json_is_named(finished: Path) -> None:
    Path("reports/train.json").write_text("{")
    with pytest.raises(UserError, match=r"reports/train\.json is not JSON .*: delete it and run dvc repro"):
        Summary.read(Path("reports"))


def test_a_report_of_another_version_is_named(finished: Path) -> None:
    Path("reports/train.json").write_text('{"images_shown": 1, "device": "cpu"}')
    with pytest.raises(UserError, match=r"reports/train\.json has no images_per_s, seconds: delete it and"):
        Summary.read(Path("reports"))


def test_no_grid_is_one_line(finished: Path) -> None:
    with pytest.raises(UserError, match=r"no sample grid in elsewhere/grids: run the pipeline first"):
        places_of(Path("reports"), Path("elsewhere"), Path("data/generated"))
