"""A run at Weights & Biases. Its client reads WANDB_MODE, WANDB_API_KEY, WANDB_DIR, WANDB_ENTITY."""

from collections.abc import Mapping
from pathlib import Path

import wandb

from train.tracking.tracker import Named

STEP = "images_shown"  # the horizontal axis of all charts


class WeightsAndBiases:
    """See `Tracker`.

    Offline, each opening has a folder of its own, so that each holds the whole run.
    """

    def __init__(self, named: Named) -> None:
        quiet = wandb.Settings(  # what it sends of this machine is not the training's
            silent=True,
            console="off",
            disable_git=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
            x_save_requirements=False,
        )
        self.run = wandb.init(
            project=named.project,
            id=named.run,
            name=named.title,
            resume="allow",
            reinit="create_new",
            settings=quiet,
        )
        self.run.config.update({**named.parameters, **named.facts}, allow_val_change=True)
        self.run.define_metric("*", step_metric=STEP)
        self.place = str(Path(self.run.dir).parent if self.run.offline else self.run.url)

    def sent(self, series: str) -> int:
        """See `Tracker`."""
        return int(self.run.summary.get(f"sent/{series}", -1))

    def scalars(self, series: str, images_shown: int, values: Mapping[str, float]) -> None:
        """See `Tracker`."""
        self.run.log({STEP: images_shown, **values, f"sent/{series}": images_shown})

    def image(self, series: str, images_shown: int, path: Path) -> None:
        """See `Tracker`."""
        self.run.log({STEP: images_shown, series: wandb.Image(str(path)), f"sent/{series}": images_shown})

    def close(self, state: str) -> None:
        """See `Tracker`."""
        self.run.finish(exit_code=1 if state == "stopped" else 0)
