"""Parameters that `fashion-pggan generate` takes as options."""

from dataclasses import dataclass

from cyclopts import Parameter


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
        truncation: 1: off; lower: nearer to the mean image (generate.truncation).
        reject_copies: share of training images that are nearer to another; 0: off (generate.reject_copies).
        reject_scores: share of low critic scores to leave out; 0: off (generate.reject_scores).
    """

    count: int | None = None
    seed: int | None = None
    first: int | None = None
    form: str | None = None
    format: str | None = None
    truncation: float | None = None
    reject_copies: float | None = None
    reject_scores: float | None = None


SETTINGS = Settings()
