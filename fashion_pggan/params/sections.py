"""params.yaml -> frozen, strict, typed sections."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import levels_up_to

Resolution = Annotated[int, Field(ge=4, le=1024)]
Positive = Annotated[int, Field(gt=0)]
LARGEST_INDEX = 2**53 - 1  # of a seed or a latent: above it a browser's numbers are not exact
Rate = Annotated[float, Field(gt=0)]
StyleName = Literal["worn", "mannequin", "flat", "several", "close_up", "banner"]


class Section(BaseModel):
    """One top-level key of params.yaml: immutable, no unknown keys, no coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class CrawlParams(Section):
    """What to search for, where, and how politely."""

    # whom to ask, for what
    provider: Literal["demo", "naver_hub", "naver_legacy", "kakao", "urls"]
    queries: list[Annotated[str, Field(min_length=1)]]  # asked as they are
    vocabulary: str  # a file of words that queries are made of; empty: none
    url_list: str  # provider urls: a text, CSV or Parquet file of addresses
    max_products: int = Field(gt=0)  # stop after this many distinct image addresses
    sort: Literal["sim", "date", "both"]  # by likeness to the query, by date, or a search for each
    filter: Literal["all", "large", "medium", "small", "large+medium"]  # the API's size filter
    min_new: float = Field(ge=0, le=1)  # share of new results on a page below which a query is left
    part: Annotated[str, Field(pattern=r"^[1-9]\d{0,3}/[1-9]\d{0,3}$")]  # `2/8`: the second of eight parts
    # the search API's quota and pace
    calls_per_s: float = Field(gt=0)  # search calls a second, of one key
    daily_calls: int = Field(ge=0)  # search calls a day, of one key; 0: as many as the API allows
    wait_for_quota: bool  # go on after midnight in Korea; else the crawl ends, and the next one goes on
    # images
    contact: str  # who runs this crawl, in the user agent: a mail address or a page
    obey_opt_out: bool  # of noai, noimageai, noindex and TDM reservation in an answer's headers
    concurrent_requests: int = Field(gt=0)
    concurrent_per_host: int = Field(gt=0)
    delay_s: float = Field(ge=0)  # seconds between two requests to one host
    timeout_s: float = Field(gt=0)  # seconds for one answer
    retries: int = Field(ge=0)  # further attempts after a failure that may pass
    max_bytes: int = Field(gt=0)  # a larger body is given up
    min_side: int = Field(ge=0)  # pixels, by the search result and the image's header; 0: any
    max_pixels: int = Field(ge=0)  # pixels, by the image's header; 0: any
    # provider demo
    shop_images: str  # a folder of images to serve; empty: drawn garments
    shop_products: int = Field(ge=0)  # how many garments the shop draws

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        number, of = map(int, self.part.split("/"))
        if number > of:
            raise ValueError(f"part {self.part}: there are only {of} parts")
        if self.provider == "urls" and not self.url_list:
            raise ValueError("provider urls wants a url_list: give a text, CSV or Parquet file of addresses")
        if self.provider != "urls" and not self.queries and not self.vocabulary:
            raise ValueError("queries and vocabulary are both empty: give queries, or a file of words")
        return self


class CurateParams(Section):
    """Which images are kept, and what is made of them."""

    resolution: Resolution  # pixels, side of the training images, a power of two
    min_side: int = Field(gt=0)  # pixels; the paper keeps 512 and more
    max_aspect: float = Field(ge=1)  # long side over short side
    max_pixels: int = Field(gt=0)  # by the header, before anything is decoded
    min_deviation: float = Field(ge=0)  # grey levels, of a 64 x 64 reduction; below it an image is blank
    min_sharpness: float = Field(ge=0)  # variance of the Laplacian; 0: any
    max_banner: float = Field(ge=0, le=1)  # text banner score; 1: any
    max_collage: float = Field(ge=0, le=1)  # score of several images in one; 1: any
    styles: list[StyleName]  # the most likely one must be one of these; empty: any
    max_scores: dict[StyleName, Annotated[float, Field(ge=0, le=1)]]  # by style; no entry: any
    classifier: str  # a recipe (docs/curating-styles.md), for scores of one's own; empty: none
    near_bits: int = Field(ge=0, le=64)  # of 256, between the hashes of copies; 0: exact
    colour_variants: bool  # whether the same image in other colours is a copy too
    crop: Literal["centre", "garment"]  # which square; the paper's is the centre
    enlarge: bool  # whether squares below `resolution` may be enlarged
    shard_images: int = Field(gt=0)  # images in a full shard
    cluster: str  # tcp://HOST:PORT of a Dask scheduler (docs/cluster.md); empty: this machine's cores

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        levels_up_to(self.resolution)
        if self.min_side < self.resolution and not self.enlarge:
            raise ValueError(
                f"min_side {self.min_side} is below resolution {self.resolution}: images would be "
                "enlarged; raise min_side, lower resolution or set enlarge: true"
            )
        return self


