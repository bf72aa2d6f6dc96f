"""What happens to each raw image: facts and parameters in; decisions and the manifest's records out."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.copies.best import Measured, best_copies
from curate.copies.kinship import Kinship, kinships_of
from curate.facts.row import columns_of
from curate.judge import JUDGED, judge
from curate.overrides import DROP, KEEP, Override
from curate.reasons import ADVICE, Reason
from curate.source.labels import Label, label_of, votes_of
from curate.source.raw import Raw
from curate.squares.crop import SQUARE_FACTS, square_of
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.records import CuratedImage

MANIFEST_FACTS = [  # the facts that a record of the manifest is made from
    "sha256",
    "format",
    "pixels_hash",
    "style",
    *SQUARE_FACTS,
]


@dataclass(frozen=True)
class Decision:
    """What happens to one raw image."""

    reason: str  # why it is dropped; empty when it is kept
    original: str  # SHA-256 of the image kept in its place; empty unless the reason is DUPLICATE
    overruled: str = ""  # what the rules said where a person said otherwise: a reason, or `kept`


def decide(
    names: Sequence[str],
    facts: pa.Table,
    params: CurateParams,
    folder: Path,
    measured: Measured,
    overrides: Mapping[str, Override] = {},
) -> list[Decision]:
    """Judge each raw image by itself, then drop the copies among the usable ones.

    A person's decision goes before both. Where they dropped the best of several copies, the next best is
    kept; an image that they keep is no reason to drop its copies.

    Args:
        names: SHA-256 of every raw image; files with the same bytes share one.
        facts: a row per SHA-256.
        params: the curate section.
        folder: where pairs of near-duplicates are kept between runs.
        measured: asked about copies only (`curate.copies.best.best_copies`).
        overrides: a person's decisions by SHA-256.

    Returns:
        A decision for each of `names`, in their order.
    """
    columns = columns_of(facts.select(["sha256", "pixels_hash", *JUDGED]))
    reasons = judge(columns, params)
    said = dict(zip(columns["sha256"].tolist(), reasons.tolist(), strict=True))
    for place, name in enumerate(columns["sha256"].tolist()):
        if name in overrides:
            if overrides[name].decision == DROP:
                reasons[place] = Reason.OVERRULED.value
            elif columns["pixels_hash"][place]:  # what gave no pixels cannot be kept
                reasons[place] = ""
    usable = np.flatnonzero(reasons == "")
    best = usable[best_copies(facts, usable, params, folder, measured)]
    reason_of = dict(zip(columns["sha256"].tolist(), reasons.tolist(), strict=True))
    best_of = dict(zip(columns["sha256"][usable].tolist(), columns["sha256"][best].tolist(), strict=True))
    kept: set[str] = set()
    decisions = []
    for name in names:
        kept_anyway = name in overrides and overrides[name].decision == KEEP and name not in kept
        if reason_of[name]:
            overruled = (said[name] or "kept") if reason_of[name] != said[name] else ""
            decisions.append(Decision(reason_of[name], "", overruled))
        elif kept_anyway:
            kept.add(name)
            copy = Reason.DUPLICATE.value if best_of[name] != name else ""
            decisions.append(Decision("", "", said[name] or copy))
        elif best_of[name] != name or name in kept:  # another file with the same bytes is a copy too
            decisions.append(Decision(Reason.DUPLICATE.value, best_of[name]))
        else:
            kept.add(name)
            decisions.append(Decision("", ""))
    return decisions


def voted(images: Sequence[Raw], decisions: Sequence[Decision], params: CurateParams) -> list[Label]:
    """The label of each raw image: of a kept one, what most of the files say that show the same.

    Of as many votes, its own label goes first, then the first of `curate.labels`.
    """
    own = [label_of(raw, params) for raw in images] if params.labels else [Label()] * len(images)
    said: dict[str, Counter[str]] = defaultdict(Counter)
    sources: dict[tuple[str, str], str] = {}  # by image and label
    for raw, decision, label in zip(images, decisions, own, strict=True):
        if label.name and (decision.original or not decision.reason):
            kept = decision.original or raw.sha256
            said[kept] += votes_of(raw, label, params)
            sources.setdefault((kept, label.name), label.source)
    order = {name: place for place, name in enumerate(params.labels)}

    def chosen(raw: Raw, label: Label) -> Label:
        votes = said[raw.sha256]
        best = sorted(votes, key=lambda name: (-votes[name], name != label.name, order[name]))
        if not best:
            return label
        source = label.source if label.name == best[0] else sources.get((raw.sha256, best[0]), "record")
        return Label(best[0], source, ", ".join(f"{name} {votes[name]}" for name in best))

    return [
        label if decision.reason else chosen(raw, label)
        for raw, decision, label in zip(images, decisions, own, strict=True)
    ]


def labelled(
    images: Sequence[Raw],
    decisions: Sequence[Decision],
    labels: Sequence[Label],
    params: CurateParams,
    overrides: Mapping[str, Override] = {},
) -> list[Decision]:
    """The decisions with `curate.unlabelled`: kept images without a label go, and their copies with them.

    What a person keeps stays.
    """
    if not params.labels or params.unlabelled == "keep":
        return list(decisions)
    without = {
        raw.sha256
        for raw, decision, label in zip(images, decisions, labels, strict=True)
        if not decision.reason and not label.name
    }
    by_person = {name for name in without if name in overrides}
    return [
        replace(decision, overruled=decision.overruled or Reason.UNLABELLED.value)
        if raw.sha256 in by_person and not decision.reason
        else decision
        for raw, decision in zip(
            images, _dropped(images, decisions, without - by_person, Reason.UNLABELLED), strict=True
        )
    ]


def _dropped(
    images: Sequence[Raw], decisions: Sequence[Decision], names: Collection[str], reason: Reason
) -> list[Decision]:
    """The decisions without some kept images and their copies."""
    return [
        Decision(reason.value, "")
        if decision.original in names or (not decision.reason and raw.sha256 in names)
        else decision
        for raw, decision in zip(images, decisions, strict=True)
    ]


def capped(
    images: Sequence[Raw],
    decisions: Sequence[Decision],
    labels: Sequence[Label],
    most: int,
    overrides: Mapping[str, Override] = {},
) -> list[Decision]:
    """The decisions with at most so many kept images of a label, the first ones; 0: all.

    What a person keeps is counted first, and stays. Copies of an image that goes do so, too.
    """
    counts: Counter[str] = Counter()
    over = set()
    kept = [place for place, decision in enumerate(decisions) if not decision.reason and labels[place].name]
    by_person = {place for place in kept if images[place].sha256 in overrides}
    for place in sorted(kept, key=lambda place: place not in by_person):
        counts[labels[place].name] += 1
        if most and counts[labels[place].name] > most and place not in by_person:
            over.add(images[place].sha256)
    return _dropped(images, decisions, over, Reason.LABEL_CAP)


def records_of(
    images: Sequence[Raw],
    decisions: Sequence[Decision],
    labels: Sequence[Label],
    facts: pa.Table,
    params: CurateParams,
) -> Iterator[CuratedImage]:
    """The manifest's records, one for each raw image, in their order."""
    facts_of = {row["sha256"]: row for row in facts.select(MANIFEST_FACTS).to_pylist()}
    copies = {
        (raw.sha256, decision.original)
        for raw, decision in zip(images, decisions, strict=True)
        if decision.original
    }
    kinships = kinships_of(copies, facts, params)
    kept = 0
    for raw, decision, label in zip(images, decisions, labels, strict=True):
        place = (None, None) if decision.reason else divmod(kept, params.shard_images)
        kept += not decision.reason
        kin = kinships.get((raw.sha256, decision.original))
        yield _record(raw, decision, label, facts_of[raw.sha256], kin, place, params)


