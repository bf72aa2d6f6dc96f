"""A run at MLflow. Its client reads MLFLOW_TRACKING_URI; without it, it writes mlflow.db and mlruns/ here."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from train.tracking.tracker import Named

NAME = "fashion_pggan.run"  # the tag that finds a run
ENDED = {"finished": "FINISHED", "stopped": "KILLED"}  # MLflow's words
LONGEST = 6000  # characters of a parameter


class MLflow:
    """See `Tracker`."""

    def __init__(self, named: Named) -> None:
        self.client = MlflowClient()
        found = self.client.get_experiment_by_name(named.project)
        experiment = found.experiment_id if found else self.client.create_experiment(named.project)
        run = self._found(experiment, named) or self._created(experiment, named)
        self.id, self.tags = run.info.run_id, dict(run.data.tags)
        self.client.log_batch(self.id, tags=[RunTag(name, value) for name, value in named.facts.items()])
        self.client.update_run(self.id, status="RUNNING", name=named.title)
        self.place = f"{self.client.tracking_uri}, experiment {named.project}, run {self.id}"

    def _found(self, experiment: str, named: Named) -> Run | None:
        return next(iter(self.client.search_runs([experiment], f"tags.`{NAME}` = '{named.run}'")), None)

    def _created(self, experiment: str, named: Named) -> Run:
        run = self.client.create_run(experiment, run_name=named.title, tags={NAME: named.run})
        values = {name: json.dumps(value)[:LONGEST] for name, value in named.parameters.items()}
        self.client.log_batch(run.info.run_id, params=[Param(*pair) for pair in values.items()])
        return run

    def sent(self, series: str) -> int:
        """See `Tracker`."""
        return int(self.tags.get(f"sent.{series}", -1))

    def scalars(self, series: str, images_shown: int, values: Mapping[str, float]) -> None:
        """See `Tracker`."""
        now = round(time.time() * 1000)
        metrics = [Metric(name, value, now, images_shown) for name, value in values.items()]
        self.client.log_batch(self.id, metrics=metrics, tags=[self._mark(series, images_shown)])

    def image(self, series: str, images_shown: int, path: Path) -> None:
        """See `Tracker`."""
        self.client.log_artifact(self.id, str(path), series)
        self.client.log_batch(self.id, tags=[self._mark(series, images_shown)])

    def _mark(self, series: str, images_shown: int) -> RunTag:
        self.tags[f"sent.{series}"] = str(images_shown)
        return RunTag(f"sent.{series}", str(images_shown))

    def close(self, state: str) -> None:
        """See `Tracker`."""
        if state in ENDED:
            self.client.set_terminated(self.id, ENDED[state])
