"""Holds a run's snapshots and those of models once on the disk, after DVC has copied them apart.

DVC replaces hard links in its outputs by copies of its cache's objects. Hard links from the run to these
copies share nothing with the cache, so a file that is damaged later is still whole there.
"""

from collections.abc import Iterable
from pathlib import Path

from fashion_pggan.storage.files import hold_once
from fashion_pggan.storage.locks import exclusive, holder_of
from train.travel.run_files import kind_of, names_below

SHARED = ("checkpoints", "snapshots", "images")  # kinds that are only ever replaced as a whole


def share(runs: Path, outputs: Iterable[Path]) -> int:
    """Replace files of runs by hard links to equal files of outputs; a run that is being trained is left out.

    Args:
        runs: folder of runs.
        outputs: models, and what DVC carries of the run behind them.

    Returns:
        Bytes that are free now.
    """
    offered = [
        (output, name) for output in outputs for name in names_below(output) if kind_of(name) in SHARED
    ]
    freed = 0
    for run in sorted(path for path in runs.glob("[!.]*/") if holder_of(path) is None):
        pairs = [(output / name, run / name) for output, name in offered if (run / name).is_file()]
        if pairs:
            with exclusive(run, wait_s=0.0):
                freed += sum(hold_once(*pair) for pair in pairs)
    return freed
