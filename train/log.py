"""What a run says about itself: a CSV of its history and TensorBoard's event files."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from fashion_pggan.files import write_text
from fashion_pggan.shards import Pictures


@dataclass(frozen=True)
class Row:
    """The means over a stretch of the run that ends at `kimg`."""

    kimg: float
    lod: float
    resolution: int
    minibatch: int
    learning_rate: float
    critic_loss: float
    generator_loss: float
    score_real: float
    score_fake: float
    penalty_norm: float  # gradient norm over its target
    skipped_steps: int  # since the run began
    images_per_s: float


class History:
    """The rows so far, on disk after each; a resumed run cuts off what it is about to do again."""

    def __init__(self, folder: Path, images_shown: int) -> None:
        self.path = folder / "training.csv"
        self.rows = [row for row in _read(self.path) if float(row["kimg"]) <= images_shown / 1000]
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=images_shown)

    def add(self, row: Row) -> None:
        """Append a row to the file and to TensorBoard (steps are images shown)."""
        values = asdict(row)
        self.rows.append({name: f"{value:.7g}" for name, value in values.items()})
        self.write(self.path)
        for name, value in values.items():
            self.board.add_scalar(f"training/{name}", value, round(row.kimg * 1000))

    def show(self, name: str, sheet: Pictures, images_shown: int) -> None:
        """Add a picture (h, w, 3) to TensorBoard."""
        self.board.add_image(name, sheet, images_shown, dataformats="HWC")

    def write(self, path: Path) -> None:
        """Write all rows as CSV, in one step."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(path, text.getvalue())

    def close(self) -> None:
        """Flush TensorBoard's files."""
        self.board.close()


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
