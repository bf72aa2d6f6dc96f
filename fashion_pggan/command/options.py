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


Count = Annotated[int, Parameter(validator=at_least(1))]
OptionalCount = Annotated[int | None, Parameter(validator=at_least(1))]
OptionalSeed = Annotated[int | None, Parameter(validator=at_least(0))]
