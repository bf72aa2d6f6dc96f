"""What a run shows in Prefect."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fashion_pggan.summary import Summary
from flows.deployed import artifacts
from tests.flows.toy_stage import EVALUATION, REPORTS

CSV = """kimg,images,SWDx1e3_32,SWDx1e3_16,SWDx1e3_avg,SWDx1e3_32_low,SWDx1e3_avg_high
0.0,256,114.1889,254.3392,184.2641,105.3774,194.7524
30.016,256,24.6652,30.8091,27.7372,22.1,33.4
"""


@pytest.fixture
def summary() -> Summary:
    names = {"evaluate": "swd"}
    reports = {names.get(name, name): values for name, values in REPORTS.items()}
    return Summary(**reports, evaluation=EVALUATION)


def test_every_figure_has_a_name_and_the_grid_comes_along(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}
    for kind in ("table", "image", "markdown", "link"):
        monkeypatch.setattr(
            artifacts, f"create_{kind}_artifact", lambda data, key, **words: made.update({key: data})
        )
    monkeypatch.setenv("FASHION_PGGAN_REPORT", "http://127.0.0.1:4201/report.html")
    (tmp_path / "swd.csv").write_text(CSV)
    for kimg, colour in (("000000.000", "red"), ("000030.016", "blue")):
        (tmp_path / "grids").mkdir(exist_ok=True)
        Image.new("RGB", (2000, 100), colour).save(tmp_path / "grids" / f"{kimg}.png")
    Image.new("RGB", (64, 32)).save(tmp_path / "through_training.png")
    artifacts.publish(summary, tmp_path, tmp_path)
    assert [row["snapshot"] for row in made["fashion-pggan-swd"]] == [
        "untrained (0k)",
        "best (25k)",
        "last (30.016k)",
        "floor (disjoint)",
    ]
    assert list(made["fashion-pggan-swd"][0]) == ["snapshot", "32 px", "16 px", "avg"]
    assert made["fashion-pggan-curation"] == [
        {"decision": "kept", "images": "8", "share": "72.7%"},
        {"decision": "TOO_SMALL", "images": "2", "share": "18.2%"},
        {"decision": "DUPLICATE", "images": "1", "share": "9.1%"},
    ]
    assert made["fashion-pggan-snapshots"][1] == {
        "snapshot": "30.016k",
        "32 px": "24.67",
        "16 px": "30.81",
        "avg": "27.74",
    }
    assert made["fashion-pggan-report"] == "http://127.0.0.1:4201/report.html"
    assert made["fashion-pggan-strip"].startswith("data:image/webp;base64,")
    _, _, packed = made["fashion-pggan-grid"].partition("base64,")
    with Image.open(io.BytesIO(base64.b64decode(packed))) as grid:
        assert grid.size == (1024, 51)
        red, _, blue = grid.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # of three bands
        assert blue > 200 > red
    assert "products found" in made["fashion-pggan-summary"]


def test_without_snapshots_and_grids_the_rest_is_shown(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for kind in ("table", "image", "markdown"):
        monkeypatch.setattr(
            artifacts, f"create_{kind}_artifact", lambda data, key, description="": made.append(key)
        )
    artifacts.publish(summary, tmp_path, tmp_path)
    assert made == ["fashion-pggan-swd", "fashion-pggan-curation", "fashion-pggan-summary"]
