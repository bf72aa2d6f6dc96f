"""Signs of life: whether the run of a part goes on, has ended, or has lost its worker. Pure."""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from prefect.client.schemas.objects import StateType

HEARTBEAT_S = 30  # seconds between two heartbeats of a run: Prefect's least
SILENT_S = 100.0  # seconds without one: three have not come
STARTING_S = 300.0  # seconds that a worker may take to start a run
MOST_CRASHES = 5  # of one part: then it is not the workers' fault


class Verdict(Enum):
    """What the run of a part needs."""

    WAIT = auto()
    DONE = auto()
    LOST = auto()  # nobody works on it, though the server does not know
    AGAIN = auto()
    ENDED = auto()  # for good, and not well


@dataclass
class Watched:
    """The run of a part, as the flow that waits for it sees it."""

    run: UUID
    sign: tuple[object, ...] = ()  # its state and its last heartbeat
    since: float = 0.0  # when the sign changed last, by the monotonic clock of this machine
    crashes: int = 0
    was_stopping: bool = False  # an earlier run of this flow was stopped, and stops it

    def silence(self, sign: tuple[object, ...], now: float) -> float:
        """Seconds without a new sign of life; clocks of other machines do not count."""
        if sign != self.sign:
            self.sign, self.since = sign, now
        return now - self.since


def verdict_on(state: StateType, silence_s: float, crashes: int, *, was_stopping: bool = False) -> Verdict:
    """What a run needs.

    Args:
        state: of the run, as the server knows it.
        silence_s: seconds without a sign of life.
        crashes: of earlier runs of the same part.
        was_stopping: whether it was being cancelled when the watch began.
    """
    if state is StateType.COMPLETED:
        return Verdict.DONE
    if state is StateType.CRASHED or (state is StateType.CANCELLED and was_stopping):
        return Verdict.AGAIN if crashes + 1 < MOST_CRASHES else Verdict.ENDED
    if state in (StateType.FAILED, StateType.CANCELLED):
        return Verdict.ENDED
    most = {StateType.RUNNING: SILENT_S, StateType.PENDING: STARTING_S}.get(state)
    return Verdict.LOST if most is not None and silence_s > most else Verdict.WAIT
