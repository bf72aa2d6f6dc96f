"""A small dataset and small parameters, so that a whole run takes seconds."""

import runpy
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml

from fashion_pggan.params import TrainParams, load_params
from fashion_pggan.storage.shards import Dataset, ShardWriter
from train.growth.schedule import Phase
from train.machine.graphs import Recorded
from train.model.networks import Architecture
from train.model.precision import set_precision
from train.processes.ranks import Ranks
from train.run import Run
from train.step.data import Feed
from train.step.trainer import Rates, Trainer

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Tiny networks gain nothing from two threads, and lose much on a busy machine.

    Another number of threads rounds differently, so the processes that tests start have one too, and the run
    that is shared by all tests is made with one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


def write_dataset(
    folder: Path,
    resolution: int = 16,
    images: int = 40,
    seed: int = 0,
    labels: Sequence[str] = (),
    held_out: Collection[int] = (),
    share: float = 0.0,
) -> Dataset:
    """Images of random flat colours with a little noise, as curation would write them.

    With labels, each image has one in turn, and its colours are the darker the earlier its label is. Of a
    `share`, the images at the places `held_out` are held out.
    """
    folder.mkdir(parents=True)
    writer = ShardWriter(folder, resolution, 16, labels, share)
    random = np.random.default_rng(seed)
    for number in range(images):
        label = number % len(labels) if labels else 0
        share = 255 / max(len(labels), 1)
        low, high = share * label, share * (label + 1)
        level = random.uniform(low, high, 3) + random.normal(0, 8, (resolution, resolution, 3))
        levels = {}
        while level.shape[0] >= 4:
            levels[level.shape[0]] = np.clip(np.rint(level), 0, 255).astype(np.uint8)
            half = level.shape[0] // 2
            level = level.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
        writer.add(levels, labels[label] if labels else "", held_out=number in held_out)
    writer.finish()
    return Dataset(folder)


@pytest.fixture(scope="session")
def labelled(tmp_path_factory) -> Dataset:
    """Of two labels: dark images and bright ones."""
    return write_dataset(tmp_path_factory.mktemp("labelled") / "curated", labels=("dark", "bright"))


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Dataset:
    return write_dataset(tmp_path_factory.mktemp("dataset") / "curated")


@pytest.fixture(scope="session")
def make_dataset():
    """Write another dataset."""
    return write_dataset


@pytest.fixture(scope="session")
def preset() -> TrainParams:
    """Not params.yaml, which a user may have changed."""
    return load_params(REPOSITORY / "presets" / "photos.yaml").train


@pytest.fixture(scope="session")
def params(preset) -> TrainParams:
    """A whole schedule from 4 to 16 px in under a thousand images."""
    return preset.model_copy(
        update={
            "total_kimg": 0.8,
            "stabilise_kimg": 0.15,
            "fade_kimg": 0.15,
            "minibatch": {4: 8, 8: 8, 16: 8},
            "minibatch_base": 8,
            "minibatch_repeats": 2,
            "learning_rate_base": 0.003,
            "ema_decay": 0.995,
            "latent_size": 8,
            "fmap_base": 64,
            "fmap_max": 8,
            "snapshot_kimg": 0.2,
            "log_kimg": 0.1,
            "grid_columns": 4,
            "grid_rows": 2,
            "precision": "float32",
        }
    )


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, dataset, params) -> Run:
    """A run that was never stopped; tests look at it and leave it as it is."""
    alone = Ranks(0, 1, torch.device("cpu"))
    training = Run(tmp_path_factory.mktemp("undisturbed"), dataset, params, alone, "commit")
    training.go()
    return training


@pytest.fixture(scope="session")
def write_params():
    """Write a params file with another train section."""

    def write(path: Path, train: TrainParams) -> None:
        values = load_params(REPOSITORY / "presets" / "photos.yaml").model_dump()
        values["train"] = train.model_dump()
        path.write_text(yaml.safe_dump(values))

    return write


@pytest.fixture(scope="session")
def command_of():
    """The train stage's command line for a project's folder."""

    def command(folder: Path, *more: str) -> list[str]:
        return [
            *(sys.executable, "-m", "train", "run", str(folder / "curated"), str(folder / "models")),
            *("--params", str(folder / "params.yaml"), "--runs", str(folder / "runs")),
            *("--report", str(folder / "train.json"), "--history", str(folder / "training.csv"), *more),
        ]

    return command


@pytest.fixture
def project(tmp_path, params, dataset, write_params) -> Path:
    """A folder with a dataset and parameters."""
    shutil.copytree(dataset.folder, tmp_path / "curated")
    write_params(tmp_path / "params.yaml", params)
    return tmp_path


