"""The drills: for each, its trials."""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.damage import flip
from benchmarks.drills import harms, outputs, packed, stops, together
from benchmarks.drills.pipeline import STAGES, Pipeline, Stage, ended, start, tree_of
from benchmarks.drills.trials import INPUTS, Harm, Row, Trial, judge, short, try_once, worded

DAY_S = 86_400
LEVELS = 16  # of a disk that is too small
STAGE = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class Kept:
    """A kind of file that lies on a disk, and a command that reads it.

    Args:
        name: for the table.
        files: a pattern below the project.
        reader: the stage that reads them.
        finished: start from the finished project, not from the one before the stage.
        without: what is removed first, so that the stage has work.
    """

    name: str
    files: str
    reader: str
    finished: bool = False
    without: tuple[str, ...] = ()


KEPT = (
    Kept("image in the crawl store", "runs/crawl/shards/*.tar", "crawl", finished=True),
    Kept("record of fetched images", "runs/crawl/fetched.*", "crawl", finished=True),
    Kept("answer of a search", "runs/crawl/plan-*.jsonl", "crawl", finished=True),
    Kept("image in data/raw", "data/raw/shards/*.tar", "curate"),
    Kept("records.parquet in data/raw", "data/raw/records.parquet", "curate"),
    Kept("known facts", "runs/curate/*/**/*.*", "curate", finished=True, without=("data/curated",)),
    Kept("shard, in training", "data/curated/r*/*.npy", "train"),
    Kept("shard, in generation", "data/curated/r*/*.npy", "generate"),
    Kept("shard, in evaluation", "data/curated/r*/*.npy", "evaluate"),
    Kept("index of the dataset", "data/curated/index.json", "train"),
    Kept("checkpoint", "runs/train/*/checkpoint-*.pt", "train", finished=True, without=("models",)),
    Kept("snapshot, in generation", "models/snapshots/*.safetensors", "generate"),
    Kept("snapshot, in evaluation", "models/snapshots/*.safetensors", "evaluate"),
    Kept("known distances and descriptors", "runs/evaluate/*/**/*.*", "evaluate", finished=True),
)


def kills(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Each stage killed at moments spread over its run."""
    for stage in pipeline.chosen:
        moments = [pipeline.seconds[stage.name] * chance.uniform(0, 1) for _ in range(tries)]
        yield Row(
            f"{stage.name} killed",
            [try_once(pipeline, stage, partial(harms.kill, after_s=moment)) for moment in moments],
        )


def power_cuts(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Each stage killed, with the loss of all that it had not synced."""
    for stage in pipeline.chosen:
        cuts: list[Harm] = [
            partial(
                harms.cut_power,
                after_s=pipeline.seconds[stage.name] * chance.uniform(0.4, 1.2),
                zeros=bool(number % 2),
            )
            for number in range(tries)
        ]
        yield Row(f"power cut in {stage.name}", [try_once(pipeline, stage, cut) for cut in cuts])


def disks(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Disks that are too small in 16 ways."""
    for stage in pipeline.chosen:
        (bytes_, _), (size, _) = _growth(pipeline, stage.name)
        limits = [f"size={bytes_ + size * level // LEVELS}" for level in range(LEVELS)]
        yield _limited(pipeline, stage, "full disk", limits)


def inodes(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Disks that hold too few files."""
    for stage in pipeline.chosen:
        (_, before), (_, files) = _growth(pipeline, stage.name)
        limits = [f"nr_inodes={before + 1 + files * level // tries}" for level in range(tries)]
        yield _limited(pipeline, stage, "too few inodes", limits)


def read_only(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Disks that nobody may write to."""
    for stage in pipeline.chosen:
        yield _limited(pipeline, stage, "read-only disk", ["size=1g"], remount="ro")


def _limited(pipeline: Pipeline, stage: Stage, name: str, limits: list[str], remount: str = "") -> Row:
    if not harms.can_limit_disk():
        return Row(f"{name} in {stage.name}: not tried, for this machine allows no mounts", [])
    tried = [partial(harms.limit_disk, options=each, remount=remount) for each in limits]
    return Row(f"{name} in {stage.name}", [_told(try_once(pipeline, stage, each)) for each in tried])


def _growth(pipeline: Pipeline, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    names = [stage.name for stage in STAGES]
    before = harms.space_of(pipeline.before(STAGE[name]))
    later = names.index(name) + 1
    after = harms.space_of(pipeline.finished if later == len(names) else pipeline.before(STAGES[later]))
    return before, (after[0] - before[0], after[1] - before[1])


def _told(trial: Trial) -> Trial:
    return replace(trial, said=short(trial.said))


def flips(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """One bit changed in each kind of file that lies on a disk."""
    for kind in KEPT:
        yield Row(f"one bit in: {kind.name}", [_flip(pipeline, kind, chance) for _ in range(tries)])


def _flip(pipeline: Pipeline, kind: Kept, chance: random.Random) -> Trial:
    stage = STAGE[kind.reader]
    project = pipeline.fresh(pipeline.finished if kind.finished else pipeline.before(stage))
    for name in kind.without:
        shutil.rmtree(project / name)
    files = [path for path in sorted(project.glob(kind.files)) if path.is_file() and path.stat().st_size]
    damaged = chance.choice(files)
    flip(damaged, chance.randrange(8 * damaged.stat().st_size))
    inputs = tree_of(project, INPUTS[stage.name])
    end = ended(start(project, stage))
    silent = end.status == 0 and not pipeline.is_right(project, stage)
    trial = judge(pipeline, project, stage, inputs, worded(end), silent=silent)
    shutil.rmtree(project)
    return trial


def pairs(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Each stage run twice at once."""
    for stage in pipeline.chosen:
        trials = [_told(try_once(pipeline, stage, harms.run_twice)) for _ in range(tries)]
        yield Row(f"{stage.name} twice at once", trials)


def clocks(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Each stage with a clock that jumps a day back or a year ahead while it runs."""
    for stage in pipeline.chosen:
        after_s = pipeline.seconds[stage.name] / 2
        jumps = [partial(harms.jump_clock, after_s=after_s, jump_s=jump) for jump in (-DAY_S, 365 * DAY_S)]
        yield Row(f"clock jumps in {stage.name}", [_told(try_once(pipeline, stage, jump)) for jump in jumps])


def servers(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """The shop killed while it is crawled."""
    stage = STAGE["crawl"]
    moments = [pipeline.seconds["crawl"] * chance.uniform(0.3, 1) for _ in range(tries)]
    trials = [try_once(pipeline, stage, partial(harms.kill_shop, after_s=moment)) for moment in moments]
    yield Row("shop killed while it is crawled", [_told(trial) for trial in trials])


Drill = Callable[[Pipeline, int, random.Random], Iterator[Row]]
DRILLS: dict[str, Drill] = {
    "kills": kills,
    "power": power_cuts,
    "disks": disks,
    "inodes": inodes,
    "read-only": read_only,
    "flips": flips,
    "pairs": pairs,
    "clocks": clocks,
    "servers": servers,
    "marks": outputs.marks,
    "missing": outputs.missing,
    "foreign": outputs.foreign,
    "shards": packed.shards,
    "stops": stops.stops,
    "together": together.together,
}
