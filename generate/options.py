"""Parameters that `fashion-pggan generate` takes as options."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from fashion_pggan.command.options import at_least

MOST_IMAGES = 10_000  # in a grid or a film


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters that the command line may give in place of params.yaml.

    Args:
        count: images to make (generate.count).
        seed: of the latent vectors (generate.seed).
        first: index of the first image's latent vector (generate.first).
        form: imagefolder, webdataset or parquet (generate.form).
        format: png, webp or jpeg (generate.format).
        label: of all images, of a training with labels (generate.label).
        labels: by label, such as --labels.hoodie 1000: images of it, instead of --count (generate.labels).
        truncation: 1: off; lower: nearer to the mean image (generate.truncation).
        reject_copies: share of training images that are nearer to another; 0: off (generate.reject_copies).
        reject_scores: share of low critic scores to leave out; 0: off (generate.reject_scores).
    """

    count: int | None = None
    seed: int | None = None
    first: int | None = None
    form: str | None = None
    format: str | None = None
    label: str | None = None
    labels: dict[str, int] | None = None
    truncation: float | None = None
    reject_copies: float | None = None
    reject_scores: float | None = None


SETTINGS = Settings()


def shape_of(grid: str) -> tuple[int, int]:
    """Rows and columns of a grid such as `4x8`; no rows for `labelsx8`: a row for each label.

    Raises:
        ValueError: the text has another form, or names too many images.
    """
    match = re.fullmatch(r"(labels|0*[1-9]\d{0,4})x(\d{1,5})", grid)
    rows, columns = (int(part) if part != "labels" else 0 for part in match.groups()) if match else (0, 0)
    if not 1 <= max(rows, 1) * columns <= MOST_IMAGES:
        raise ValueError(f"give rows and columns, such as 4x8 or labelsx8, {MOST_IMAGES:,} images at most")
    return rows, columns


def _is_grid(kind: Any, value: str | None) -> None:
    if value is not None:
        shape_of(value)


Grid = Annotated[str | None, Parameter(validator=_is_grid)]
Frames = Annotated[int, Parameter(validator=at_least(2, MOST_IMAGES))]
Between = Annotated[tuple[str, str] | None, Parameter()]
Ends = Annotated[tuple[int, int] | None, Parameter(allow_leading_hyphen=True)]
