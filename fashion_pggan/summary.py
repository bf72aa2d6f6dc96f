"""The results of a run of the pipeline on one screen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fashion_pggan.errors import UserError
from fashion_pggan.progress import duration
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.escaped import printable_lines

LABEL = 20  # characters
COLUMN = 10  # characters
NEEDED = {  # what is shown of each report
    "crawl": {"products", "calls", "images", "failed"},
    "curate": {"images", "kept", "dropped", "resolution"},
    "train": {"images_shown", "images_per_s", "seconds", "device"},
    "generate": {"images", "kimg"},
    "swd": {"images", "floor", "untrained", "best", "last"},
    "evaluation": {"floor"},
}


@dataclass(frozen=True)
class Summary:
    """The stages' reports, as read."""

    crawl: dict[str, Any]
    curate: dict[str, Any]
    train: dict[str, Any]
    generate: dict[str, Any]
    swd: dict[str, Any]
    evaluation: dict[str, Any]

    @classmethod
    def read(cls, reports: Path) -> Self:
        """Read the reports of all stages.

        Raises:
            UserError: a stage has not written its report, or it holds something else.
        """
        return cls(**{name: _read(reports / f"{name}.json", needed) for name, needed in NEEDED.items()})

    def distances(self) -> list[dict[str, str]]:
        """The table of distances: untrained, best and last snapshot above the floor, a column per level."""
        levels = [name for name in self.swd["last"] if name.startswith("SWDx1e3_")]
        rows = {
            f"{name} ({self.swd[name]['kimg']:g}k)": self.swd[name]
            for name in ("untrained", "best", "last")
            if self.swd[name] is not None
        }
        rows[f"floor ({self.swd['floor']['kind']})"] = self.swd["floor"]
        return [
            {"": label, **{level.removeprefix("SWDx1e3_"): f"{row[level]:.2f}" for level in levels}}
            for label, row in rows.items()
        ]

    def text(self, places: dict[str, str] | None = None) -> str:
        """The summary for a terminal; `places` are labels and paths to end it with."""
        crawl, curate, train, generate = self.crawl, self.curate, self.train, self.generate
        facts = {
            "products found": f"{crawl['products']:,} in {crawl['calls']:,} search calls; "
            f"{crawl['images']:,} fetched{_counted(crawl['failed'], ', failed: ')}",
            "images kept": f"{curate['kept']:,} of {curate['images']:,} at {curate['resolution']} px"
            f"{_counted(curate['dropped'], ', dropped: ')}",
            **({"worn recognised by": curate["worn_by"]} if "worn_by" in curate else {}),
            "images shown": f"{train['images_shown']:,} in {duration(train['seconds'])} "
            f"on {train['device']}, {train['images_per_s']:.1f} images/s",
            "images generated": f"{generate['images']:,} by the snapshot at {generate['kimg']:g} kimg",
        }
        headline = self.evaluation.get("headline")  # older reports have none
        return printable_lines(
            [
                *([str(headline), ""] if headline else []),
                *(f"{label:<{LABEL}}{fact}" for label, fact in facts.items()),
                "",
                (
                    f"sliced Wasserstein distance x 1e3 by level in pixels, {self.swd['images']:,} images "
                    "per set; lower is better"
                ),
                *_aligned(self.distances()),
                f"floor: {self.evaluation['floor']['about']}",
                *([""] if places else []),
                *(f"{label:<{LABEL}}{place}" for label, place in (places or {}).items()),
            ]
        )


def places_of(reports: Path, models: Path, generated: Path) -> dict[str, str]:
    """The paths of the things to look at, by label.

    Raises:
        UserError: there is no sample grid.
    """
    grids = sorted((models / "grids").glob("*.png"))  # named by images shown, with leading zeros
    if not grids:
        raise UserError(f"no sample grid in {models / 'grids'}: run the pipeline first (dvc repro)")
    return {
        "sample grid": str(grids[-1]),
        "generated images": str(generated),
        "report": str(reports / "report.html"),
    }


def _read(path: Path, needed: set[str]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json_in(read_text(path), finite=False)
    except FileNotFoundError:
        raise UserError(f"no report at {path}: run the pipeline first (make demo, or dvc repro)") from None
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}): delete it and run dvc repro") from error
    if missing := sorted(needed - values.keys()):
        raise UserError(f"{path} has no {', '.join(missing)}: delete it and run dvc repro")
    return values


def _counted(reasons: dict[str, int], before: str) -> str:
    most_first = sorted(reasons.items(), key=lambda item: -item[1])
    return before + ", ".join(f"{reason} {count:,}" for reason, count in most_first) if reasons else ""


def _aligned(rows: list[dict[str, str]]) -> list[str]:
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    return [f"{line[0]:<{LABEL}}" + "".join(f"{cell:>{COLUMN}}" for cell in line[1:]) for line in table]
