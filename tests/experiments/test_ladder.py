"""The ladder of recipes: valid settings, no trial run twice, a table of what was measured."""

import json
from pathlib import Path

import pytest

from experiments import ladder, trials
from experiments.candidates import CANDIDATES, PUBLISHED
from experiments.table import write_table
from experiments.trials import Trial, make_params, run_trial, settings_of
from fashion_pggan.params import load_params


def _result(name: str, seed: int, average: float) -> dict[str, object]:
    row = {"kimg": 60.0, "SWDx1e3_32": average + 1, "SWDx1e3_avg": average, "ratio_to_floor": average / 10}
    floor = {"kind": "disjoint", "SWDx1e3_32": 11.0, "SWDx1e3_avg": 10.0}
    return {"name": name, "seed": seed, "cpu_s": 120.0, "wall_s": 150.0, "swd": {"last": row, "floor": floor}}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What would have been run."""
    called: list[tuple[str, ...]] = []

    def run(*words: str) -> None:
        called.append(words)
        if words[:2] == ("evaluate", "snapshots"):
            Path(words[4]).mkdir(parents=True)
            (Path(words[4]) / "swd.json").write_text('{"last": {}}')

    monkeypatch.setattr(trials, "run", run)
    return called


@pytest.mark.parametrize("side", ladder.KIMG)
@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_has_valid_parameters_of_its_own(tmp_path: Path, name: str, side: int) -> None:
    images, shared = tmp_path / "it's a, folder", ladder.of_ladder(side, name)
    found = {}
    for each in (PUBLISHED, name):
        make_params(tmp_path / f"{each}.yaml", settings_of(images, side, CANDIDATES[each], shared, 1))
        found[each] = load_params(tmp_path / f"{each}.yaml")
    assert found[name].crawl.shop_images == str(images)
    assert (found[name].curate.resolution, found[name].train.seed) == (side, 1)
    assert found[name] != found[PUBLISHED] or name == PUBLISHED
    assert CANDIDATES[name].helps


def test_other_parameters_are_not_mixed_with_results_that_are_there(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    make_params(params, ["train.seed=1"])
    make_params(params, ["train.seed=1"])
    with pytest.raises(SystemExit, match="holds other parameters"):
        make_params(params, ["train.seed=2"])
    assert load_params(params).train.seed == 1


def test_a_trial_that_has_its_result_is_left_alone(tmp_path: Path, commands: list[tuple[str, ...]]) -> None:
    trial = Trial(PUBLISHED, 0, tmp_path / "trial")
    for _ in range(2):
        run_trial(trial, tmp_path / "params.yaml", tmp_path / "dataset")
    assert [words[:2] for words in commands] == [("train", "run"), ("evaluate", "snapshots")]
    assert json.loads(trial.result.read_text())["name"] == PUBLISHED


def test_a_command_that_fails_ends_the_ladder_with_its_message() -> None:
    with pytest.raises(SystemExit, match=r"(?s)python -m train run nowhere.*nowhere"):
        trials.run("train", "run", "nowhere", "models", "--params", "nowhere.yaml")


def test_the_table_has_a_row_per_candidate_over_its_seeds(tmp_path: Path) -> None:
    for name, seed, average in ((PUBLISHED, 0, 20.0), (PUBLISHED, 1, 30.0), ("native", 0, 15.0)):
        folder = tmp_path / f"{name}-{seed}"
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps(_result(name, seed, average)))
    assert write_table(tmp_path).startswith("3 trainings")
    rows = (tmp_path / "table.md").read_text().splitlines()
    assert rows[0] == "| candidate | seeds | kimg | 32 | avg | times the floor | minutes of CPU |"
    assert rows[2].startswith(
        "| `published` | 2 | 60 | 26.0 (21.0 to 31.0) | 25.0 (20.0 to 30.0) | 2.50 (2.00 to 3.00) |"
    )
    assert rows[3] == "| `native` | 1 | 60 | 16.0 | 15.0 | 1.50 | 2.0 |"
    assert rows[4] == "| floor |  |  | 11.0 | 10.0 | 1 |  |"
    assert rows[6].startswith("- `published`: ")
