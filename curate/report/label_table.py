"""The table of labels: for the report, the log, and the datasheet's near-duplicates that are all kept."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import pyarrow as pa

from curate.copies.splits import HASHES, first_files, groups_of
from curate.source.labels import names_of, recorded
from curate.source.raw import Raw
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.records import CuratedImage

NAMED = 5  # labels that nothing lists, in a message

log = logging.getLogger(__name__)


def label_counts(rows: Sequence[CuratedImage], params: CurateParams) -> dict[str, int]:
    """How many images were kept of each label, in the dataset's order, and of none."""
    counts = Counter(row.label for row in rows if row.kept)
    return {**{label: counts[label] for label in params.labels}, "unlabelled": counts[""]}


def conflicts(rows: Iterable[CuratedImage]) -> int:
    """Kept images of which copies, queries or rows of a list say other labels."""
    return sum("," in row.label_votes for row in rows if row.kept)


def tell_labels(images: Iterable[Raw], rows: Sequence[CuratedImage], params: CurateParams) -> None:
    """Log the table, and what gives no label although labels are wanted.

    Args:
        images: the raw ones, with what their records or lists say.
        rows: of the manifest.
        params: the curate section.
    """
    counts = label_counts(rows, params)
    said = ", ".join(f"{label} {count}" for label, count in counts.items())
    log.info("images kept by label: %s; %d with votes for several", said, conflicts(rows))
    known = names_of(params)
    if others := Counter(raw.label for raw in images if raw.label and not recorded(raw, known)):
        named = ", ".join(f"{name[:60]!r} {count}" for name, count in others.most_common(NAMED))
        log.warning(
            "%d images have labels that curate.labels does not list, and get none by them (%s): list them",
            others.total(),
            named,
        )
    if empty := [label for label in params.labels if not counts[label]]:
        log.warning(
            "no image was kept of %s: no record, list, query or folder gives the label; give a list a column "
            "label, or write what they say into curate.labels",
            ", ".join(empty),
        )


def kept_apart(rows: Sequence[CuratedImage], facts: pa.Table, params: CurateParams) -> dict[str, str]:
    """Kept images that show the same, and have different labels: a row for each group of them.

    Args:
        rows: of the manifest.
        facts: with the perceptual hashes.
        params: the curate section.

    Returns:
        By the smallest SHA-256 of a group, its labels: `hoodie 1, shirt 2`.
    """
    if not params.labels:
        return {}
    table = facts.select(["sha256", *HASHES]).to_pylist()
    hashes = {each["sha256"]: (each["phash"], each["phash_mirrored"]) for each in table if each["phash"]}
    groups, labels = groups_of(first_files(rows), hashes), defaultdict[str, Counter[str]](Counter)
    for row in rows:
        if row.kept and row.label:
            labels[groups[row.sha256]][row.label] += 1
    return {
        group: ", ".join(f"{label} {count}" for label, count in sorted(found.items()))
        for group, found in sorted(labels.items())
        if len(found) > 1
    }