class TrainParams(Section):
    """The progressive GAN: networks, loss, schedule. Published values: docs/conformance.md."""

    seed: int = Field(ge=0)
    total_kimg: float = Field(gt=0)  # thousand images shown, in all
    # networks
    latent_size: int = Field(gt=0)
    fmap_base: int = Field(gt=0)  # feature maps: min(fmap_base / 2^stage, fmap_max)
    fmap_max: int = Field(gt=0)
    stddev_group: int = Field(gt=0)  # images per group of the minibatch standard deviation
    # growing schedule
    initial_resolution: Resolution  # pixels
    stabilise_kimg: float = Field(gt=0)  # thousand images at each resolution alone
    fade_kimg: float = Field(gt=0)  # thousand images of each transition
    schedule: Literal["fixed", "adaptive"]  # adaptive: the durations above are the longest ones
    adaptive_kimg: float = Field(gt=0)  # thousand images between two looks at the distance
    adaptive_images: int = Field(gt=0)  # per set, for a look
    adaptive_patience: int = Field(gt=0)  # looks without gain before a transition starts
    adaptive_gain: float = Field(ge=0, lt=1)  # share by which the distance must fall
    minibatch: dict[Resolution, Positive]  # images per step over all processes, by resolution
    minibatch_base: int = Field(gt=0)  # where `minibatch` has no entry
    max_minibatch_per_device: dict[Resolution, Positive]  # cap by resolution, no entry: no cap
    minibatch_repeats: int = Field(gt=0)  # steps between two looks at the schedule
    learning_rate: dict[Resolution, Rate]  # by resolution
    learning_rate_base: float = Field(gt=0)
    # loss
    gp_reference: Literal["final", "native"]  # resolution at which the gradient penalty is measured
    loss: Literal["wgan-gp", "logistic-r1"]
    gp_weight: float = Field(ge=0)  # of the gradient penalty; of R1 its gamma
    drift_weight: float = Field(ge=0)  # of squared real scores; wgan-gp alone
    # optimiser and average
    adam_beta1: float = Field(ge=0, lt=1)
    adam_beta2: float = Field(ge=0, lt=1)
    adam_epsilon: float = Field(gt=0)
    ema_decay: float = Field(ge=0, lt=1)  # per critic step
    ema_half_life_kimg: float = Field(ge=0)  # thousand images, instead of ema_decay; 0: as published
    ema_ramp: float = Field(ge=0)  # the half-life is at most this share of the images shown; 0: no ramp
    max_skipped_steps: int = Field(ge=0)  # in a row, for gradients that are not finite
    # data
    mirror: bool  # show each image mirrored half of the time
    augment: Literal["none", "diffaugment"]  # of what the critic sees, for a few thousand images
    # how it is computed
    precision: Literal["float32", "tf32", "bfloat16"]  # of the convolutions; tf32 is CUDA's
    compile: bool  # by torch.compile, once per phase
    cuda_graphs: bool  # record a phase's step once and play it back, on one CUDA device
    microbatch: dict[Resolution, Positive]  # images per pass and device, by resolution; no entry: all at once
    resident_gb: float = Field(ge=0)  # a level of the dataset up to this size lies on the CUDA device
    # what is written when
    snapshot_kimg: float = Field(gt=0)  # thousand images between two generators kept
    snapshot_s: float = Field(gt=0)  # seconds at most until latest.safetensors is renewed
    checkpoint_s: float = Field(gt=0)  # seconds between two checkpoints
    log_kimg: float = Field(gt=0)  # thousand images between two rows of the log
    grid_s: float = Field(gt=0)  # seconds at most until latest.png is renewed
    grid_columns: int = Field(gt=0)  # images in a sample grid
    grid_rows: int = Field(gt=0)
    # when the log raises an alarm; docs/training.md
    alarm_after_kimg: float = Field(gt=0)  # thousand images for which a slow sign must hold
    alarm_gap_growth: float = Field(gt=1)  # score gap, times its median before; and
    alarm_gap_share: float = Field(gt=0)  # of the distance between two images of the dataset
    alarm_penalty: float = Field(gt=1)  # gradient norm over its target: this factor above or below 1
    alarm_stddev: float = Field(ge=0)  # of samples, as share of the dataset's own
    alarm_skipped: float = Field(ge=0, le=1)  # share of the steps since the last row


