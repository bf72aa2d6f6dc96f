"""The averaged generator, of which snapshots are taken."""

from fashion_pggan.params import TrainParams


def decay_of(images_shown: int, minibatch: int, params: TrainParams) -> float:
    """The share of the average that a critic step keeps.

    As published it is `ema_decay`, whatever the minibatch. With `ema_half_life_kimg` above zero, old weights
    lose half their share over that many thousand images, or over `ema_ramp` of the images shown if that is
    less.

    Args:
        images_shown: before the step.
        minibatch: images of the step, over all processes.
        params: the train section.
    """
    if not params.ema_half_life_kimg:
        return params.ema_decay
    half_life = params.ema_half_life_kimg * 1000
    if params.ema_ramp:
        half_life = min(half_life, images_shown * params.ema_ramp)
    return float(0.5 ** (minibatch / half_life)) if half_life else 0.0
