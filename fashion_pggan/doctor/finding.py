"""What was found: a line each."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """Whether something has to be done."""

    OK = "ok"
    NOTE = "note"  # it works, but not for everything, or not as well as it could
    WRONG = "wrong"  # something that params.yaml asks for cannot work


@dataclass(frozen=True)
class Finding:
    """A line of the answer."""

    name: str
    state: State
    found: str  # values
    advice: str = ""  # what to do; empty where nothing has to be done

    def plain(self) -> dict[str, str]:
        """For programs."""
        return {key: str(value) for key, value in asdict(self).items()}

    def text(self, width: int) -> str:
        """For people; a second line says what to do."""
        line = f"{self.state:5}  {self.name:{width}}  {self.found}"
        return f"{line}\n{' ' * (width + 9)}{self.advice}" if self.advice else line


def ok(name: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(name, State.OK, found)


def note(name: str, found: str, advice: str) -> Finding:
    """Worth knowing."""
    return Finding(name, State.NOTE, found, advice)


def wrong(name: str, found: str, advice: str) -> Finding:
    """To be put right."""
    return Finding(name, State.WRONG, found, advice)
