"""The card of a generated data set: what it is, for people and for Hugging Face's programs."""

from collections.abc import Mapping
from typing import Any

# what a program that loads the pictures must look at, by form
FILES = {
    "imagefolder": '["metadata.jsonl", "images/**"]',
    "webdataset": '"train-*.tar"',
    "parquet": '"data/*.parquet"',
}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card_of(facts: Mapping[str, Any]) -> str:
    """README.md of a data set, from the stage's facts."""
    size = next((name for most, name in SIZES if facts["pictures"] < most), "n>1M")
    return f"""---
pretty_name: garments by {facts["snapshot"]}
tags: [synthetic, fashion-pggan]
task_categories: [unconditional-image-generation]
size_categories: [{size}]
configs:
- config_name: default
  data_files:
  - split: train
    path: {FILES[facts["form"]]}
---

# {facts["pictures"]} generated garments

No photograph: every picture was made by a progressive GAN (snapshot `{facts["snapshot"]}` after {facts["kimg"]:,g} thousand
pictures shown, SHA-256 `{facts["snapshot_sha256"]}`), trained on data set `{facts["dataset_version"]}` with parameters
`{facts["params_hash"]}`.

![the first pictures](sheet.png)

| | |
|---|---|
| pictures | {facts["pictures"]} of {facts["resolution"]} x {facts["resolution"]} px, {facts["format"]} |
| seed | {facts["seed"]}, latent indices {facts["first"]} to {facts["last"]} |
| truncation | {_truncation(facts["truncation"])} |
| left out as near copies | {_copies(facts)} |
| left out for low scores | {_scores(facts)} |

## Nearness to the training pictures
{_nearness(facts)}

## Making a picture again
A row has the seed, the latent index, the truncation and the snapshot's SHA-256. With the snapshot at hand,

    python -m generate MODELS again.png --recipe row.json

makes its pixels again from a file with that row in it: byte for byte with the same build of PyTorch on the same kind of CPU;
elsewhere a pixel may differ by a grey level.

## Rights
The pictures it was trained on have right holders of their own; whether and how these may be used is to be settled by whoever
publishes them. No licence is stated here: state yours.
"""


def _truncation(value: float) -> str:
    return "off" if value == 1 else f"{value:g}: nearer to the mean picture than the training drew them"


def _copies(facts: Mapping[str, Any]) -> str:
    if not facts["reject_copies"]:
        return "not asked for"
    return (
        f"{facts['rejected_copies']}, nearer than {facts['copy_threshold']:.2f} grey levels to a training picture, as only "
        f"{facts['reject_copies']:.1%} of training pictures are to another"
    )


def _scores(facts: Mapping[str, Any]) -> str:
    if not facts["reject_scores"]:
        return "not asked for"
    return (
        f"{facts['rejected_scores']}, below {facts['score_threshold']:.3f}, which {facts['reject_scores']:.1%} of the first "
        f"{facts['score_sample']} latents are, by the critic after {facts['critic_kimg']:,g} thousand pictures"
    )


def _nearness(facts: Mapping[str, Any]) -> str:
    if "nearest_median" not in facts:
        return "Not measured: the training data set was not given (`--data`), so nothing is known here about copies."
    return f"""Distance of each picture to the nearest training picture or its mirror image, root mean square in grey levels of 255
(`nearest_distance` in its row; `nearest_index` is the picture's place in the training data set):

| | closest | 1 % | median |
|---|---|---|---|
| generated to training | {facts["nearest_closest"]:.2f} | {facts["nearest_percent_1"]:.2f} | {facts["nearest_median"]:.2f} |
| training to other training pictures | {facts["real_closest"]:.2f} | {facts["real_percent_1"]:.2f} | {facts["real_median"]:.2f} |

Pictures that repeat the training lie far below what is usual among training pictures."""
