"""What a run says of itself to the starts of other runs: what it was trained with, and where that changed."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.params import TrainParams
from fashion_pggan.params.section import Section
from fashion_pggan.program import hash_of
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.hashes import hashed_json, values_of
from fashion_pggan.storage.shards import Dataset
from train.lineage.identity import Differences, differences, worded
from train.lineage.label_names import LABEL_NAMES, label_names_of
from train.processes.ranks import Ranks
from train.saved.checkpoint import newest_state

FILE = "run.json"
# Facts that change no parameter: a run resumes there by itself.
MACHINE = {"torch", "device", "threads", "chosen_precision"}

UNSEEN = "unseen"  # share of all groups of images, by hash, that the run and its start were never shown
OTHER_DATASET = "other_dataset"  # true: the run or its start was shown another version of the dataset

log = logging.getLogger(__name__)


class Change(Section):
    """A place from which a run resumed with changes."""

    images_shown: Annotated[int, Field(ge=0)]  # so far
    before: str  # the run that it resumed; its own name, where the machine changed
    at: str  # UTC
    git_commit: str  # of the program from there on
    changes: dict[str, tuple[Any, Any]]  # by name: before, from there on

    def __str__(self) -> str:
        """For people: `at 4.2 kimg from ab12: train.precision: float32 -> bfloat16`."""
        return f"at {self.images_shown / 1000:g} kimg from {self.before}: {worded(self.changes)}"


class About(Section):
    """The text of `run.json`."""

    format: Literal[1] = 1  # of this file
    identity: dict[str, Any]  # what its name is made of: parameters, dataset, processes, a hash of the code
    facts: dict[str, Any]  # of the dataset and the machine: resolution, images, torch, device, threads
    git_commit: str  # of the program at the last start
    history: list[Change]  # oldest first
    start_from: str = ""  # the parameter: where the weights were that it began with


def facts_of(dataset: Dataset, params: TrainParams, ranks: Ranks) -> dict[str, Any]:
    """The dataset in numbers, its labels, and the machine, which may round otherwise than another."""
    cuda, names = ranks.device.type == "cuda", label_names_of(dataset, params)
    return {
        "resolution": dataset.resolution,
        "images": len(dataset),
        UNSEEN: dataset.held_out_share,
        **({LABEL_NAMES: names} if names else {}),
        "torch": str(torch.__version__),
        "device": torch.cuda.get_device_name(ranks.device) if cuda else ranks.device.type,
        "threads": torch.get_num_threads(),
    }


def continued(before: About, now: About, images_shown: int) -> About:
    """What a run says of itself once it goes on from `before`: its history, with what changes here."""
    history = before.history
    if changes := changes_between(before, now):
        change = Change(
            images_shown=images_shown,
            before=hash_of(before.identity),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            git_commit=now.git_commit,
            changes=changes,
        )
        history = [*history, change]
    start = before.start_from or now.start_from  # its weights may be elsewhere by now
    return unseen_by(before, now).model_copy(update={"history": history, "start_from": start})


def unseen_by(before: About, now: About) -> About:
    """What a run says of itself, with what the one before it was shown; former versions said less."""
    share = now.facts[UNSEEN]
    least = before.facts.get(UNSEEN, share if "chosen_images" in before.identity else 0.0)
    other = before.facts.get(OTHER_DATASET) or before.identity.get("dataset_version") != version_of(now)
    facts = {UNSEEN: min(share, least), **({OTHER_DATASET: True} if other else {})}
    return now.model_copy(update={"facts": now.facts | facts})


def version_of(now: About) -> str:
    """The version of a run's dataset."""
    return str(now.identity["dataset_version"])


def write_about(folder: Path, about: About) -> None:
    """Write `run.json` in one step."""
    write_text(folder / FILE, hashed_json(about.model_dump(mode="json")))


def read_about(path: Path) -> About:
    """What a `run.json` says.

    Raises:
        OSError, ValueError: it is missing or damaged.
    """
    return About.model_validate_json(json.dumps(values_of(read_text(path))))


def about(folder: Path) -> About | None:
    """What the run in a folder says of itself; what its newest checkpoint says where there is no such file.

    Returns:
        None where nothing is said.

    Raises:
        UserError: there is no such file, and the checkpoints are damaged, or say nothing of their run.
    """
    path = folder / FILE
    if path.is_file():
        try:
            return read_about(path)
        except (OSError, ValueError) as error:
            log.warning(
                "%s cannot be read (%s): taking what the newest checkpoint says", path, one_line(error)
            )
    state = newest_state(folder, torch.device("cpu"))
    try:
        return None if state is None else about_in(state)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"the newest checkpoint in {folder} does not say what it was trained with ({one_line(error)}): "
            "take it out of the folder"
        ) from error


def about_in(state: Mapping[str, Any]) -> About:
    """What a checkpoint says of its run; former versions said less.

    Raises:
        ValueError, TypeError, KeyError: it says nothing of the kind.
    """
    if "about" in state:
        return About.model_validate(state["about"])
    return About(identity=state["identity"], facts=state.get("libraries", {}), git_commit="", history=[])


def changes_between(before: About, now: About) -> Differences:
    """What differs between two runs; facts that the earlier one did not write down are taken as equal."""
    facts = {name: value for name, value in now.facts.items() if name != UNSEEN}
    known = {name: before.facts.get(name, value) for name, value in facts.items()}
    return differences(before.identity, now.identity) | differences(known, facts)
