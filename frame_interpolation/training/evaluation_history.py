"""What a run remembers of its evaluations: its best value, and what it began with.

It is part of the checkpoints, and an evaluation comes before the checkpoint of the same step. So a
run that goes on knows every evaluation up to its step, and finds the same best value as a run that
was never interrupted.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import tensorflow as tf

from frame_interpolation.errors import InputError

STATE_KEY = "evaluations"
PSNR = "psnr"
_BEST_WHEN_HIGH = ("psnr", "ssim")

# Set -> name of the loss -> mean over the triplets.
Scores = Mapping[str, Mapping[str, float]]


@dataclasses.dataclass(frozen=True)
class BestMetric:
    """The metric by which checkpoints are compared.

    Attributes:
      dataset: name of the set.
      loss: name of the loss on it.
    """

    dataset: str
    loss: str

    @property
    def name(self) -> str:
        """As `training.best_metric` has it."""
        return f"{self.dataset}/{self.loss}"

    @property
    def best_when_high(self) -> bool:
        """Whether a higher value is better."""
        return self.loss.removeprefix("k*") in _BEST_WHEN_HIGH

    def is_better(self, value: float, than: float) -> bool:
        """Compares two values; a number is better than none."""
        if math.isnan(value) or math.isnan(than):
            return math.isnan(than) and not math.isnan(value)
        return value > than if self.best_when_high else value < than

    @classmethod
    def parse(
        cls, text: str, *, datasets: Iterable[str], losses: Iterable[str]
    ) -> "BestMetric | None":
        """Reads `training.best_metric`.

        Args:
          text: `SET/LOSS`, or '' for none.
          datasets: names of the sets.
          losses: names of what is reported of each.

        Raises:
          InputError: there is no such set or loss.
        """
        if not text:
            return None
        datasets, losses = list(datasets), list(losses)
        dataset, _, loss = text.rpartition("/")
        if dataset not in datasets or loss not in losses:
            known = [f"{dataset}/{loss}" for dataset in datasets for loss in losses]
            raise InputError(
                f"training.best_metric is {text!r}; expected one of "
                f"{', '.join(known) or 'SET/LOSS, with a set in eval_datasets.files'}."
            )
        return cls(dataset, loss)


class EvaluationHistory:
    """What has to be remembered.

    Attributes:
      state: holds it for the checkpoints. The variables are the host's own, whatever trains.
    """

    def __init__(self, *, best_metric: BestMetric | None = None, natural_names: Sequence[str] = ()):
        """Begins with nothing.

        Args:
          best_metric: what to find the best value of, or None.
          natural_names: sets whose drop of PSNR since step 0 is of interest.
        """
        self._best_metric = best_metric
        self.state = tf.Module()
        self.state.last_step = _variable(-1, tf.int64)
        self.state.best_value = _variable(math.nan, tf.float64)
        self.state.best_step = _variable(-1, tf.int64)
        self.state.without_improvement = _variable(0, tf.int64)
        # Whose values these are: a run may go on with another metric.
        self.state.best_metric = _variable(best_metric.name if best_metric else "", tf.string)
        self.state.start_psnr = {name: _variable(math.nan, tf.float64) for name in natural_names}

    @property
    def last_step(self) -> int:
        """Step of the last evaluation; -1 for none."""
        return int(self.state.last_step.numpy())

    @property
    def best(self) -> tuple[int, float]:
        """Step and value of the best evaluation; -1 and not a number for none."""
        return int(self.state.best_step.numpy()), float(self.state.best_value.numpy())

    @property
    def without_improvement(self) -> int:
        """How many evaluations have come since the best one."""
        return int(self.state.without_improvement.numpy())

    def check_restored(self) -> None:
        """Forgets the best value that a restored checkpoint holds if it is of another metric."""
        name = self._best_metric.name if self._best_metric else ""
        if self.state.best_metric.numpy().decode() != name:
            self.state.best_metric.assign(name)
            self.state.best_value.assign(math.nan)
            self.state.best_step.assign(-1)
            self.state.without_improvement.assign(0)

    def forgetting(self, dataset: str, means: Mapping[str, float], step: int) -> float | None:
        """Computes how far PSNR has dropped since step 0 of the run.

        Args:
          dataset: the set.
          means: its losses now.
          step: of the run.

        Returns:
          The drop in dB, below 0 for a rise; None for a set that is not natural, or whose PSNR at
          step 0 is not known.
        """
        start = self.state.start_psnr.get(dataset)
        if start is None:
            return None
        if step == 0:
            start.assign(means[PSNR])
        drop = float(start.numpy()) - means[PSNR]
        return None if math.isnan(drop) else drop

    def take(self, scores: Scores, step: int) -> bool:
        """Remembers an evaluation.

        Args:
          scores: of all sets.
          step: of the run.

        Returns:
          Whether it is the best so far.
        """
        self.state.last_step.assign(step)
        metric = self._best_metric
        if metric is None:
            return False
        value = scores[metric.dataset][metric.loss]
        if metric.is_better(value, self.best[1]):
            self.state.best_value.assign(value)
            self.state.best_step.assign(step)
            self.state.without_improvement.assign(0)
            return True
        self.state.without_improvement.assign_add(1)
        return False

    def go_on_after(self, former: "EvaluationHistory") -> None:
        """Takes over the best value of a run that goes back: its checkpoint is still there."""
        for name in ("best_value", "best_step", "without_improvement"):
            getattr(self.state, name).assign(getattr(former.state, name))


def reported_names(loss_names: Sequence[str], loss_weights: Sequence[float] | None) -> list[str]:
    """Lists the names under which an evaluation reports losses; see `WeightedLoss.summary_name`."""
    weights = loss_weights or [1.0] * len(loss_names)
    return [
        name if float(weight) == 1.0 else f"k*{name}"
        for name, weight in zip(loss_names, weights, strict=True)
    ]


def _variable(value: float | str, dtype: tf.DType) -> tf.Variable:
    return tf.Variable(value, dtype=dtype, trainable=False)
