"""A run's rows: a CSV of its history and TensorBoard's event files. Checkpoints hold the rows, too."""

import csv
import hashlib
import io
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from fashion_pggan.storage.bounded.plain_file import LONGEST_ROW, lines_in
from fashion_pggan.storage.files import naming, write_text
from fashion_pggan.storage.outputs import MARK_IN, WRITTEN_BY
from fashion_pggan.storage.shards import Images

CHECK = "check"  # column of a run's own file
EVENTS = "events.out.tfevents."  # begins the name of each file of TensorBoard's

SEARCHED = 1 << 20  # bytes at the start of an event file, in which the first text is

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """The means over a stretch of the run that ends at `kimg`; docs/reference/training.md explains each."""

    kimg: float  # thousand images shown to the critic
    lod: float  # level of detail: 0 at the final resolution
    resolution: int  # pixels
    minibatch: int  # images per step, over all processes
    learning_rate: float
    critic_loss: float
    generator_loss: float
    score_real: float
    score_fake: float
    penalty_norm: float  # gradient norm over its target; 1 is where the penalty is zero
    skipped_steps: int  # since the run began
    images_per_s: float
    score_gap: float = math.nan  # real minus fake
    sample_stddev: float = math.nan  # over images of fixed latents, as share of the dataset's own
    s_per_kimg: float = math.nan
    alarms: str = ""  # names of those that hold, separated by blanks

    def cells(self) -> dict[str, str]:
        """As text, by column."""
        return {
            name: f"{value:.7g}" if isinstance(value, float) else str(value)
            for name, value in asdict(self).items()
        }

    @classmethod
    def of(cls, cells: Mapping[str, str]) -> "Row":
        """The row of what `cells` returned; columns that early versions did not write get a default."""
        known = [field for field in fields(cls) if field.name in cells]
        return cls(**{field.name: field.type(cells[field.name]) for field in known})  # type: ignore[operator]  # types, not names of types


COLUMNS = [*(field.name for field in fields(Row)), CHECK]
# the chart of a column in TensorBoard: heading and name
TAGS = {
    "critic_loss": "loss/critic",
    "generator_loss": "loss/generator",
    "score_real": "score/real",
    "score_fake": "score/fake",
    "score_gap": "score/gap",
    "penalty_norm": "critic/penalty_norm",
    "sample_stddev": "samples/stddev",
    "lod": "schedule/lod",
    "resolution": "schedule/resolution",
    "minibatch": "schedule/minibatch",
    "learning_rate": "schedule/learning_rate",
    "images_per_s": "speed/images_per_s",
    "s_per_kimg": "speed/s_per_kimg",
    "skipped_steps": "steps/skipped",
}


class History:
    """A run's rows, each written to disk at once; a resumed run removes the rows that it will repeat.

    Args:
        folder: the run's own.
        images_shown: where the run stands; TensorBoard counts steps in images shown.
        saved: what `text` returned before; it brings back the rows that the file has lost.
    """

    def __init__(self, folder: Path, images_shown: int, saved: str = "") -> None:
        self.path = folder / "training.csv"
        found = rows_of(self.path)
        there = {row.kimg: row for row in found if row}
        back = {row.kimg: row for row in rows_in(saved.splitlines()) if row and row.kimg not in there}
        rows = sorted({**there, **back}.items())
        self.rows = [row for kimg, row in rows if kimg <= images_shown / 1000]
        if back or None in found:
            log.warning(
                "%s: %d of %d lines are damaged; %d rows come back from the checkpoint",
                self.path,
                found.count(None),
                len(found),
                len(back),
            )
            write_rows(self.path, self.rows, checks=True)
        again_from = images_shown + 1 if images_shown else 0  # rows at this very position are kept
        self.events = folder / "tensorboard"
        _read_before_now(self.events)
        with naming(self.events):
            self.board = SummaryWriter(str(self.events), purge_step=again_from)

    def add(self, row: Row, others: Mapping[str, float]) -> None:
        """Append a row to the file and to TensorBoard, there with further values by their tags."""
        self.rows.append(row)
        write_rows(self.path, self.rows, checks=True)
        values = {tag: float(getattr(row, name)) for name, tag in TAGS.items()}
        with naming(self.events):
            for tag, value in {**values, **others}.items():
                self.board.add_scalar(tag, value, round(row.kimg * 1000))
            self.board.flush()  # rows before a checkpoint must survive the process

    def text(self) -> str:
        """All rows, for a checkpoint."""
        return text_of(self.rows, checks=True)

    def show(self, name: str, sheet: Images, images_shown: int) -> None:
        """Add an image (h, w, 3) to TensorBoard."""
        with naming(self.events):
            self.board.add_image(name, sheet, images_shown, dataformats="HWC")

    def say(self, name: str, text: str, images_shown: int) -> None:
        """Add a text (Markdown) to TensorBoard; its file names this program from the first one on."""
        with naming(self.events):
            self.board.add_text(name, f"{text}\n\n{WRITTEN_BY}", images_shown)
            self.board.flush()  # a killed run's file is known as ours

    def close(self) -> None:
        """Flush TensorBoard's files."""
        with naming(self.events):
            self.board.close()


