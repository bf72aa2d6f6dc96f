"""Where things are kept."""

from pathlib import Path

from fashion_pggan.paths import outliving, to_type


def test_in_a_temporary_clone_of_dvc_runs_are_those_of_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert outliving(Path("runs/train")) == Path("runs/train")
    clone = tmp_path / ".dvc/tmp/exps/tmp1234"
    (clone / "data").mkdir(parents=True)
    for place in (clone, clone / "data"):
        monkeypatch.chdir(place)
        assert outliving(Path("runs/train")) == tmp_path / "runs/train"
    monkeypatch.chdir(clone.parent)
    assert outliving(Path("runs/train")) == Path("runs/train")


def test_a_folder_that_was_deleted_is_no_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert outliving(Path("runs")) == Path("runs")


def test_a_command_can_be_pasted_and_names_an_unusual_folder_of_runs():
    assert to_type("fashion-pggan runs list", runs=Path("runs/train")) == "fashion-pggan runs list"
    typed = to_type("fashion-pggan runs remove", "a b", runs=Path("셔츠/it's"))
    assert typed == "fashion-pggan runs remove 'a b' --runs '셔츠/it'\"'\"'s'"
