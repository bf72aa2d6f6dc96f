"""Datasets and models small enough to measure in a moment."""

import warnings
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import generate.stage
from fashion_pggan.command.line import call
from fashion_pggan.images.grid import write_grid
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.storage.shards import Dataset, ShardWriter
from train.model.networks import Architecture, Generator
from train.saved.snapshot import Origin, snapshot_path, write_snapshot

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def params() -> EvaluateParams:
    return load_params(REPOSITORY / "presets" / "photos.yaml").evaluate.model_copy(
        update={
            "images": 24,
            "patches_per_image": 32,
            "repeats": 2,
            "directions": 64,
            "minibatch": 16,
            "variation_pairs": 8,
            "copies_images": 8,
        }
    )


@pytest.fixture(scope="session")
def write_dataset() -> Callable[..., Dataset]:
    def write(
        folder: Path,
        images: np.ndarray,
        held_out: Collection[int] = (),
        share: float = 0.0,
        labels: Sequence[str] = (),
    ) -> Dataset:
        folder.mkdir(parents=True)
        resolution, names = images.shape[1], sorted({*labels} - {""})
        writer = ShardWriter(folder, resolution, shard_images=32, label_names=names, held_out=share)
        for number, image in enumerate(images):
            levels, level = {}, image.astype(float)
            while level.shape[0] >= 4:
                levels[level.shape[0]] = np.rint(level).astype(np.uint8)
                half = level.shape[0] // 2
                level = level.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
            writer.add(levels, labels[number] if labels else "", held_out=number in held_out)
        writer.finish()
        return Dataset(folder)

    return write


@pytest.fixture(scope="session")
def dataset(tmp_path_factory, write_dataset, make_images) -> Dataset:
    return write_dataset(tmp_path_factory.mktemp("evaluate") / "curated", make_images(64, 32, seed=0))


@pytest.fixture(scope="session")
def models(tmp_path_factory, dataset) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for images_shown, lod in ((0, 3.0), (5_000, 0.5), (9_000, 0.0)):
        torch.manual_seed(images_shown)
        origin = Origin(images_shown / 1000, lod, "params", dataset.version, "commit")
        path = snapshot_path(folder / "snapshots", images_shown)
        write_snapshot(path, Generator(Architecture(32, 8, 64, 8)), origin)
        write_grid(folder / "grids" / f"{path.stem}.png", dataset.images(range(4), 32), 2)
    write_grid(folder / "dataset.png", dataset.images(range(4), 32), 2)
    return folder


@pytest.fixture(scope="session")
def few_patches(tmp_path_factory) -> Path:
    """A params.yaml with which a comparison takes a moment."""
    path = tmp_path_factory.mktemp("params") / "params.yaml"
    settings = yaml.safe_load((REPOSITORY / "presets" / "photos.yaml").read_text())
    settings["evaluate"] |= {"patches_per_image": 32, "repeats": 2, "directions": 64}
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.fixture(scope="session")
def generated(tmp_path_factory, models) -> Path:
    """The same 12 images in each form, each in a folder of that name."""
    folder = tmp_path_factory.mktemp("generated")
    params = load_params(REPOSITORY / "presets" / "photos.yaml").generate
    for form in ("imagefolder", "webdataset", "parquet"):
        chosen = params.model_copy(update={"count": 12, "form": form, "minibatch": 5, "reject_copies": 0.0})
        generate.stage.run(models, folder / form, chosen)
    return folder


@pytest.fixture
def evaluate(capsys, tmp_path, few_patches) -> Callable[..., str]:
    """Run `fashion-pggan evaluate` in this process; what it prints."""

    def run(*arguments: object) -> str:
        given = ["evaluate", *map(str, arguments)]
        if "--params" not in given:
            given += ["--params", str(few_patches)]
        if "--store" not in given:
            given += ["--store", str(tmp_path / "store")]
        call(*given)
        return capsys.readouterr().out

    return run


class _Colours(torch.nn.Module):
    """Mean colours in quarters of an image: a feature network of a few numbers."""

    def forward(self, planes):
        return torch.nn.functional.adaptive_avg_pool2d(planes, 2).flatten(1)


@pytest.fixture
def write_network(tmp_path) -> Callable[[str], Path]:
    """Write a feature network of a few numbers in a file of a kind: pt2, pt or onnx."""

    def write(kind: str) -> Path:
        path = tmp_path / f"network.{kind}"
        example = torch.zeros(2, 3, 32, 32)
        if kind == "pt2":
            sizes = ({0: torch.export.Dim("images")},)
            torch.export.save(torch.export.export(_Colours(), (example,), dynamic_shapes=sizes), path)
        elif kind == "pt":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                torch.jit.save(torch.jit.trace(_Colours(), example), path)
        else:
            import onnx

            value = onnx.helper.make_tensor_value_info
            window = {"kernel_shape": [16, 16], "strides": [16, 16]}
            graph = onnx.helper.make_graph(
                [
                    onnx.helper.make_node("AveragePool", ["x"], ["y"], **window),
                    onnx.helper.make_node("Flatten", ["y"], ["z"]),
                ],
                "colours",
                [value("x", onnx.TensorProto.FLOAT, ["n", 3, 32, 32])],
                [value("z", onnx.TensorProto.FLOAT, ["n", 12])],
            )
            opset = [onnx.helper.make_opsetid("", 17)]
            onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), path)
        return path

    return write
