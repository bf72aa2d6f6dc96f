"""When the run of a part goes on, has ended, or has lost its worker."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import StateType

from flows.deployed.fleet.signs import (
    HEARTBEAT_S,
    MOST_CRASHES,
    SILENT_S,
    STARTING_S,
    Verdict,
    Watched,
    verdict_on,
)


@pytest.mark.parametrize(
    ("state", "silence_s", "crashes", "verdict"),
    [
        ("SCHEDULED", 10**6, 0, Verdict.WAIT),  # more parts than workers
        ("PENDING", STARTING_S, 0, Verdict.WAIT),
        ("PENDING", STARTING_S + 1, 0, Verdict.LOST),
        ("RUNNING", SILENT_S, 0, Verdict.WAIT),
        ("RUNNING", SILENT_S + 1, MOST_CRASHES, Verdict.LOST),
        ("CANCELLING", 10**6, 0, Verdict.WAIT),
        ("COMPLETED", 10**6, MOST_CRASHES, Verdict.DONE),
        ("CRASHED", 0, 0, Verdict.AGAIN),
        ("CRASHED", 0, MOST_CRASHES - 2, Verdict.AGAIN),
        ("CRASHED", 0, MOST_CRASHES - 1, Verdict.ENDED),
        ("FAILED", 0, 0, Verdict.ENDED),
        ("CANCELLED", 0, 0, Verdict.ENDED),
    ],
)
def test_a_run_that_is_silent_is_lost_and_a_crashed_one_is_asked_for_again(
    state: str, silence_s: float, crashes: int, verdict: Verdict
) -> None:
    assert verdict_on(StateType(state), silence_s, crashes) is verdict


def test_a_run_is_silent_from_the_last_new_sign_on() -> None:
    watched = Watched(uuid4())
    assert watched.silence(("state", ""), 1000.0) == 0  # also when the flow itself has just started
    assert watched.silence(("state", ""), 1040.0) == 40
    assert watched.silence(("state", "beat"), 1045.0) == 0
    assert watched.silence(("state", "beat"), 1050.0) == 5
    assert watched.silence(("another", "beat"), 1060.0) == 0
    assert SILENT_S > 3 * HEARTBEAT_S
