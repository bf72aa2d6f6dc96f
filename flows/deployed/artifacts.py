"""The figures of a run in Prefect: what every stage found, as tables, text and an image."""

import base64
import csv
import io
import os
from pathlib import Path

from PIL import Image
from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.summary import Summary
from flows.server.report import VARIABLE

REPORTS = Path("reports")  # as in dvc.yaml
MODELS = Path("models")
SIDE = 1024  # pixels, of an image that is shown, at most
DISTANCE = "SWDx1e3_"  # before a level, in the columns of the reports


def publish(summary: Summary, reports: Path = REPORTS, models: Path = MODELS) -> None:
    """Show a run's figures as artifacts.

    Args:
        summary: of the reports.
        reports: their folder.
        models: the folder of what training made: sample grids, named by images shown, and the strip.
    """
    create_table_artifact(
        [
            {"snapshot": row.pop(""), **{_column(level): value for level, value in row.items()}}
            for row in summary.distances()
        ],
        key="fashion-pggan-swd",
        description="Sliced Wasserstein distance x 1e3 by level in pixels; lower is better",
    )
    create_table_artifact(
        of_curation(summary),
        key="fashion-pggan-curation",
        description=f"What curation made of {summary.curate['images']:,} images",
    )
    if rows := of_snapshots(reports / "swd.csv"):
        create_table_artifact(
            rows,
            key="fashion-pggan-snapshots",
            description="Sliced Wasserstein distance x 1e3 of every snapshot",
        )
    _publish_images(models)
    if page := os.environ.get(VARIABLE):
        create_link_artifact(
            page,
            key="fashion-pggan-report",
            link_text="the newest report",
            description="Opens on the machine of make serve, while it runs; the file is reports/report.html",
        )
    create_markdown_artifact(f"```\n{summary.text().replace('`', '.')}\n```\n", key="fashion-pggan-summary")


def _publish_images(models: Path) -> None:
    if found := sorted((models / "grids").glob("*.png")):
        create_image_artifact(shown(found[-1]), key="fashion-pggan-grid", description=f"Samples: {found[-1]}")
    if (strip := models / "through_training.png").is_file():
        create_image_artifact(
            shown(strip), key="fashion-pggan-strip", description="The same latent vectors through training"
        )


def of_curation(summary: Summary) -> list[dict[str, str]]:
    """A row for the images that were kept, then one per reason to drop, the most frequent first."""
    total = max(summary.curate["images"], 1)
    dropped = sorted(summary.curate["dropped"].items(), key=lambda item: -item[1])
    return [
        {"decision": name, "images": f"{count:,}", "share": f"{count / total:.1%}"}
        for name, count in [("kept", summary.curate["kept"]), *dropped]
    ]


def of_snapshots(path: Path) -> list[dict[str, str]]:
    """The rows of the paper's table: a snapshot each, with a column per level and their average."""
    if not path.is_file():
        return []
    rows = csv.DictReader(io.StringIO(read_text(path)))
    return [
        {
            "snapshot": f"{float(row['kimg']):g}k",
            **{
                _column(name.removeprefix(DISTANCE)): f"{float(value):.2f}"
                for name, value in row.items()
                if name.startswith(DISTANCE) and not name.endswith(("_low", "_high"))
            },
        }
        for row in rows
    ]


def _column(level: str) -> str:
    """A column's name: a bare number would come before all names, whatever their order."""
    return f"{level} px" if level.isdigit() else level


def shown(path: Path) -> str:
    """An image of at most `SIDE` pixels as an address that holds it, so that a page needs no other server."""
    with Image.open(path) as image:
        image.thumbnail((SIDE, SIDE))
        kept = io.BytesIO()
        image.save(kept, "WEBP", quality=90)
    return f"data:image/webp;base64,{base64.b64encode(kept.getvalue()).decode()}"
