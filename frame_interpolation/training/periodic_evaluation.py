"""Evaluation during training, on the sets of `eval_datasets` with the losses of `test_losses`.

As in the reference, images are not clipped here; `eval.eval_cli` clips them. Each triplet counts
the same. The first triplets of every set are drawn as well (see `training_pictures`). On sets that
show natural motion, `forgetting` is the drop of the mean PSNR since step 0 of the run, in dB.
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import tensorflow as tf

from frame_interpolation.losses.weighting import WeightedLoss
from frame_interpolation.training import training_pictures
from frame_interpolation.training.evaluation_history import EvaluationHistory
from frame_interpolation.training.hosts import Hosts
from frame_interpolation.training.train_loop import StepResult
from frame_interpolation.training.train_step import Example, weighted_sum

_log = logging.getLogger(__name__)


class PeriodicEvaluation:
    """Evaluates the network on several sets, each with its own curves.

    Attributes:
      was_cut_short: whether a requested stop has ended an evaluation before its end, which then has
        to be made when the run goes on.
    """

    def __init__(
        self,
        folder: str,
        *,
        model: tf.keras.Model,
        losses: Sequence[WeightedLoss],
        datasets: Mapping[str, Iterable[Example]],
        frequency: int,
        stop_requested: Callable[[], bool] = lambda: False,
        weights: Callable[[], AbstractContextManager[None]] = nullcontext,
        history: EvaluationHistory | None = None,
        on_best: Callable[[int], None] = lambda step: None,
        hosts: Hosts | None = None,
    ):
        """Prepares the evaluation.

        Args:
          folder: the curves of a set go to the folder of its name in there.
          model: the network.
          losses: what to report.
          datasets: batches by the name of the set, the same ones each time they are iterated.
          frequency: steps between two evaluations, besides the one at the end; 0 for that alone.
          stop_requested: asked after every batch; an evaluation that is cut short reports nothing.
          weights: in whose context the model has the weights to evaluate.
          history: remembers what the evaluations found.
          on_best: called with the step after an evaluation that is the best so far.
          hosts: those that train together: the chief evaluates and tells the others.
        """
        self._folder = folder
        self._model = model
        self._losses = list(losses)
        self._names = [loss.summary_name for loss in self._losses]
        self._datasets = dict(datasets)
        self._frequency = frequency
        self._stop_requested = stop_requested
        self._weights = weights
        self._draw = training_pictures.create_drawer(model)
        self._history = history or EvaluationHistory()
        self._on_best = on_best
        self._hosts = hosts
        self._is_chief = hosts is None or hosts.is_chief
        self.was_cut_short = False
        self._writers: dict[str, tf.summary.SummaryWriter] = {}
        self._batch_losses = tf.function(
            self._evaluate_batch, autograph=False, reduce_retracing=True
        )

    def __call__(self, result: StepResult) -> None:
        """Evaluates when it is due after a step."""
        if self.is_due(result.step, result.num_steps):
            self.evaluate(result.step)

    def is_due(self, step: int, num_steps: int) -> bool:
        """Tells whether an evaluation belongs to a step; there is none without sets."""
        regular = self._frequency > 0 and step % self._frequency == 0
        return bool(self._datasets) and (step >= num_steps or regular)

    def evaluate(self, step: int) -> dict[str, dict[str, float]]:
        """Evaluates now.

        Args:
          step: updates that the weights have had.

        Returns:
          Means over the triplets: set -> name of the loss -> value; without the sets that a
          requested stop has cut off.
        """
        scores: dict[str, dict[str, float]] = {}
        if not self._datasets:
            return scores
        with self._weights() if self._is_chief else nullcontext():
            for name, batches in self._datasets.items():
                found, drawn = self._evaluate_set(batches, step) if self._is_chief else (None, {})
                means = self._shared(found)
                if means is None:
                    self.was_cut_short = True
                    return scores
                scores[name] = means
                forgetting = self._history.forgetting(name, means, step)
                if self._is_chief:
                    self._report(name, means, forgetting, drawn, step)
        if self._history.take(scores, step):
            self._on_best(step)
        return scores

    def _evaluate_set(
        self, batches: Iterable[Example], step: int
    ) -> tuple[dict[str, float] | None, dict[str, np.ndarray]]:
        """Returns the means of a set, None when a stop was requested, and its pictures."""
        totals = dict.fromkeys(self._names, 0.0)
        drawn: dict[str, np.ndarray] = {}
        triplets = 0
        for example in batches:
            drawn = drawn or self._draw(example)
            size = int(example["y"].shape[0])
            triplets += size
            losses = self._batch_losses(example, tf.constant(step, tf.int64))
            for name in totals:
                totals[name] += size * float(losses[name])
            if self._stop_requested():
                return None, drawn
        return {name: total / triplets for name, total in totals.items()}, drawn

    def _shared(self, means: Mapping[str, float] | None) -> dict[str, float] | None:
        """Gives all hosts what the chief has found."""
        if self._hosts is None or self._hosts.count == 1:
            return None if means is None else dict(means)
        values = np.zeros(1 + len(self._names))
        if means is not None:
            values[:] = [1.0, *means.values()]
        is_whole, *rest = self._hosts.from_chief(values).tolist()
        return dict(zip(self._names, rest, strict=True)) if is_whole else None

    def _evaluate_batch(self, example: Example, step: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = {name: example[name] for name in ("x0", "x1", "time")}
        prediction = self._model(inputs, training=False)
        _, parts = weighted_sum(self._losses, step, example, prediction)
        return {
            name.removeprefix("losses/"): value
            for name, value in parts.items()
            if name.startswith("losses/")
        }

    def _report(
        self,
        name: str,
        means: Mapping[str, float],
        forgetting: float | None,
        drawn: Mapping[str, np.ndarray],
        step: int,
    ) -> None:
        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(os.path.join(self._folder, name))
        values = [f"{loss} {value:.5g}" for loss, value in means.items()]
        with self._writers[name].as_default(step=step):
            for loss, value in means.items():
                tf.summary.scalar(f"losses/{loss}", value)
            if forgetting is not None:
                tf.summary.scalar("forgetting", forgetting)
                values.append(f"forgetting {forgetting:.3f} dB")
            training_pictures.write(drawn, step)
        self._writers[name].flush()
        _log.info("step %d  evaluation on %s: %s", step, name, "  ".join(values))

    def close(self) -> None:
        """Closes the files of the curves."""
        for writer in self._writers.values():
            writer.close()