def wrote_events(path: Path) -> bool:
    """Whether a file is one of TensorBoard's that this program wrote.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(SEARCHED)
    return b"brain.Event:" in start[:64] and MARK_IN in start


def _read_before_now(board: Path) -> None:
    """Rename event files that TensorBoard would read after one that is opened now.

    It reads them in the order of their names, which begin with the second in which they were opened, and
    each removes the steps it repeats from those before it. Another machine's clock may be ahead of ours.
    """
    files = sorted(board.glob(f"{EVENTS}*"))
    if files and files[-1].name >= f"{EVENTS}{int(time.time()):010d}":
        for number, file in enumerate(files):
            file.rename(file.with_name(f"{EVENTS}{number:010d}.earlier"))


def read_rows(path: Path) -> list[Row]:
    """The rows in a CSV, without damaged ones, which the log mentions; none if there is no file."""
    rows = rows_of(path)
    if broken := rows.count(None):
        log.warning("%s: %d of %d rows are not what was written, and are left out", path, broken, len(rows))
    return [row for row in rows if row is not None]


def rows_of(path: Path) -> list[Row | None]:
    """The rows in a CSV, with None for each damaged line; none if there is no file."""
    if not path.is_file():
        return []
    return rows_in(line.decode("utf-8-sig", "replace") for line in lines_in(path, LONGEST_ROW))


def rows_in(lines: Iterable[str]) -> list[Row | None]:
    """The rows in the lines of a CSV, with None for each damaged line.

    Each line is read by itself, so that damage to one, to the header too, loses no other.
    """
    first, *rest = [line.rstrip("\r\n").split(",") for line in lines] or [COLUMNS]
    known = set(first) <= set(COLUMNS)
    headers = [COLUMNS, first] if known else [COLUMNS]
    rows = [next(filter(None, (_whole_row(header, line) for header in headers)), None) for line in rest]
    return rows if known else [None, *rows]


def _whole_row(header: Sequence[str], line: Sequence[str]) -> Row | None:
    """The row in a line; None if the line is damaged, or of another header. Early versions wrote no check."""
    try:
        cells = dict(zip(header, line, strict=True))
        row = Row.of(cells)
    except (ValueError, TypeError):
        return None
    said = cells.get(CHECK, _check_of(row))
    return row if said == _check_of(row) else None


def _check_of(row: Row) -> str:
    return hashlib.sha256(",".join(row.cells().values()).encode()).hexdigest()[:16]


def write_rows(path: Path, rows: Iterable[Row], *, checks: bool = False) -> None:
    """Write rows as CSV, in one step; with `checks`, each with a part of its hash."""
    write_text(path, text_of(rows, checks=checks))


def text_of(rows: Iterable[Row], *, checks: bool) -> str:
    """Rows as CSV; with `checks`, each with a part of its hash."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS if checks else COLUMNS[:-1], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells() | ({CHECK: _check_of(row)} if checks else {}) for row in rows)
    return text.getvalue()
