"""What the classifiers' outcomes say: scores with intervals over seeds, and what generated images are worth.

Sources: Ravuri and Vinyals 2019, Classification Accuracy Score (train on generated images, test on real ones;
also on both together); Shmelkov, Schmid and Alahari 2018, How good is my GAN? (the same as GAN-train, and
GAN-test: train on real images, test on generated ones).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluate.worth.confusion import Confusion
from evaluate.worth.labelled_parts import Parts
from evaluate.worth.spread import Mean, mean_of, ratio_of, share_of
from evaluate.worth.trials import GENERATED, REAL, Outcomes, Trial
from fashion_pggan.params import EvaluateParams

REAL_TO_REAL, GAN_TRAIN, GAN_TEST = "real to real", "GAN-train", "GAN-test"
DIGITS = 4


@dataclass(frozen=True)
class Score:
    """One row of the table: classifiers of several seeds, trained and tested alike."""

    name: str
    trained_on: str
    tested_on: str
    tables: Sequence[Confusion]  # one per seed

    @property
    def balanced(self) -> Mean:
        """Balanced accuracy."""
        return share_of([table.balanced for table in self.tables])

    @property
    def accuracy(self) -> Mean:
        """The share of right labels."""
        return share_of([table.accuracy for table in self.tables])

    @property
    def majority(self) -> float:
        """The accuracy of always giving the most frequent label of the test."""
        return self.tables[0].majority

    @property
    def over_majority(self) -> Mean:
        """Accuracy above that of always giving the most frequent label."""
        return mean_of([table.accuracy - table.majority for table in self.tables])

    @property
    def gains(self) -> list[float]:
        """Balanced accuracy above that of guessing, by seed."""
        return [table.gain for table in self.tables]

    @property
    def total(self) -> npt.NDArray[np.int64]:
        """The tables of all seeds, added up: (labels, labels)."""
        total: npt.NDArray[np.int64] = np.sum([table.counts for table in self.tables], axis=0)
        return total

    @property
    def recalls(self) -> npt.NDArray[np.float64]:
        """The share of each label's images that get it, as a mean over seeds: (labels,)."""
        shares: npt.NDArray[np.float64] = np.mean([table.recalls for table in self.tables], axis=0)
        return shares

    def facts(self) -> dict[str, Any]:
        """The row for JSON."""
        return {
            "trained_on": self.trained_on,
            "tested_on": self.tested_on,
            "balanced_accuracy": self.balanced.plain(),
            "gain_over_guessing": mean_of(self.gains).plain(),
            "accuracy": self.accuracy.plain(),
            "majority": round(self.majority, DIGITS),
            "gain_over_majority": self.over_majority.plain(),
        }


@dataclass(frozen=True)
class Added:
    """Classifiers trained on a share of the real images, without and with all generated ones."""

    share: float
    alone: Score
    both: Score

    @property
    def difference(self) -> Mean:
        """What the generated images add to balanced accuracy, seed by seed."""
        pairs = zip(self.alone.tables, self.both.tables, strict=True)
        return mean_of([both.balanced - alone.balanced for alone, both in pairs])


@dataclass(frozen=True)
class Scores:
    """All scores of a dataset, and of a snapshot if there is one."""

    parts: Parts
    params: EvaluateParams
    side: int  # pixels
    outcomes: Outcomes

    @property
    def real(self) -> Score:
        """Trained on real images, tested on held-out ones."""
        return self._held_out(REAL_TO_REAL, REAL)

    @property
    def generated(self) -> Score | None:
        """GAN-train, the classification accuracy score; None without a generator."""
        return self._held_out(GAN_TRAIN, GENERATED) if GENERATED in self.outcomes.held_out else None

    @property
    def of_generated(self) -> Score | None:
        """GAN-test; None without a generator."""
        tables = self.outcomes.generated
        return Score(GAN_TEST, self._on(REAL), "generated images", tables) if tables else None

    @property
    def added(self) -> list[Added]:
        """Real images with generated ones against real images alone, the smallest share first."""
        both = sorted(trial.share for trial in self.outcomes.held_out if trial.generated and trial.share)
        return [
            Added(
                share,
                self._held_out(f"{share:.0%} real", Trial(share, generated=False)),
                self._held_out(f"{share:.0%} real + generated", Trial(share, generated=True)),
            )
            for share in both
        ]

    @property
    def rows(self) -> list[Score]:
        """The table: everything that was trained, each row once."""
        alone = [
            self._held_out(f"{trial.share:.0%} real", trial)
            for trial in self.outcomes.held_out
            if not trial.generated and trial != REAL
        ]
        return [*self.named.values(), *alone, *(each.both for each in self.added)]

    @property
    def named(self) -> dict[str, Score]:
        """Those that have a name in the literature, by their key in JSON."""
        found = {"real_to_real": self.real, "gan_train": self.generated, "gan_test": self.of_generated}
        return {name: score for name, score in found.items() if score}

    @property
    def kept(self) -> Mean | None:
        """The gain over guessing by generated images, over that by as many real ones.

        None without a generator, or if real images give no clear gain.
        """
        return ratio_of(self.generated.gains, self.real.gains) if self.generated else None

    @property
    def worst(self) -> int | None:
        """The place of the label that loses most by generated images; None without a generator."""
        if self.generated is None:
            return None
        return int((self.generated.recalls - self.real.recalls).argmin())

    def facts(self) -> dict[str, Any]:
        """What `dvc metrics` shows."""
        return {
            "labels": len(self.parts.labels),
            "seeds": self.params.classifier_seeds,
            **{name: score.facts() for name, score in self.named.items()},
            "kept": self.kept and self.kept.plain(),
            "added": {f"{each.share:g}": each.difference.plain() for each in self.added},
            "worst": None if self.worst is None else self.parts.labels[self.worst],
            "left_out": {
                label: {"training": shown, "held_out": hidden}
                for label, (shown, hidden) in self.parts.left_out.items()
            },
        }

    def table(self) -> dict[str, Any]:
        """Every row and the confusions, as evaluation.json holds them."""
        return {
            "side": self.side,
            "kimg": self.params.classifier_kimg,
            "rows": [{"name": score.name, **score.facts()} for score in self.rows],
            "labels": [
                {
                    "label": label,
                    "training": len(self.parts.training[label]),
                    "held_out": len(self.parts.held_out[label]),
                    **{
                        name: round(float(score.recalls[place]), DIGITS) for name, score in self.named.items()
                    },
                }
                for place, label in enumerate(self.parts.labels)
            ],
            "confusions": {name: score.total.tolist() for name, score in self.named.items()},
        }

    def _held_out(self, name: str, trial: Trial) -> Score:
        tables = self.outcomes.held_out[trial]
        return Score(name, self._on(trial), "held-out real images", tables)

    def _on(self, trial: Trial) -> str:
        counts = [len(mine) for mine in self.parts.training.values()]
        real = sum(max(1, round(trial.share * count)) for count in counts) if trial.share else 0
        said = [f"{real:,} real"] if real else []
        return " + ".join([*said, *([f"{sum(counts):,} generated"] if trial.generated else [])])
