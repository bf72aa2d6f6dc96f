"""The weekly flow: new images in; the better of the best model and one trained on them is kept."""

import filecmp
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from fashion_pggan.command.lifetime import end_with_starter
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.storage.files import write_text
from fashion_pggan.summary import Summary
from flows.deployed.artifacts import REPORTS, publish
from flows.deployed.grown import TRAINED, has_grown, note_training
from flows.deployed.parameters import Count
from flows.deployed.pipeline import curate, evaluate, generate, patient, train
from flows.reproduction import PARAMS, check_workspace, run_command

BEST = Path("kept/best.safetensors")
NEW = Path("models/networks.safetensors")
CRAWLED = Path("runs/weekly/crawled")  # there until the flow is at its end: a further run crawls no more


@flow(name="fashion-pggan", validate_parameters=True)
def weekly(min_new_images: Count = 0) -> None:
    """Crawl again, curate what is new, train on, and keep the better model; a killed run resumes.

    Args:
        min_new_images: with fewer new images in the dataset since the last training, nothing is trained.
    """
    check_workspace(Path.cwd())
    check_start(load_params(PARAMS).train.start_from)
    if not BEST.is_file():
        keep_better()
    if not TRAINED.is_file():
        note_training()
    crawl_once()
    curate()
    if has_grown(min_new_images):
        train()
        keep_better()
        if filecmp.cmp(NEW, BEST, shallow=False):
            evaluate()
            generate()
            publish(Summary.read(REPORTS))
        note_training()  # last: a run that ends before goes on with what it has trained
    CRAWLED.unlink()


def check_start(start_from: str) -> None:
    """Make sure that training continues from the best model.

    Raises:
        UserError: it would start from something else.
    """
    if start_from != str(BEST):
        raise UserError(
            f"train.start_from is {start_from or 'empty'}: set it to {BEST} in params.yaml, and "
            "train.initial_resolution and train.total_kimg to what a week shows (docs/how-to/grow.md)"
        )


def crawl_once() -> None:
    """Ask the shop again, unless a run that did not reach its end has done so."""
    if CRAWLED.is_file():
        get_run_logger().info(
            "resuming the run that crawled at %s; to crawl again, delete %s",
            CRAWLED.read_text(encoding="utf-8").strip(),
            CRAWLED,
        )
        return
    crawl_again()
    write_text(CRAWLED, datetime.now(UTC).isoformat(timespec="seconds") + "\n")


@flow(name="fashion-pggan-crawl-again")
def crawl_again() -> State[Any]:
    """Search results of a shop to images and records, although nothing of ours has changed."""
    return patient()("crawl", again=True)


@task(name="evaluate keep", cache_policy=NO_CACHE)
def keep_better() -> None:
    """Keep the newest model if it is better than the best so far, or the first.

    Raises:
        UserError: see `run_command`.
    """
    end_with_starter()  # when the process that serves the flows is killed, it does not stop its runs
    where = ["--kept", str(BEST.parent), "--json", str(REPORTS / "better.json")]
    run_command(["evaluate", "keep", str(NEW.parent), "data/curated", *where], get_run_logger().info)
