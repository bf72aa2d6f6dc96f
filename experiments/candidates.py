"""Recipes of training that a ladder compares: settings over `presets/photos.yaml`, and when each may help."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One recipe: what it changes of the published method, and of the kimg that all are given."""

    settings: tuple[str, ...]  # section.key=value
    helps: str  # when it may help
    share: float = 1.0  # of the images shown to the others, where an image costs more


PUBLISHED = "published"
SLOW = "train.learning_rate_base=0.0015"
# gamma of the public configuration (github.com/brownvc/R3GAN) for ImageNet at 32 px; for faces at 64 px: 2
PAIRS = ("train.loss=rpgan-r1-r2", "train.gp_reference=native", "train.gp_weight=0.5")
CANDIDATES = {
    PUBLISHED: Candidate((), "the published method: what all others are compared with"),
    "native": Candidate(
        ("train.gp_reference=native",),
        "the gradient penalty is measured at the images' own resolution: a weaker critic at low levels",
    ),
    "logistic": Candidate(
        ("train.loss=logistic-r1", "train.gp_reference=native", "train.gp_weight=0.5"),
        "logistic loss with R1: the critic need not be held to one slope everywhere",
    ),
    "rpgan": Candidate(
        PAIRS, "relativistic pairs with both penalties: against lost modes, and stable without other tricks"
    ),
    "rpgan-slow": Candidate((*PAIRS, SLOW), "the same at half the learning rate"),
    "slow": Candidate((SLOW,), "half the learning rate: long runs, small minibatches"),
    "adaptive": Candidate(
        ("train.schedule=adaptive",), "levels that have stopped improving grow at once: nobody knows how long"
    ),
    "wide": Candidate(
        ("train.fmap_base=1024", "train.fmap_max=128"),
        "twice the feature maps with half the images: much data, long runs",
        share=0.5,
    ),
    "diffaugment": Candidate(
        ("train.augment=diffaugment", SLOW),
        "augmentation at half the learning rate: few images, a long run, a critic that knows them all",
    ),
    "long-average": Candidate(
        ("train.ema_half_life_kimg=5.0", "train.ema_ramp=0.05"),
        "the averaged generator looks back further: noisy steps",
    ),
    "centre": Candidate(("curate.crop=centre",), "the published square, where garments lie in the middle"),
}
