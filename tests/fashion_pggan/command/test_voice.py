"""Several processes of one command tell one error."""

import pytest

from fashion_pggan.command.voice import REPLY, may_speak


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Be another process of the same command, as torchrun lays their files."""

    def become(number, attempt=0):
        folder = tmp_path / f"attempt_{attempt}" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(REPLY, str(folder / "error.json"))

    return become


def test_a_process_alone_tells_every_error(monkeypatch):
    monkeypatch.delenv(REPLY, raising=False)
    assert may_speak()
    assert may_speak()


def test_of_several_processes_the_first_one_tells_its_error_and_the_others_none(process):
    process(2)
    assert may_speak()
    for number in (0, 1, 2):
        process(number)
        assert not may_speak()


def test_processes_that_were_started_again_may_tell_an_error_again(process):
    process(0)
    assert may_speak()
    process(1, attempt=1)
    assert may_speak()


@pytest.mark.parametrize("reply", ["/nowhere/attempt_0/0/error.json", "error.json"])
def test_where_the_processes_share_no_folder_each_tells_its_own(monkeypatch, reply):
    monkeypatch.setenv(REPLY, reply)
    assert may_speak()
    assert may_speak()
