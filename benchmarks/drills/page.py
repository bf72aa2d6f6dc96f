"""The reliability table as a page: new rows take the place of their former ones, the others stay."""

from collections.abc import Iterable, Sequence

PAGE = """# Drills

`make drills` harms a small pipeline on purpose and compares the results with those of an undisturbed run.
`python -m benchmarks.drills NAME ... --write docs/reference/drills.md` runs some of them and replaces their
rows.

- **lost**: trials in which a file that a stage reads was gone or changed afterwards.
- **silent**: trials in which a command ended with status 0 and another result. Nothing may be.
- **said**: the last line of the harmed run, with numbers as N; *killed*: it could say nothing.
- **next run**: what the same command did when it was given again without the harm.
- **taken**: the day, and the commit that ran.

*verify names it*: `fashion-pggan verify` ends with status 1 and the path of the harmed file.
A foreign file is one of the user's, put into a folder that a stage writes.
*SIGTERM* comes whenever the log of a training has a new row, to the process that a person would stop, or to
all of them; 30 s later comes SIGKILL.

A power cut is simulated: the stage is killed, and each file loses what Python had not synced. Renames stay.
The clock is Python's. Full disks are mounts of their own (tmpfs).

"""
HEADS = ("drill", "tries", "lost", "silent", "said", "next run", "taken")


def head() -> str:
    """The first two lines of the table."""
    return f"{line(HEADS)}\n{line(['---'] * len(HEADS))}"


def line(cells: Sequence[str]) -> str:
    """A row of the table."""
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def page(rows: Iterable[str], former: str = "") -> str:
    """The page with these rows; rows of a former page that have no new one stay where they are."""
    merged = {_drill(row): row for row in former.splitlines() if row.startswith("| ")}
    for name in (HEADS[0], "---"):
        merged.pop(name, None)
    merged |= {_drill(row): row for row in rows}
    return PAGE + "\n".join([head(), *merged.values()]) + "\n"


def _drill(row: str) -> str:
    return row.removeprefix("| ").partition(" | ")[0]
