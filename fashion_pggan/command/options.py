"""Types of options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

PARAMS = Path("params.yaml")


def at_least(least: int) -> Callable[[Any, int | None], None]:
    """A check for options: the number is `least` or more."""

    def check(kind: Any, value: int | None) -> None:
        if value is not None and value < least:
            raise ValueError(f"give {least} or more")

    return check


def _is_port(kind: Any, value: int) -> None:
    if not 0 <= value < 65536:
        raise ValueError("give 1 to 65535, or 0 for a free one")


Port = Annotated[int, Parameter(validator=_is_port)]
Count = Annotated[int, Parameter(validator=at_least(1))]
OptionalCount = Annotated[int | None, Parameter(validator=at_least(1))]
OptionalSeed = Annotated[int | None, Parameter(validator=at_least(0))]
