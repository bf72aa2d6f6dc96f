"""The steps of the two calls: what each runs and for how long at most."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gpu.places import CHECKOUT, Carried

LIMITS = {"1": 440, "2": 390}  # seconds, of a whole call
ALONE, COMPILING = "test_cuda.py", "test_cuda_compiled.py"  # names of the tests that need a GPU


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the smaller values are a rehearsal's."""

    device: str = "cuda"
    swd_images: int = 16384  # per set
    swd_plain: int = 256  # per set, against the plain version
    swd_resolution: int = 512  # pixels
    swd_minibatch: int = 64
    levels: tuple[int, ...] = (512, 256, 128, 64, 32, 16, 8, 4)  # pixels, all of the paper's
    compared: tuple[int, ...] = (512, 64)  # pixels, in each way
    level: int = 256  # pixels, compiled, in the second call
    turn_s: float = 0.6  # seconds
    compiles: bool = True
    patience: int = 1  # times a step's seconds


TINY = Sizes("cpu", 24, 16, 32, 16, (8, 4), (8,), 4, 0.01, compiles=False, patience=4)


@dataclass(frozen=True)
class Step:
    """One program; a step that ends early leaves its time to those that follow."""

    name: str
    seconds: int
    command: tuple[str, ...]  # words after `python -m`


def steps_of(call: str, results: Path, work: Path, carried: Carried, sizes: Sizes) -> list[Step]:
    """The steps of a call, the most important first.

    Args:
        call: 1 or 2.
        results: the folder that comes back.
        work: a folder that does not.
        carried: what travelled.
        sizes: how much is measured.
    """
    if call == "1":
        return [*_first(results, carried, sizes)]
    return [*_second(results, work, carried, sizes)]


def _first(results: Path, carried: Carried, sizes: Sizes) -> Iterator[Step]:
    yield _machine(30)
    yield _tests(60, "tests", results, ALONE)
    yield _swd(60, sizes.swd_images, carried, sizes, "--no-plain")
    yield _levels(100, "levels-graph", results, carried, sizes, ("graph-bf16",), sizes.levels)
    yield _levels(45, "levels-eager", results, carried, sizes, ("eager-bf16",), sizes.compared)
    yield _swd(50, sizes.swd_plain, carried, sizes)
    ways = ("compiled-bf16",) if sizes.compiles else ("eager-bf16",)
    yield _levels(90, "levels-compiled", results, carried, sizes, ways, sizes.compared)


def _second(results: Path, work: Path, carried: Carried, sizes: Sizes) -> Iterator[Step]:
    dataset, params, models = str(carried.photographs), str(carried.training), str(work / "models")
    yield _machine(25)
    training = ("train", "run", dataset, models, "--params", params, "--runs", str(work / "runs"))
    kept = ("--report", str(results / "train.json"), "--history", str(results / "training.csv"))
    yield Step("training", 105, (*training, *kept, "--device", sizes.device))
    measuring = ("evaluate", "snapshots", dataset, models, str(results / "reports"), "--params", params)
    yield Step("evaluation", 65, (*measuring, "--store", str(work / "store"), "--device", sizes.device))
    yield _tests(110, "tests-compiled", results, COMPILING)
    ways = ("compiled-bf16",) if sizes.compiles else ("eager-bf16",)
    yield _levels(80, "level-compiled", results, carried, sizes, ways, (sizes.level,))


def _machine(seconds: int) -> Step:
    return Step("machine", seconds, ("benchmarks.gpu.machine",))


def _tests(seconds: int, name: str, results: Path, files: str) -> Step:
    found = sorted(str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "tests").rglob(files))
    # a library's warning, which another version may give, is no error there
    quiet = ("-m", "gpu", "-v", "-rs", "-W", "default", "-p", "no:cacheprovider")
    return Step(name, seconds, ("pytest", *found, *quiet, f"--junitxml={results / name}.xml"))


def _swd(seconds: int, images: int, carried: Carried, sizes: Sizes, *more: str) -> Step:
    size = ("--images", str(images), "--resolution", str(sizes.swd_resolution))
    read = ("--minibatch", str(sizes.swd_minibatch))
    where = ("--params", str(carried.paper), "--device", sizes.device)
    return Step(f"swd-{images}", seconds, ("benchmarks.swd", *size, *read, *where, *more))


def _levels(
    seconds: int,
    name: str,
    results: Path,
    carried: Carried,
    sizes: Sizes,
    ways: tuple[str, ...],
    levels: tuple[int, ...],
) -> Step:
    where = ("--params", str(carried.paper), "--device", sizes.device, "--seconds", str(sizes.turn_s))
    chosen = ("--levels", *map(str, levels), "--ways", *ways)
    kept = ("--json", str(results / f"{name}.json"))
    return Step(name, seconds, ("benchmarks.train", *where, *kept, *chosen))
