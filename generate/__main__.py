"""`python -m generate SNAPSHOT OUT`: a folder of new pictures, with a manifest that can make each again."""

import argparse
import logging
from pathlib import Path

from pydantic import ValidationError

from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.params import GenerateParams, load_params
from generate import stage
from train.distributed import device_of


def main() -> None:
    """Parse the command line and run the stage."""
    parser = argparse.ArgumentParser(prog="python -m generate", description=__doc__)
    parser.add_argument(
        "snapshot", type=Path, help="a .safetensors file, or a folder of models (its last snapshot)"
    )
    parser.add_argument("out", type=Path, help="folder for the pictures; replaced as a whole")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--count", type=int, help="pictures to make, instead of generate.count")
    parser.add_argument("--seed", type=int, help="instead of generate.seed")
    parser.add_argument("--report", type=Path, help="where to write the facts (JSON)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    arguments = parser.parse_args()
    params = load_params(arguments.params).generate
    for name in ("count", "seed"):
        if getattr(arguments, name) is not None:
            params = _replaced(params, name, getattr(arguments, name))
    count = stage.run(
        arguments.snapshot, arguments.out, params, report=arguments.report, device=device_of(arguments.device)
    )
    logging.getLogger(__name__).info("%d pictures in %s", count, arguments.out)


def _replaced(params: GenerateParams, name: str, value: int) -> GenerateParams:
    try:
        return GenerateParams.model_validate({**params.model_dump(), name: value})
    except ValidationError as error:
        raise UserError(f"--{name} {value}: {error.errors()[0]['msg']}") from error


if __name__ == "__main__":
    run_command(main)
