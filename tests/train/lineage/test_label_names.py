"""Weights know labels by their place alone, so that other names or another order are refused."""

import pytest

from fashion_pggan.errors import UserError
from train import stage
from train.exchange.published import export_official, import_official
from train.lineage.label_names import check_label_names


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_dataset, params):
    """A folder with the runs and models of a short training of two labels."""
    folder = tmp_path_factory.mktemp("labels")
    dataset = make_dataset(folder / "curated", labels=("dark", "bright"))
    short = params.model_copy(update={"labels": True, "total_kimg": 0.05})
    stage.run(dataset.folder, folder / "models", short, runs=folder / "runs", device="cpu")
    return folder, short


def _train(trained, tmp_path, dataset, **changes):
    folder, short = trained
    longer = short.model_copy(update={"total_kimg": 0.1, **changes})
    stage.run(dataset.folder, tmp_path / "models", longer, runs=folder / "runs", device="cpu")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (("bright", "dark"), r"2 labels \(bright, dark\)"),
        (("dark", "light"), r"2 labels \(dark, light\)"),
        (("dark", "bright", "grey"), r"3 labels \(dark, bright, grey\)"),
    ],
)
@pytest.mark.parametrize("parameter", ["resume", "start_from", "start_from models"])
def test_a_training_does_not_go_on_with_other_labels(trained, tmp_path, make_dataset, parameter, now, said):
    (former,) = (trained[0] / "runs").iterdir()
    name, _, models = parameter.partition(" ")
    place = str(trained[0] / "models") if models else former.name
    dataset = make_dataset(tmp_path / "curated", labels=now)
    with pytest.raises(
        UserError,
        match=rf"has 2 labels \(dark, bright\), the dataset {said}, and .* leave train.{name} empty",
    ):
        _train(trained, tmp_path, dataset, **{name: place})
    assert [*(trained[0] / "runs").iterdir()] == [former], "nothing is left behind"


def test_imported_weights_give_their_labels_by_position(trained, tmp_path, make_dataset, caplog):
    weights, snapshot = tmp_path / "weights.npz", tmp_path / "imported.safetensors"
    export_official(trained[0] / "models" / "networks.safetensors", weights)
    import_official(weights, snapshot)
    caplog.set_level("INFO")
    dataset = make_dataset(tmp_path / "curated", labels=("bright", "dark"))
    start = trained[1].model_copy(update={"start_from": str(snapshot)})
    stage.run(dataset.folder, tmp_path / "models", start, runs=tmp_path / "runs", device="cpu")
    assert "has no names of labels: they go by position, the first is bright" in caplog.text


def test_an_error_lists_no_more_labels_than_can_be_read():
    names = [f"n{number}" for number in range(300)]
    with pytest.raises(UserError, match=r"has 300 labels \(n0, .*n19, …\), the dataset 1 label \(n0\)"):
        check_label_names("run", names, names[:1], "train.resume")
