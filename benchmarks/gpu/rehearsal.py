"""Both calls with tiny sizes and without a GPU, in an environment that holds what a borrowed machine does.

What is checked: that every step's program finds what it imports in the checkout, among the carried wheels and
in `benchmarks.gpu.machine.ASSUMED`, that it runs to its end, and that tarball and summary come out of it.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import distribution
from pathlib import Path

from benchmarks.gpu.machine import ASSUMED
from benchmarks.gpu.places import CHECKOUT, Carried
from benchmarks.gpu.prepare import prepare
from benchmarks.gpu.steps import LIMITS

# What the assumed packages need themselves.
BELOW = (
    *("filelock", "fsspec", "mpmath", "networkx", "sympy", "setuptools"),  # torch
    *("contourpy", "cycler", "fonttools", "kiwisolver", "packaging", "pyparsing", "python-dateutil", "six"),
    *("absl-py", "grpcio", "markdown", "protobuf", "tensorboard-data-server", "werkzeug"),  # tensorboard
    *("iniconfig", "markupsafe", "mdurl", "pluggy", "sortedcontainers"),
)
SMALL = ("train.fmap_base=64", "train.fmap_max=8", "train.latent_size=8", "train.minibatch_base=8")
FEW = ("evaluate.images=8", "evaluate.repeats=1", "evaluate.copies_images=4", "evaluate.variation_pairs=4")
SCHEDULE = (
    *("train.total_kimg=0.3", "train.stabilise_kimg=0.05", "train.fade_kimg=0.05", "train.log_kimg=0.1"),
    *("train.snapshot_kimg=0.2", "train.minibatch={}", "curate.resolution=16"),
)


def rehearse() -> bool:
    """Prepare and run both calls; whether every step went well."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        folder = Path(name)
        carried = Carried(folder / "carried")
        _draw(folder / "images")
        settings = ("photos", *SMALL, *FEW, *SCHEDULE)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        paper = (*settings, "curate.resolution=8")
        prepare(carried, folder / "images", python=python, paper=paper, training=settings)
        bare = bare_environment(folder / "bare")
        went_well = [_call(call, bare, carried, folder / "out") for call in LIMITS]
        return all(went_well)


def bare_environment(folder: Path) -> Path:
    """An environment with links to the packages that are assumed, and to nothing else; its Python."""
    venv.create(folder, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for package in (*ASSUMED.values(), *BELOW):
        found = distribution(package)
        for top in {Path(file).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = site / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))).resolve())
    return folder / "bin/python"


def _call(call: str, python: Path, carried: Carried, out: Path) -> bool:
    began = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    done = subprocess.run(
        [python, "-m", "benchmarks.gpu", call, out, "--tiny", carried.folder],
        cwd=CHECKOUT,
        env=kept,
        check=False,
    )
    print(f"call {call} took {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0 and (out / f"call-{call}.tar.gz").is_file()


def _draw(folder: Path) -> None:
    """Images that differ from each other."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(24):
        rough = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
        rough.resize((300, 300), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
