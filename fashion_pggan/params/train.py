"""Section `train` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from fashion_pggan.params.section import (
    Images,
    Kimg,
    Positive,
    Rate,
    Resolution,
    Seconds,
    Section,
    Share,
    Unit,
)

ImagesPerStep = Annotated[dict[Resolution, Positive], Unit("images a step")]


class TrainParams(Section):
    """The progressive GAN: networks, loss, schedule. Published values: docs/reference/conformance.md."""

    seed: int = Field(ge=0, description="of the weights, the latent vectors and the order of the images")
    total_kimg: Kimg = Field(gt=0, description="to show to the critic, in all; the paper: 8,861.8")
    # networks
    latent_size: int = Field(gt=0, description="length of a latent vector")
    fmap_base: int = Field(gt=0, description="a layer has min(fmap_base / 2^stage, fmap_max) feature maps")
    fmap_max: int = Field(gt=0, description="most feature maps of a layer")
    stddev_group: Images = Field(gt=0, description="in a group of the minibatch standard deviation")
    # growing schedule
    initial_resolution: Resolution = Field(description="where growing starts")
    stabilise_kimg: Kimg = Field(gt=0, description="at each resolution alone")
    fade_kimg: Kimg = Field(gt=0, description="for each transition to the next resolution")
    schedule: Literal["fixed", "adaptive"] = Field(
        description="fixed: as published; adaptive: grow by the measured distance, at the latest when the "
        "fixed schedule would"
    )
    adaptive_kimg: Kimg = Field(gt=0, description="adaptive: between two measurements of the distance")
    adaptive_images: Images = Field(gt=0, description="adaptive: per set, for one measurement")
    adaptive_patience: Annotated[int, Unit("measurements")] = Field(
        gt=0, description="adaptive: without gain before a transition starts"
    )
    adaptive_gain: Share = Field(ge=0, lt=1, description="adaptive: by which the distance must fall")
    minibatch: ImagesPerStep = Field(description="by resolution, over all processes")
    minibatch_base: Annotated[int, Unit("images a step")] = Field(
        gt=0, description="at resolutions that minibatch does not name"
    )
    max_minibatch_per_device: ImagesPerStep = Field(description="most on one device; no entry: no limit")
    minibatch_repeats: Annotated[int, Unit("steps")] = Field(
        gt=0, description="between two looks at the schedule"
    )
    learning_rate: dict[Resolution, Rate] = Field(description="of Adam, by resolution")
    learning_rate_base: float = Field(gt=0, description="at resolutions that learning_rate does not name")
    # loss
    gp_reference: Literal["final", "native"] = Field(
        description="resolution at which the gradient penalty is measured; final: as published"
    )
    loss: Literal["wgan-gp", "logistic-r1"] = Field(description="wgan-gp: as published")
    gp_weight: float = Field(ge=0, description="of the gradient penalty; for logistic-r1: gamma of R1")
    drift_weight: float = Field(ge=0, description="of squared real scores; wgan-gp alone")
    # optimiser and average
    adam_beta1: float = Field(ge=0, lt=1, description="decay of Adam's mean gradient")
    adam_beta2: float = Field(ge=0, lt=1, description="decay of Adam's mean squared gradient")
    adam_epsilon: float = Field(gt=0, description="added to Adam's denominator")
    ema_decay: float = Field(ge=0, lt=1, description="of the averaged generator, per critic step")
    ema_half_life_kimg: Kimg = Field(ge=0, description="instead of ema_decay; 0: ema_decay, as published")
    ema_ramp: Share = Field(
        ge=0, description="of the images shown: the half-life is at most this; 0: no such limit"
    )
    max_skipped_steps: Annotated[int, Unit("steps")] = Field(
        ge=0, description="in a row that may be skipped because gradients are not finite"
    )
    # data
    mirror: bool = Field(description="true: show each image mirrored half of the time")
    augment: Literal["none", "diffaugment"] = Field(
        description="change what the critic sees; diffaugment: for datasets of a few thousand images"
    )
    # how it is computed
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        description="of the convolutions; tf32 needs CUDA"
    )
    compile: bool = Field(description="true: compile each phase once with torch.compile")
    cuda_graphs: bool = Field(description="true: record a phase's step once and replay it; one CUDA device")
    microbatch: Annotated[dict[Resolution, Positive], Unit("images a pass")] = Field(
        description="by resolution, on one device; no entry: all at once"
    )
    resident_gb: Annotated[float, Unit("gigabytes")] = Field(
        ge=0, description="a level of the dataset up to this size is kept on the CUDA device"
    )
    # what is written when
    snapshot_kimg: Kimg = Field(gt=0, description="between two snapshots")
    snapshot_s: Seconds = Field(gt=0, description="at most until latest.safetensors is renewed")
    checkpoint_s: Seconds = Field(gt=0, description="between two checkpoints")
    log_kimg: Kimg = Field(gt=0, description="between two rows of the log")
    grid_s: Seconds = Field(gt=0, description="at most until latest.png is renewed")
    grid_columns: Images = Field(gt=0, description="in a row of a sample grid")
    grid_rows: int = Field(gt=0, description="rows of a sample grid")
    # when the log raises an alarm; docs/reference/training.md
    alarm_after_kimg: Kimg = Field(gt=0, description="for which a slow sign must hold before an alarm")
    alarm_gap_growth: float = Field(
        gt=1, description="alarm: the score gap exceeds its earlier median times this, and alarm_gap_share"
    )
    alarm_gap_share: Share = Field(
        gt=0, description="alarm: of the distance between two images of the dataset"
    )
    alarm_penalty: float = Field(
        gt=1, description="alarm: the gradient norm is off its target by this factor, up or down"
    )
    alarm_stddev: Share = Field(
        ge=0, description="alarm: the samples' standard deviation is below this share of the dataset's"
    )
    alarm_skipped: Share = Field(ge=0, le=1, description="alarm: more steps since the last row were skipped")