def _record(
    raw: Raw,
    decision: Decision,
    label: Label,
    facts: Mapping[str, Any],
    kin: Kinship | None,
    place: tuple[int | None, int | None],
    params: CurateParams,
) -> CuratedImage:
    square = square_of(facts, params) if facts["pixels_hash"] else None
    return CuratedImage(
        sha256=raw.sha256,
        file=raw.file.encode("utf-8", "backslashreplace").decode(),  # file names need not be UTF-8
        kept=not decision.reason,
        reason=decision.reason,
        duplicate_of=decision.original,
        style=facts["style"],
        width=facts["width"],
        height=facts["height"],
        crop_left=square.left if square else None,
        crop_top=square.top if square else None,
        crop_side=square.side if square else None,
        shard=place[0],
        row=place[1],
        url=raw.url,
        title=raw.title,
        query=raw.query,
        label=label.name,
        label_source=label.source,
        label_votes=label.votes,
        format=facts["format"],
        overruled=decision.overruled,
        duplicate_kind=kin.kind if kin else "",
        duplicate_bits=kin.bits if kin else None,
    )


def nothing_left(outcomes: Counter[str], params: CurateParams) -> str:
    """The error when every image was dropped: the counts, and what to change."""
    counts = ", ".join(f"{reason} {count}" for reason, count in outcomes.most_common() if count)
    most = Reason(outcomes.most_common(1)[0][0])
    advice = ADVICE.get(most, "give other images").format(**params.model_dump())
    return f"all {outcomes.total()} images were dropped ({counts}): {advice}"
