"""The command as a whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fashion_pggan.command.line import call
from fashion_pggan.doctor import diagnosis
from fashion_pggan.doctor.finding import Finding, note, ok, wrong
from fashion_pggan.doctor.programs import answer_of


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def findings(*those: Finding) -> None:
        monkeypatch.setattr(diagnosis, "_findings", lambda folder, params: iter(those))

    return findings


def test_what_is_wrong_ends_the_command_with_status_1(
    found: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    found(ok("git", "2.39"), wrong("keys", "none\x1b[2J", "set them"))
    with pytest.raises(SystemExit) as ended:
        call("doctor")
    assert ended.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ok", "git", "2.39"]
    assert lines[2].strip() == "set them"
    assert "\x1b" not in lines[1]


def test_programs_get_json(found: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    found(note("disk", "little", "free some"))
    call("doctor", "--json")
    [finding] = json.loads(capsys.readouterr().out)
    assert finding == {"name": "disk", "state": "note", "found": "little", "advice": "free some"}


def test_what_stages_know_is_where_it_is_looked_for() -> None:
    assert diagnosis._known(diagnosis.KEYS_OF)("naver_hub") == ("NAVER_API_KEY_ID", "NAVER_API_KEY")
    assert diagnosis._known(diagnosis.KEYS_OF)("demo") == ()
    assert diagnosis._known(diagnosis.SERVER_URL)().startswith("http")
    assert callable(diagnosis._known(diagnosis.SERVER_ANSWERS))
    params = diagnosis._params(Path("params.yaml"))
    assert 10**6 < diagnosis._known(diagnosis.RUN_BYTES)(params) < 10**9


def test_a_program_that_is_missing_or_fails_answers_nothing() -> None:
    assert answer_of(["no-such-program-here"]) is None
    assert answer_of(["false"]) is None
    assert answer_of(["echo", " 1 "]) == "1"
