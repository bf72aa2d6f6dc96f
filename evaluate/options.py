"""The options that all commands of `python -m evaluate` have."""

import argparse
from pathlib import Path

from fashion_pggan.devices import device_of
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.params.preset import cache_of, params_or_shipped


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "--params", type=Path, help="for the section evaluate (default: params.yaml, else the preset paper)"
    )
    parser.add_argument("--seed", type=int, help="instead of evaluate.seed")
    parser.add_argument(
        "--store",
        type=Path,
        default=cache_of("evaluate"),
        help="for what is kept or large (default: runs/evaluate, without a params.yaml the user's cache)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=int, help="threads (default: one per core)")


def params_of(given: argparse.Namespace) -> EvaluateParams:
    """The section evaluate, with the seed that is given; raises UserError for one below 0."""
    params = params_or_shipped(given.params, "evaluate").evaluate
    return params.model_copy(update={"seed": seed_of(given, params)})


def work_of(given: argparse.Namespace) -> Work:
    """Where to compute.

    Raises:
        UserError: there is no such device, or --workers is below 1.
    """
    _check(given, "workers", 1)
    return Work.on(device_of(given.device), given.workers)


def seed_of(given: argparse.Namespace, params: EvaluateParams) -> int:
    """The seed; raises UserError for one below 0, and for --images or --pairs below 1 while at it."""
    _check(given, "seed", 0)
    _check(given, "images", 1)
    _check(given, "pairs", 1)
    return params.seed if given.seed is None else given.seed


def _check(given: argparse.Namespace, name: str, least: int) -> None:
    value = getattr(given, name, None)
    if value is not None and value < least:
        raise UserError(f"--{name} {value}: give {least} or more")
