"""`python -m train run DATASET MODELS`: train, or go on; `status`: where a run stands; `export` and more."""

import argparse
import json
from pathlib import Path

from fashion_pggan.command import run_command
from fashion_pggan.params import load_params
from train import stage
from train.exchange.generator_export import FORMS, export
from train.exchange.published import export_official, import_official
from train.record.status import run_status, runs_in, text_of

RUNS = Path("runs/train")


def main() -> None:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="train, or go on where an earlier start left off")
    run.add_argument("dataset", type=Path, help="a curated dataset (data/curated)")
    run.add_argument("models", type=Path, help="folder for snapshots and grids; replaced as a whole")
    run.add_argument("--params", type=Path, default=Path("params.yaml"))
    run.add_argument("--runs", type=Path, default=RUNS, help="where checkpoints live")
    run.add_argument("--report", type=Path, help="where to write the run's facts (JSON)")
    run.add_argument("--history", type=Path, help="where to write the log (CSV)")
    run.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    run.set_defaults(act=_run)
    status = commands.add_parser("status", help="say where a run stands, without touching it")
    status.add_argument("run", type=Path, nargs="?", help="a run's folder; without it, all in --runs")
    status.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(act=_status)
    _add_exchange(commands)
    arguments = parser.parse_args()
    arguments.act(arguments)


def _add_exchange(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    out = commands.add_parser("export", help="write a snapshot's generator for other programs")
    out.add_argument("snapshot", type=Path, help="a .safetensors file")
    out.add_argument("out", type=Path, help="the file to write")
    out.add_argument("--format", choices=sorted(FORMS), required=True)
    out.set_defaults(act=lambda given: export(given.snapshot, given.out, given.format))
    into = commands.add_parser("import-official", help="make a snapshot of the published program's weights")
    into.add_argument("weights", type=Path, help="an .npz with the published variables' names")
    into.add_argument("out", type=Path, help="the snapshot to write (.safetensors)")
    into.set_defaults(act=lambda given: import_official(given.weights, given.out))
    back = commands.add_parser("export-official", help="write a snapshot under the published names")
    back.add_argument("snapshot", type=Path, help="a .safetensors file")
    back.add_argument("out", type=Path, help="the .npz file to write")
    back.set_defaults(act=lambda given: export_official(given.snapshot, given.out))


def _run(arguments: argparse.Namespace) -> None:
    stage.run(
        arguments.dataset,
        arguments.models,
        load_params(arguments.params).train,
        runs=arguments.runs,
        report=arguments.report,
        history=arguments.history,
        device=arguments.device,
    )


def _status(arguments: argparse.Namespace) -> None:
    runs = [arguments.run] if arguments.run else runs_in(arguments.runs)
    standings = [run_status(run) for run in runs]
    if arguments.json:
        print(json.dumps(standings[0] if arguments.run else standings, indent=1))
    else:
        print("\n\n".join(text_of(standing) for standing in standings))


if __name__ == "__main__":
    run_command(main)
