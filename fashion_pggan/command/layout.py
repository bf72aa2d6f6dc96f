"""The layout of help: each name with its meaning beside or below it, wrapped to the terminal."""

import textwrap
from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions

WIDEST = 100  # characters of a line
COLUMN = 24  # where meanings begin


class Layout:
    """Formats help as plain text; the library's plain formatter would break lines twice."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print the commands, or the arguments, or the options."""
        if not panel.entries:
            return
        width = min(console.width, WIDEST)
        lines = [f"{panel.title}:"] if panel.title else []
        for entry in panel.entries:
            lines += _lines_of(entry, width)
        _print(console, "\n".join([*lines, ""]))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print how the command is written."""
        _print(console, f"Usage: {_plain(usage).removeprefix('Usage: ')}\n")

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Print what the command does; indented lines, such as examples, stay as they are."""
        width = min(console.width, WIDEST)
        lines = _plain(description).splitlines()
        _print(
            console, "\n".join(line if line.startswith(" ") else textwrap.fill(line, width) for line in lines)
        )
        _print(console, "")


def _lines_of(entry: HelpEntry, width: int) -> list[str]:
    """An entry in two columns; a long name has a separate line."""
    name = "  " + ", ".join(entry.display_labels_with_metavar)
    begin = f"{name:<{COLUMN}}" if len(name) < COLUMN - 1 else f"{name}\n{'':<{COLUMN}}"
    above, _, last = begin.rpartition("\n")
    meaning = " ".join([_plain(entry.description), *_notes_on(entry)])
    lines = textwrap.wrap(
        meaning, width, initial_indent=last, subsequent_indent=" " * COLUMN, break_on_hyphens=False
    )
    return [above, *lines] if above else lines


def _notes_on(entry: HelpEntry) -> list[str]:
    notes = {"choices": ", ".join(entry.choices or ()), "default": entry.default}
    said = [f"[{name}: {value}]" for name, value in notes.items() if value]
    return [*said, "[required]"] if entry.required else said


def _plain(text: Any) -> str:
    """The characters of a rich text, or of an object that holds one."""
    text = getattr(text, "primary_renderable", text)
    return str(getattr(text, "plain", text) or "").rstrip()


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
