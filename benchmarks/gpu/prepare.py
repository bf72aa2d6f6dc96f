"""What travels with the checkout: wheels, reference values, photographs at 64 px, parameters.

Runs where there is a network and this program's environment.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.gpu.places import CHECKOUT, Carried

# With the versions of constraints.txt. A machine with PyTorch may hold some of them, too old for the others.
PACKAGES = (
    *("annotated-types", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection"),
    *("simplejpeg", "ruamel-yaml"),
    *("attrs", "cyclopts", "docstring-parser", "rich", "rich-rst"),
)
PYTHON = "3.12"  # of the borrowed machine
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
MOST = 48 << 20  # bytes; the checkout travels beside it, and 64 MiB is all
# One large GPU does the work of eight.
PAPER = ("paper-8gpu", "train.max_minibatch_per_device={}")
# A recorded step is launched at once, so that compiling its 18 parts would cost more than it gives.
TRAINING = (
    "photos",
    *("train.precision=bfloat16", "train.cuda_graphs=true", "train.compile=false", "train.total_kimg=150.0"),
    *("train.stabilise_kimg=8.0", "train.fade_kimg=8.0", "train.snapshot_kimg=25.0", "train.log_kimg=2.0"),
)


def prepare(
    carried: Carried,
    images: Path,
    *,
    python: str = PYTHON,
    paper: tuple[str, ...] = PAPER,
    training: tuple[str, ...] = TRAINING,
) -> int:
    """Empty the folder and fill it; returns the bytes in it.

    Args:
        carried: the folder.
        images: photographs.
        python: version of the borrowed machine's.
        paper: a preset and settings, whose levels are timed.
        training: the same of the training on photographs.
    """
    if not any(images.glob("*")):
        sys.exit(f"error: no photographs in {images}: give a folder of images, as in gpu.sh --prepare IMAGES")
    shutil.rmtree(carried.folder, ignore_errors=True)
    carried.wheels.mkdir(parents=True)
    _download(carried.wheels, python)
    golden = CHECKOUT.parent / "shared" / "golden"
    if golden.is_dir():
        shutil.copytree(golden, carried.shared / "golden", copy_function=shutil.copyfile)
    else:
        print("note: no ../shared/golden here: the tests against reference values will be skipped")
    _preset(carried.paper, *paper)
    _preset(carried.training, *training)
    _curate(images, carried)
    commit = ("git", "describe", "--always", "--dirty", "--abbrev=12")
    carried.commit.write_text(_run(commit).strip() + "\n")
    size = sum(path.stat().st_size for path in carried.folder.rglob("*") if path.is_file())
    print(f"{carried.folder}: {size / 1e6:.0f} MB")
    if size > MOST:
        sys.exit(f"error: {size / 1e6:.0f} MB are too many, {MOST / 1e6:.0f} at most: give fewer photographs")
    return size


def _download(folder: Path, python: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / "constraints.txt").read_text(), re.MULTILINE))
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    wanted = [f"{name}=={pins[name]}" for name in PACKAGES]
    of_python = ("--python-version", python, "--implementation", "cp", *platforms)
    whole = ("--quiet", "--no-deps", "--only-binary=:all:", "-d", str(folder))
    _run((sys.executable, "-m", "pip", "download", *whole, *of_python, *wanted))


def _preset(path: Path, name: str, *settings: str) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    _run((sys.executable, "-m", "fashion_pggan", "use", name, *words, "--out", str(path)))


def _curate(images: Path, carried: Carried) -> None:
    """The photographs at the training's resolution; of the dataset its index and shards alone."""
    beside = carried.folder / "curated"
    params = ("--params", str(carried.training), "--knowledge", str(carried.folder / "known"))
    _run((sys.executable, "-m", "curate", str(images), str(beside), *params))
    index = json.loads((beside / "index.json").read_text())
    carried.photographs.mkdir()
    for path in [beside / "index.json", *beside.glob("r*/*.npy")]:
        target = carried.photographs / path.relative_to(beside)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)
    shutil.rmtree(beside)
    shutil.rmtree(carried.folder / "known", ignore_errors=True)
    print(f"{sum(shard['images'] for shard in index['shards'])} photographs of {index['resolution']} px")


def _run(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, cwd=CHECKOUT, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"error: {' '.join(command[1:4])} … failed:\n{done.stderr[-2000:]}")
    return done.stdout
