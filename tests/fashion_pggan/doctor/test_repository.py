"""Findings about the repository."""

from pathlib import Path

import pytest

from fashion_pggan.doctor import repository
from fashion_pggan.doctor.finding import State
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params

HERE = load_params(Path("params.yaml"))


def crawl(**given):
    return HERE.model_copy(update={"crawl": HERE.crawl.model_copy(update=given)})


def test_keys_are_said_to_be_there_and_never_shown():
    names, found = ("KEY_ID", "KEY"), {"KEY_ID": "me", "KEY": "a secret"}
    finding = repository._keys(crawl(provider="naver_hub", contact="me@example.org"), names, found)
    assert (finding.state, "KEY_ID and KEY are set" in finding.found) == (State.OK, True)
    assert "secret" not in finding.text(9)


@pytest.mark.parametrize(
    ("contact", "found", "named"),
    [
        ("me@example.org", {"KEY_ID": "me", "KEY": ""}, "needs KEY"),
        ("", {"KEY_ID": "a", "KEY": "b"}, "contact"),
    ],
)
def test_what_a_provider_lacks_is_wrong(contact, found, named):
    finding = repository._keys(crawl(provider="naver_hub", contact=contact), ("KEY_ID", "KEY"), found)
    assert finding.state is State.WRONG
    assert named in finding.found


@pytest.mark.parametrize(
    ("listed", "state", "said"),
    [
        ("", State.NOTE, "none"),
        (
            "store s3://me:word@images.example/tops (default)",
            State.OK,
            "s3://images.example/tops (not asked)",
        ),
        ("first s3://one/a\nsecond s3://two/b (default)", State.OK, "second, s3://two/b"),
        ("store /nowhere/at/all", State.WRONG, "/nowhere/at/all is no folder"),
    ],
)
def test_the_default_remote_is_named_without_its_password(listed, state, said):
    finding = repository._remote(listed)
    assert finding.state is state
    assert said in finding.found
    assert "word" not in finding.text(9)


def test_a_remote_in_a_folder_tells_its_room(tmp_path):
    finding = repository._remote(f"store {tmp_path} (default)")
    assert (finding.state, finding.found.endswith("free")) == (State.OK, True)


def test_the_room_that_a_run_needs_is_held_against_the_disk(tmp_path, monkeypatch):
    finding = repository._room(tmp_path, HERE, lambda params: 1000)
    assert finding.state is State.OK
    monkeypatch.setattr(repository, "free_at", lambda folder: 10**6)
    tight = repository._room(tmp_path, HERE, lambda params: 10**6)
    assert tight.state is State.NOTE
    assert "1.0 MB free" in tight.found


def test_without_pytorch_the_room_is_a_note(tmp_path):
    def missing(params):
        raise ImportError("torch")

    assert repository._room(tmp_path, HERE, missing).state is State.NOTE


def test_parameters_that_cannot_be_read_are_wrong_with_their_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(repository, "answer_of", lambda command: None)
    error = UserError("params.yaml: train.total_kmig is not known: remove it")
    *_, finding = repository.of_repository(tmp_path, error, lambda name: (), lambda params: 0)
    assert finding.state is State.WRONG
    assert finding.found == "params.yaml: train.total_kmig is not known"
    assert finding.advice == "remove it"


def test_a_folder_without_git_and_dvc_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(
        repository, "answer_of", lambda command: "git version 2" if len(command) == 2 else None
    )
    monkeypatch.setattr(repository, "which", lambda name: f"/usr/bin/{name}")
    git, dvc = (repository._git(tmp_path), *repository._dvc(tmp_path))
    assert (git.state, git.advice[:12]) == (State.NOTE, "run git init")
    assert (dvc.state, dvc.advice) == (State.NOTE, "run dvc init")
