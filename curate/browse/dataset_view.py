"""What the page shows: the records of a dataset, filtered and sorted, and the images behind them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from curate.overrides import SHA256, Override, read_overrides, write_overrides
from curate.report.contact_sheets import words_instead
from curate.report.thumbnails import thumbnail_of
from curate.source.raw import Image
from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import png_of
from fashion_pggan.storage.records import CuratedImage
from fashion_pggan.storage.shards import Dataset, levels_up_to

SIDE = 256  # pixels of an image on the page, at most
AT_ONCE = 60  # images of a page
CACHED = 2000  # images
KEPT = "kept"
ORDER = "sha256"  # as good as a random order


class Gallery:
    """A dataset to look through.

    Args:
        dataset: the curated dataset.
        rows: of its manifest.
        measures: numbers of each image by SHA-256, to sort by.
        files: the raw images by SHA-256; empty when they are not there.
        overrides: the file of decisions.
        max_pixels: a larger raw image is not decoded.
    """

    def __init__(
        self,
        dataset: Dataset,
        rows: Sequence[CuratedImage],
        measures: Mapping[str, Mapping[str, Any]],
        files: Mapping[str, Image],
        overrides: Path,
        max_pixels: int,
    ) -> None:
        self.dataset, self.files, self.overrides, self.max_pixels = dataset, files, overrides, max_pixels
        self.rows = {row.sha256: row for row in reversed(rows)}  # a kept one goes before its copies by bytes
        self.rows |= {row.sha256: row for row in rows if row.kept}
        self.measures = measures
        self.scores = sorted(
            {
                name
                for facts in measures.values()
                for name, value in facts.items()
                if isinstance(value, float | int) and not isinstance(value, bool)
            }
        )
        self.png = lru_cache(CACHED)(self._png)

    def about(self) -> dict[str, Any]:
        """What the page needs at its start."""
        outcomes = Counter(row.reason or KEPT for row in self.rows.values())
        styles = Counter(row.style for row in self.rows.values() if row.style)
        return {
            "version": self.dataset.version,
            "images": len(self.rows),
            "outcomes": dict(outcomes.most_common()),
            "styles": dict(styles.most_common()),
            "scores": self.scores,
            "raw": bool(self.files),
            "overrides": str(self.overrides),
        }

    def page(self, outcome: str, style: str, score: str, *, down: bool, start: int) -> dict[str, Any]:
        """A part of the images with an outcome and a style, sorted by a score.

        Args:
            outcome: kept, a reason, `decided` for those with a decision, or empty for all.
            style: or empty for all.
            score: a number of measures.parquet; empty: no order.
            down: the largest first.
            start: how many images come before this part.

        Raises:
            UserError: there is no such score.
        """
        if score and score not in self.scores:
            raise UserError(f"no score {score[:80]}: give one of measures.parquet")
        decided = read_overrides(self.overrides)
        chosen = [
            row
            for row in self.rows.values()
            if outcome in {"", row.reason or KEPT} or (outcome == "decided" and row.sha256 in decided)
            if style in {"", row.style}
        ]
        chosen.sort(key=lambda row: row.sha256)
        if score:
            known = [row for row in chosen if self._score(row, score) is not None]
            known.sort(key=lambda row: self._score(row, score) or 0, reverse=down)
            chosen = known + [row for row in chosen if self._score(row, score) is None]
        shown = [self._told(row, decided, score) for row in chosen[start : start + AT_ONCE]]
        return {"count": len(chosen), "start": start, "images": shown}

    def decide(self, sha256: str, decision: str, reason: str) -> dict[str, Any]:
        """Write a decision into the file, or take it out when it is empty.

        Raises:
            UserError: there is no such image or decision, or the file cannot be read.
        """
        if sha256 not in self.rows or not SHA256.fullmatch(sha256):
            raise UserError(f"no image {sha256[:64]!r} in this dataset: give one that the page shows")
        if decision not in {"", "keep", "drop"}:
            raise UserError(f"{decision[:20]!r} is not a decision: give keep or drop, or nothing")
        decided = read_overrides(self.overrides)
        decided.pop(sha256, None)
        if decision:
            when = datetime.now(UTC).date().isoformat()
            decided[sha256] = Override(decision, " ".join(reason.split())[:200], "", when)
        write_overrides(self.overrides, decided)
        return {"sha256": sha256, "decision": decision, "decisions": len(decided)}

    def _score(self, row: CuratedImage, score: str) -> float | None:
        value = self.measures.get(row.sha256, {}).get(score)
        return None if value is None else float(value)

    def _told(self, row: CuratedImage, decided: Mapping[str, Override], score: str) -> dict[str, Any]:
        said = {name: getattr(row, name) for name in ("sha256", "file", "style", "width", "height", "title")}
        override = decided.get(row.sha256, Override(""))
        return said | {
            "outcome": row.reason or KEPT,
            "format": row.format,
            "original": row.duplicate_of if row.duplicate_of != row.sha256 else "",
            "kind": row.duplicate_kind,
            "bits": row.duplicate_bits,
            "score": self._score(row, score) if score else None,
            "decision": override.decision,
            "reason": override.reason,
            "overruled": row.overruled,
        }

    def _png(self, sha256: str) -> bytes:
        """An image as the page shows it: as training sees it when it was kept, as received otherwise.

        Raises:
            UserError: there is no such image.
        """
        row = self.rows.get(sha256)
        if row is None:
            raise UserError(f"no image {sha256[:64]!r} in this dataset: give one that the page shows")
        if row.kept:
            assert row.shard is not None
            assert row.row is not None
            level = max(level for level in levels_up_to(self.dataset.resolution) if level <= SIDE)
            index = int(self.dataset.starts[row.shard]) + row.row
            return png_of(np.asarray(self.dataset.images([index], level)[0]))
        file = self.files.get(sha256)
        pixels = thumbnail_of(file, SIDE, self.max_pixels) if file else None
        return png_of(words_instead(row.format or row.reason) if pixels is None else pixels)
