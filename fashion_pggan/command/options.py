"""Types of options that several commands share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from fashion_pggan import paths
from fashion_pggan.command.roles import Keeps, Writes
from fashion_pggan.paths import check_file_to_write, check_folder_to_write, outliving

PARAMS = Path("params.yaml")
RUNS = outliving(paths.RUNS)
DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]+)?")


def at_least(least: int, most: int | None = None) -> Callable[[Any, int | None], None]:
    """A check for options: the number is `least` or more, and `most` at most."""

    def check(kind: Any, value: int | None) -> None:
        if value is not None and (value < least or (most is not None and value > most)):
            raise ValueError(f"give {least} or more" if most is None else f"give {least} to {most}")

    return check


def _is_port(kind: Any, value: int) -> None:
    if not 0 <= value < 65536:
        raise ValueError("give 1 to 65535, or 0 for a free one")


def _is_device(kind: Any, value: str) -> None:
    if not DEVICE.fullmatch(value):
        raise ValueError("give auto, cpu, cuda or cuda:N")


def _is_file_to_write(kind: Any, value: Path | None) -> None:
    if value is not None:
        check_file_to_write(value)


def _is_folder_to_write(kind: Any, value: Path | None) -> None:
    if value is not None:
        check_folder_to_write(value)


Port = Annotated[int, Parameter(validator=_is_port)]
Count = Annotated[int, Parameter(validator=at_least(1))]
OptionalCount = Annotated[int | None, Parameter(validator=at_least(1))]
OptionalSeed = Annotated[int | None, Parameter(validator=at_least(0))]
Device = Annotated[str, Parameter(validator=_is_device)]
# A role behind one of these counts in its place: Annotated[OutputFile, Writes("images", "kept")].
OutputFile = Annotated[Path, Parameter(validator=_is_file_to_write), Writes()]
OptionalOutputFile = Annotated[Path | None, Parameter(validator=_is_file_to_write), Writes()]
OutputFolder = Annotated[Path, Parameter(validator=_is_folder_to_write), Keeps]
OptionalOutputFolder = Annotated[Path | None, Parameter(validator=_is_folder_to_write), Keeps]
