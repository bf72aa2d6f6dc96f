"""Shows a stage's progress in Prefect, from the lines that it prints."""

import re
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

LINE = re.compile(r"[a-z][a-z ]*: (\d+)/(\d+) ")  # as fashion_pggan.progress words it


class Watched:
    """Passes lines on, and keeps a progress artifact at the last one that counts.

    A server that does not answer costs a line of progress, not the stage.

    Args:
        stage: its name.
        say: called with each line.
    """

    def __init__(self, stage: str, say: Callable[[str], None]) -> None:
        self.stage, self.say = stage, say
        self._artifact: UUID | None = None

    def line(self, text: str) -> None:
        """Take a line of the stage."""
        self.say(text)
        found = LINE.match(text)
        if found and int(found[2]):
            percent = min(100.0, 100 * int(found[1]) / int(found[2]))
            with suppress(HTTPError, PrefectException), temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
                self._show(round(percent, 1), text)

    def _show(self, percent: float, text: str) -> None:
        if self._artifact is None:
            made = create_progress_artifact(percent, f"fashion-pggan-{self.stage}-progress", text)
            assert isinstance(made, UUID)  # a coroutine in async code alone
            self._artifact = made
        else:
            update_progress_artifact(self._artifact, percent, text)
