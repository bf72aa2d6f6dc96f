"""A folder to work in has all that `dvc repro` needs, and loses nothing of the user's."""

from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from fashion_pggan.program import program_of
from fashion_pggan.project.folder import make_folder_to_work_in

REPOSITORY = Path(__file__).parents[3]


def stages_of(text: str) -> dict[str, dict[str, list[object]]]:
    stages: dict[str, dict[str, list[object]]] = yaml.safe_load(text)["stages"]
    return stages


def test_dvc_knows_the_stages_and_finds_what_they_read(tmp_path: Path) -> None:
    make_folder_to_work_in(tmp_path / "work")
    with Repo(str(tmp_path / "work")) as repository:
        stages = {stage.name: stage for stage in repository.index.stages}
        made = {out.fs_path for stage in stages.values() for out in stage.outs}
        read = {dep.fs_path for stage in stages.values() for dep in stage.deps}
        assert [path for path in read - made if not Path(path).exists()] == []
    there = stages_of((REPOSITORY / "dvc.yaml").read_text())
    assert list(stages) == list(there)
    assert [stage.cmd for stage in stages.values()] == [stage["cmd"] for stage in there.values()]


def test_the_parameters_are_the_demo_s(tmp_path: Path) -> None:
    make_folder_to_work_in(tmp_path)
    assert load_params(tmp_path / "params.yaml") == load_params(REPOSITORY / "presets/demo.yaml")


def test_a_stage_runs_again_when_an_upgrade_changes_what_it_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder_to_work_in(tmp_path)
    before = yaml.safe_load((tmp_path / "program.yaml").read_text())
    changed = "fashion_pggan.project.folder.program_of"
    monkeypatch.setattr(changed, lambda name: "new" if name == "curate" else program_of(name))
    make_folder_to_work_in(tmp_path)
    after = yaml.safe_load((tmp_path / "program.yaml").read_text())
    assert [stage for stage in before if before[stage] != after[stage]] == ["curate"]
    stages = stages_of((tmp_path / "dvc.yaml").read_text())
    assert {name: stage["params"] for name, stage in stages.items()} == {
        name: [name, {"program.yaml": [name]}] for name in before
    }


def test_what_the_user_changed_stays(tmp_path: Path) -> None:
    make_folder_to_work_in(tmp_path)
    for name in ("params.yaml", "dvc.yaml", "overrides.csv", "vocabularies/tops.yaml"):
        (tmp_path / name).write_text("mine")
    make_folder_to_work_in(tmp_path)
    for name in ("params.yaml", "dvc.yaml", "overrides.csv", "vocabularies/tops.yaml"):
        assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["thesis.txt", "program.yaml", "data/raw/1.jpg"])
def test_a_folder_with_other_files_is_refused_and_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("precious")
    with pytest.raises(UserError, match="holds other files: give a new or an empty folder"):
        make_folder_to_work_in(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
