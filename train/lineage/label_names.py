"""Whether trained weights know the dataset's labels: the networks see a label's place in the list alone."""

from collections.abc import Sequence

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset

LABEL_NAMES = "label_names"  # fact of a run, in the networks' order; runs of former versions lack it
MOST_NAMED = 20  # labels that an error lists


def label_names_of(dataset: Dataset, params: TrainParams) -> list[str]:
    """The labels that a training learns, in the networks' order; empty where it learns none."""
    return dataset.label_names if params.labels else []


def check_label_names(what: str, theirs: Sequence[str], ours: Sequence[str], parameter: str) -> None:
    """Refuse weights that know other labels, or the same in another order.

    Args:
        what: run or file that the weights are of.
        theirs: labels of the weights, in the networks' order.
        ours: labels of the dataset, in its order.
        parameter: that names the weights.

    Raises:
        UserError: the lists differ.
    """
    if list(theirs) != list(ours):
        raise UserError(
            f"{what} has {_listed(theirs)}, the dataset {_listed(ours)}, and names and order must be the "
            f"same: set curate.labels back and curate again, or leave {parameter} empty to train afresh"
        )


def _listed(names: Sequence[str]) -> str:
    """In words: `2 labels (hoodie, shirt)`."""
    more = ", …" if len(names) > MOST_NAMED else ""
    return f"{len(names)} label{'s' * (len(names) != 1)} ({', '.join(names[:MOST_NAMED])}{more})"