@pytest.fixture
def command_here(monkeypatch, capsys) -> Callable[..., SimpleNamespace]:
    """Runs `python -m train ARGUMENTS` in this process."""

    def run(*arguments: object) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["train", *map(str, arguments)])
        before, code, message = signal.getsignal(signal.SIGTERM), None, ""
        capsys.readouterr()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of runpy, where a test has imported it
                runpy.run_module("train", run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            code = ended.code
            if isinstance(code, str):  # the interpreter would print it
                code, message = 1, f"{code}\n"
        finally:
            signal.signal(signal.SIGTERM, before)
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code or 0, stdout=said.out, stderr=said.err + message)

    return run


@pytest.fixture
def cuda(gpu) -> Iterator[Ranks]:
    """One process on the CUDA device, which rounds nothing."""
    set_precision("float32")
    yield Ranks(0, 1, gpu)
    set_precision("float32")
    torch.backends.cudnn.benchmark = False  # a run switches it on


@pytest.fixture(scope="session")
def both() -> dict[str, Phase]:
    """A level that stands alone, and one that is faded in."""
    return {
        name: Phase(lod=lod, resolution=16, minibatch=8, learning_rate=0.001)
        for name, lod in (("alone", 0.0), ("fading", 0.3))
    }


@pytest.fixture(scope="session")
def rates() -> Callable[[Phase, Ranks], Rates]:
    """The numbers of a step."""

    def of(phase: Phase, ranks: Ranks) -> Rates:
        numbers = (phase.fade, phase.learning_rate, 0.9)
        return Rates(*(torch.full((), number, device=ranks.device) for number in numbers))

    return of


@pytest.fixture
def gradients(dataset, params, rates):
    """Gradients of critic and generator, on the CPU; of a step on the CPU where no process is given."""

    def of(ranks: Ranks | None, phase: Phase, **changed: object) -> list[torch.Tensor]:
        here, those = ranks or Ranks(0, 1, torch.device("cpu")), params.model_copy(update=changed)
        steps, feed = Trainer(Architecture(16, 8, 128, 16), those, here), Feed(dataset, those, here)
        where = (feed.batch_at(0, phase), rates(phase, here), phase.doublings, phase.fade > 0)
        feed.close()
        return [gradient(*where)[0].cpu() for gradient in (steps.critic_gradient, steps.generator_gradient)]

    return of


@pytest.fixture
def same_as_recorded(cuda, dataset, params, both, rates):
    """Check recorded steps against steps, over a change of phase; whatever recording did is undone."""

    def check(*, compiles: bool) -> None:
        those = params.model_copy(update={"compile": compiles})
        plain, recorded = (Trainer(Architecture(16, 8, 128, 16), those, cuda) for _ in range(2))
        playback, feed = Recorded(recorded), Feed(dataset, those, cuda)
        start = {name: tensor.double().clone() for name, tensor in plain.state().items()}
        for number, name in enumerate(("alone", "alone", "fading", "fading", "alone")):
            phase = both[name]
            where = (feed.batch_at(8 * number, phase), rates(phase, cuda), phase.doublings, phase.fade > 0)
            expected = {name: float(value) for name, value in plain.step(*where).items()}
            actual = {name: float(value) for name, value in playback.step(*where).items()}
            assert actual == pytest.approx(expected, rel=1e-3, abs=1e-4)
        feed.close()
        for name, tensor in plain.state().items():
            # A step left out is 0.31 of the way that five steps move weights, 0.24 of the squares'. Adam's
            # first steps are as long where the gradient is only rounding, so weights differ more.
            apart, moved = (
                float((tensor.double() - other.double()).norm())
                for other in (recorded.state()[name], start[name])
            )
            assert apart <= (0.002 if name.endswith("_square") else 0.2) * moved, name
        assert int(recorded.critic_optimizer.taken) == int(plain.critic_optimizer.taken) == 5

    return check


@pytest.fixture
def train_twice(cuda, tmp_path, dataset, params) -> Callable[[dict[str, object]], None]:
    """Train to the middle, then again to the end; of a shorter run in a rehearsal without a GPU."""
    halves = (0.4, 0.8) if cuda.device.type == "cuda" else (0.2, 0.4)

    def train(changed: dict[str, object]) -> None:
        for total_kimg in halves:
            those = params.model_copy(update={"total_kimg": total_kimg, **changed})
            run = Run(tmp_path, dataset, those, cuda, "commit")
            run.go()
        assert run.images_shown == round(1000 * halves[-1])
        assert run.skipped_steps == 0
        assert (tmp_path / f"snapshots/000000.{run.images_shown}.safetensors").is_file()

    return train
