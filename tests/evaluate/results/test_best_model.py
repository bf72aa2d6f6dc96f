"""The better of two models is kept, and no model is ever lost."""

import json
import shutil

import pytest
import torch

from fashion_pggan.errors import UserError
from generate.sampling.sampler import snapshots_in
from train.model.networks import Architecture, Critic, Generator
from train.saved.snapshot import Origin, read_snapshot, write_snapshot

SHAPE = Architecture(32, 8, 64, 8)


@pytest.fixture
def model(tmp_path, models, dataset):
    """Models whose last snapshot is one of those that are there, with all networks."""

    def write(name, place):
        average, origin = read_snapshot(snapshots_in(models)[place])
        path = tmp_path / name / "networks.safetensors"
        write_snapshot(path, average, origin, {"generator": Generator(SHAPE), "critic": Critic(SHAPE)})
        return path.parent

    return write


@pytest.fixture
def keep(evaluate, tmp_path, dataset):
    def run(folder):
        given = ["--kept", tmp_path / "kept", "--json", tmp_path / "better.json"]
        return evaluate("keep", folder, dataset.folder, *given)

    return run


def test_the_better_model_is_kept_and_the_former_one_stays_beside_it(model, keep, tmp_path):
    models = [model("one", 0), model("two", 2)]
    best = tmp_path / "kept/best.safetensors"
    assert keep(models[0]) == f"kept the first model as {best}\n"
    assert keep(models[0]) == f"{best} is this model already\n"
    assert not (tmp_path / "better.json").exists()
    keep(models[1])
    facts = json.loads((tmp_path / "better.json").read_text())
    if facts["better"] == "former":  # which one is nearer is not the matter here
        models.reverse()
        shutil.rmtree(tmp_path / "kept")
        keep(models[0])
        keep(models[1])
        facts = json.loads((tmp_path / "better.json").read_text())
    assert facts["better"] == "new"
    assert facts["difference"]["SWDx1e3_avg"]["high"] < 0
    former, second = (path / "networks.safetensors" for path in models)
    assert best.read_bytes() == second.read_bytes()
    (stayed,) = (tmp_path / "kept/former").iterdir()
    assert stayed.read_bytes() == former.read_bytes()
    assert f"kept the former model: {best} stays as it is" in keep(models[0])
    assert best.read_bytes() == second.read_bytes()


def test_a_model_that_no_training_could_start_from_is_refused(keep, models, tmp_path):
    with pytest.raises(UserError, match=r"no snapshot at .*networks.safetensors"):
        keep(models)
    with pytest.raises(UserError, match="holds no critic and no generator, so no training could start"):
        keep(snapshots_in(models)[-1])
    assert not (tmp_path / "kept").exists()


def test_two_models_are_compared_by_the_parameters_of_the_training(
    evaluate, models, dataset, write_dataset, tmp_path
):
    printed = evaluate("better", models, snapshots_in(models)[0], dataset.folder)
    assert "none held out (curate.held_out is 0)" in printed
    split = write_dataset(tmp_path / "split", dataset.images(range(64), 32), range(16), 0.25)
    torch.manual_seed(0)
    other = tmp_path / "other.safetensors"
    write_snapshot(other, Generator(SHAPE), Origin(1.0, 0.0, "p", "d", "c"))
    printed = evaluate("better", models, other, split.folder)
    assert "held out (curate.held_out 0.25)" in printed
    assert "difference" in printed
