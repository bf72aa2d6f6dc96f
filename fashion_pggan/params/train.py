"""Section `train` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from fashion_pggan.params.section import (
    FeatureMaps,
    Images,
    Index,
    Kimg,
    LatentSize,
    LocalPath,
    Positive,
    Rate,
    Resolution,
    Seconds,
    Section,
    Share,
    Unit,
    WhenChanged,
)

ImagesPerStep = Annotated[dict[Resolution, Positive], Unit("images a step")]
SAME, ON_REQUEST, OTHER = WhenChanged


class TrainParams(Section):
    """The progressive GAN: networks, loss, schedule. Published values: docs/reference/conformance.md.

    Beside each parameter stands what a run is once it has changed. A run's name is a hash of the parameters
    that make it another one; those added later have a default, at which they do not count.
    """

    seed: Annotated[Index, ON_REQUEST] = Field(
        description="of the weights, the latent vectors and the order of the images"
    )
    resume: Annotated[LocalPath, ON_REQUEST] = Field(
        "", description="the run to resume with other parameters or data, by its name; empty: none"
    )
    start_from: Annotated[LocalPath, OTHER] = Field(
        "",
        description="weights to start from: a run, models or a snapshot that holds its critic; empty: random",
    )
    afresh: Annotated[bool, SAME] = Field(
        default=False,
        description="true: train although DVC lacks the files of the run that it carries",
    )
    total_kimg: Annotated[Kimg, SAME] = Field(
        gt=0, description="to show to the critic, in all; the paper: 8,861.8"
    )
    # networks
    latent_size: Annotated[LatentSize, OTHER] = Field(description="length of a latent vector")
    fmap_base: Annotated[FeatureMaps, OTHER] = Field(
        description="a layer has min(fmap_base / 2^stage, fmap_max) feature maps"
    )
    fmap_max: Annotated[FeatureMaps, OTHER] = Field(description="most feature maps of a layer")
    stddev_group: Annotated[Images, OTHER] = Field(
        gt=0, description="in a group of the minibatch standard deviation"
    )
    labels: Annotated[bool, OTHER] = Field(
        default=False, description="true: learn the dataset's labels too, and generate by label"
    )
    # growing schedule
    initial_resolution: Annotated[Resolution, OTHER] = Field(description="where growing starts")
    stabilise_kimg: Annotated[Kimg, OTHER] = Field(gt=0, description="at each resolution alone")
    fade_kimg: Annotated[Kimg, OTHER] = Field(gt=0, description="for each transition to the next resolution")
    schedule: Annotated[Literal["fixed", "adaptive"], OTHER] = Field(
        description="fixed: as published; adaptive: grow by the measured distance, at the latest when the "
        "fixed schedule would"
    )
    adaptive_kimg: Annotated[Kimg, ON_REQUEST] = Field(
        gt=0, description="adaptive: between two measurements of the distance"
    )
    adaptive_images: Annotated[Images, ON_REQUEST] = Field(
        gt=0, description="adaptive: per set, for one measurement"
    )
    adaptive_patience: Annotated[int, Unit("measurements"), ON_REQUEST] = Field(
        gt=0, description="adaptive: without gain before a transition starts"
    )
    adaptive_gain: Annotated[Share, ON_REQUEST] = Field(
        ge=0, lt=1, description="adaptive: by which the distance must fall"
    )
    minibatch: Annotated[ImagesPerStep, ON_REQUEST] = Field(description="by resolution, over all processes")
    minibatch_base: Annotated[int, Unit("images a step"), ON_REQUEST] = Field(
        gt=0, description="at resolutions that minibatch does not name"
    )
    max_minibatch_per_device: Annotated[ImagesPerStep, ON_REQUEST] = Field(
        description="most on one device; no entry: no limit"
    )
    minibatch_repeats: Annotated[int, Unit("steps"), ON_REQUEST] = Field(
        gt=0, description="between two looks at the schedule"
    )
    learning_rate: Annotated[dict[Resolution, Rate], ON_REQUEST] = Field(description="of Adam, by resolution")
    learning_rate_base: Annotated[float, ON_REQUEST] = Field(
        gt=0, description="at resolutions that learning_rate does not name"
    )
    # loss
    gp_reference: Annotated[Literal["final", "native"], ON_REQUEST] = Field(
        description="resolution at which the gradient penalty is measured; final: as published"
    )
    loss: Annotated[Literal["wgan-gp", "logistic-r1", "rpgan-r1-r2"], ON_REQUEST] = Field(
        description="wgan-gp: as published"
    )
    gp_weight: Annotated[float, ON_REQUEST] = Field(
        ge=0, description="of the gradient penalty; for logistic-r1 and rpgan-r1-r2: gamma of R1 and R2"
    )
    drift_weight: Annotated[float, ON_REQUEST] = Field(
        ge=0, description="of squared real scores; wgan-gp alone"
    )
    label_weight: Annotated[float, ON_REQUEST] = Field(
        1.0, ge=0, description="of the labels' cross-entropy in both losses"
    )
    # optimizer and average
    adam_beta1: Annotated[float, ON_REQUEST] = Field(ge=0, lt=1, description="decay of Adam's mean gradient")
    adam_beta2: Annotated[float, ON_REQUEST] = Field(
        ge=0, lt=1, description="decay of Adam's mean squared gradient"
    )
    adam_epsilon: Annotated[float, ON_REQUEST] = Field(gt=0, description="added to Adam's denominator")
    ema_decay: Annotated[float, ON_REQUEST] = Field(
        ge=0, lt=1, description="of the averaged generator, per critic step"
    )
    ema_half_life_kimg: Annotated[Kimg, ON_REQUEST] = Field(
        ge=0, description="instead of ema_decay; 0: ema_decay, as published"
    )
    ema_ramp: Annotated[Share, ON_REQUEST] = Field(
        ge=0, description="of the images shown: the half-life is at most this; 0: no such limit"
    )
    max_skipped_steps: Annotated[int, Unit("steps"), SAME] = Field(
        ge=0, description="in a row that may be skipped because gradients are not finite"
    )
    # data
    mirror: Annotated[bool, ON_REQUEST] = Field(description="true: show each image mirrored half of the time")
    augment: Annotated[Literal["none", "diffaugment"], ON_REQUEST] = Field(
        description="change what the critic sees; diffaugment: for datasets of a few thousand images"
    )
    # how it is computed
    processes: Annotated[int, Unit("processes"), ON_REQUEST] = Field(
        default=1,
        gt=0,
        description="that train together on this machine, one per GPU; under torchrun its own number counts",
    )
    threads: Annotated[int, Unit("threads"), SAME] = Field(
        default=0,
        ge=0,
        le=1024,
        description="of each process on the CPU; 0: OMP_NUM_THREADS, else as many as cores are free, as seen "
        "at the start and at checkpoints",
    )
    precision: Annotated[Literal["float32", "tf32", "bfloat16", "auto"], ON_REQUEST] = Field(
        description="of the convolutions; tf32 needs CUDA; auto: float32 or bfloat16, as a short measurement "
        "says when the run starts"
    )
    compile: Annotated[bool, ON_REQUEST] = Field(
        description="true: compile each phase once with torch.compile"
    )
    cuda_graphs: Annotated[bool, SAME] = Field(
        description="true: record a phase's step once and replay it; one process on CUDA"
    )
    microbatch: Annotated[dict[Resolution, Positive], Unit("images a pass"), ON_REQUEST] = Field(
        description="by resolution, on one device; no entry: all at once"
    )
    resident_gb: Annotated[float, Unit("gigabytes"), SAME] = Field(
        ge=0, description="a level of the dataset up to this size is kept on the CUDA device"
    )
    # what is written when
    snapshot_kimg: Annotated[Kimg, SAME] = Field(gt=0, description="between two snapshots")
    keep_snapshots: Annotated[int, Unit("snapshots"), SAME] = Field(
        default=0,
        ge=0,
        description="the newest that are kept while training; 0: all, a row of the report each",
    )
    snapshot_s: Annotated[Seconds, SAME] = Field(
        gt=0, description="at most until latest.safetensors is renewed"
    )
    checkpoint_s: Annotated[Seconds, SAME] = Field(gt=0, description="between two checkpoints")
    grace_s: Annotated[Seconds, SAME] = Field(
        default=30.0,
        gt=0,
        description="to save in, once asked to stop; a scheduler's own time until SIGKILL, or less",
    )
    log_kimg: Annotated[Kimg, SAME] = Field(gt=0, description="between two rows of the log")
    grid_s: Annotated[Seconds, SAME] = Field(gt=0, description="at most until latest.png is renewed")
    grid_columns: Annotated[Images, SAME] = Field(gt=0, le=1000, description="in a row of a sample grid")
    grid_rows: Annotated[int, SAME] = Field(gt=0, le=1000, description="rows of a sample grid")
    # when the log raises an alarm; docs/reference/training.md
    alarm_after_kimg: Annotated[Kimg, SAME] = Field(
        gt=0, description="for which a slow sign must hold before an alarm"
    )
    alarm_gap_growth: Annotated[float, SAME] = Field(
        gt=1, description="alarm: the score gap exceeds its earlier median times this, and alarm_gap_share"
    )
    alarm_gap_share: Annotated[Share, SAME] = Field(
        gt=0, description="alarm: of the distance between two images of the dataset"
    )
    alarm_penalty: Annotated[float, SAME] = Field(
        gt=1, description="alarm: the gradient norm is off its target by this factor, up or down"
    )
    alarm_stddev: Annotated[Share, SAME] = Field(
        ge=0, description="alarm: the samples' standard deviation is below this share of the dataset's"
    )
    alarm_skipped: Annotated[Share, SAME] = Field(
        ge=0, le=1, description="alarm: more steps since the last row were skipped"
    )
