"""`python -m train run DATASET MODELS`: train, or go on where an earlier start left off."""

import argparse
from pathlib import Path

from fashion_pggan.command import run_command
from fashion_pggan.params import load_params
from train import stage


def main() -> None:
    """Parse the command line and run the stage."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="train, or go on where an earlier start left off")
    run.add_argument("dataset", type=Path, help="a curated data set (data/curated)")
    run.add_argument("models", type=Path, help="folder for snapshots and grids; replaced as a whole")
    run.add_argument("--params", type=Path, default=Path("params.yaml"))
    run.add_argument("--runs", type=Path, default=Path("runs/train"), help="where checkpoints live")
    run.add_argument("--report", type=Path, help="where to write the run's facts (JSON)")
    run.add_argument("--history", type=Path, help="where to write the log (CSV)")
    run.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    arguments = parser.parse_args()
    stage.run(
        arguments.dataset,
        arguments.models,
        load_params(arguments.params).train,
        runs=arguments.runs,
        report=arguments.report,
        history=arguments.history,
        device=arguments.device,
    )


if __name__ == "__main__":
    run_command(main)