class GenerateParams(Section):
    """The dataset of new images."""

    count: int = Field(gt=0)
    seed: int = Field(ge=0, le=LARGEST_INDEX)
    first: int = Field(ge=0, le=LARGEST_INDEX)  # latent index of the first image
    minibatch: int = Field(gt=0)  # images held at once; on the CPU it changes nothing else
    form: Literal["imagefolder", "webdataset", "parquet"]
    format: Literal["png", "webp", "jpeg"]  # png and webp are exact
    truncation: float = Field(ge=0, le=1)  # 1: off; lower: nearer to the mean image, less variety
    reject_copies: float = Field(
        ge=0, lt=1
    )  # nearer to training than this share of it is to the rest; 0: off
    reject_scores: float = Field(ge=0, lt=1)  # share of low critic scores that is left out; 0: off

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.first + self.count - 1 > LARGEST_INDEX:
            raise ValueError(
                f"first {self.first} and count {self.count} lead past {LARGEST_INDEX}, the last latent"
            )
        return self


class EvaluateParams(Section):
    """The sliced Wasserstein distance, and what is measured beside it."""

    images: int = Field(gt=0)  # per set; fewer when the dataset is smaller
    seed: int = Field(ge=0)
    patches_per_image: int = Field(gt=0)
    patch_side: int = Field(gt=0, le=15, multiple_of=1)  # pixels, odd
    repeats: int = Field(gt=0)
    directions: int = Field(gt=0)  # per repeat
    replicates: int = Field(ge=0)  # half-samples of the images for the 95 % interval; 0: no interval
    replicate_directions: int = Field(gt=0)  # directions in which half-samples are measured
    smallest_level: Resolution  # pixels
    minibatch: int = Field(gt=0)  # images held at once
    variation_pairs: int = Field(ge=0)  # of the best snapshot and of the reals, for MS-SSIM; 0: none
    copies_images: int = Field(gt=0)  # of the best snapshot, held against all training images
    feature_network: str  # a weights file of your own for FID, KID, precision, recall, ...; empty: none
    feature_side: int = Field(ge=0)  # pixels of that network's images; 0: as they come
    feature_pixels: Literal["0..255", "0..1", "-1..1"]  # the range of its pixel values
    feature_neighbours: int = Field(gt=0)  # that make a neighbourhood, for precision, recall, ...

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        levels_up_to(self.smallest_level)
        if self.patch_side % 2 == 0 or self.patch_side > self.smallest_level:
            raise ValueError(
                f"patch_side {self.patch_side} must be odd and no larger than smallest_level "
                f"{self.smallest_level}"
            )
        if self.replicates == 1 or self.replicate_directions > self.repeats * self.directions:
            raise ValueError(
                f"replicates {self.replicates} must be 0 or from 2 on, replicate_directions "
                f"{self.replicate_directions} at most repeats x directions"
            )
        return self


class Params(Section):
    """All of params.yaml."""

    crawl: CrawlParams
    curate: CurateParams
    train: TrainParams
    generate: GenerateParams
    evaluate: EvaluateParams


def load_params(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        UserError: the file is missing, is no YAML, or holds a key or value that is not a parameter; the text
            names each.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"no parameters at {path}: run from the repository root, or give --params") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not YAML: {error}") from error
    return parse_params(text, str(path))


def parse_params(text: str, name: str) -> Params:
    """Check the text of a params file, called `name` in errors; raises what `load_params` raises."""
    try:
        return Params.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise UserError(f"{name}: {explained(error, Params)}") from error


def explained(error: ValidationError, kind: type[BaseModel]) -> str:
    """What is wrong with a file that should hold a `kind`, in words for people."""
    return "; ".join(_explain(detail, kind) for detail in error.errors())


def _explain(detail: ErrorDetails, kind: type[BaseModel]) -> str:
    where = [str(part) for part in detail["loc"] if part != "[key]"]
    name = ".".join(where) or "the file"
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(where[-1], _known_names(kind, where[:-1]), n=1)
        return f"{name} is not a parameter" + (f" (did you mean {near[0]}?)" if near else "")
    if detail["type"] == "missing":
        changed = " (git diff params.yaml shows what changed)" if kind is Params else ""
        return f"{name} is missing: every parameter must have a value{changed}"
    hint = ": write a number without exponent, such as 0.001" if _looks_like_number(detail["input"]) else ""
    message = detail["msg"].removeprefix("Value error, ")
    value = "" if isinstance(detail["input"], dict) else f", not {detail['input']!r}"
    return f"{name}: {message}{value}{hint}"


def _known_names(kind: Any, section: list[str]) -> list[str]:
    for part in section:
        field = getattr(kind, "model_fields", {}).get(part)
        kind = field.annotation if field else None
    return list(getattr(kind, "model_fields", {}))


def _looks_like_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]  # a failure to convert is the answer
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
