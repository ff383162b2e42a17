"""Evaluation during training, on the sets of `eval_datasets` with the losses of `test_losses`.

As in the reference, images are not clipped here; `eval.eval_cli` clips them. Each triplet counts
the same. The first triplets of every set are drawn as well (see `training_pictures`).
"""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import tensorflow as tf

from frame_interpolation.losses.weighting import WeightedLoss
from frame_interpolation.training import training_pictures
from frame_interpolation.training.train_loop import StepResult, is_due
from frame_interpolation.training.train_step import Example, weighted_sum

_log = logging.getLogger(__name__)


class PeriodicEvaluation:
    """Evaluates the network on several sets, each with its own curves."""

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
        """
        self._folder = folder
        self._model = model
        self._losses = list(losses)
        self._datasets = dict(datasets)
        self._frequency = frequency
        self._stop_requested = stop_requested
        self._weights = weights
        self._draw = training_pictures.create_drawer(model)
        self._writers: dict[str, tf.summary.SummaryWriter] = {}
        self._batch_losses = tf.function(
            self._evaluate_batch, autograph=False, reduce_retracing=True
        )

    def __call__(self, result: StepResult) -> None:
        """Evaluates when it is due after a step."""
        if result.is_last or is_due(result, self._frequency):
            self.evaluate(result.step)

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
        with self._weights():
            for name, batches in self._datasets.items():
                found = self._evaluate_set(batches, step)
                if found is None:
                    break
                means, drawn = found
                scores[name] = means
                self._report(name, means, drawn, step)
        return scores

    def _evaluate_set(
        self, batches: Iterable[Example], step: int
    ) -> tuple[dict[str, float], dict[str, np.ndarray]] | None:
        """Returns the means and the pictures of a set, None when a stop was requested."""
        totals: dict[str, float] = {}
        drawn: dict[str, np.ndarray] = {}
        triplets = 0
        for example in batches:
            drawn = drawn or self._draw(example)
            size = int(example["y"].shape[0])
            triplets += size
            losses = self._batch_losses(example, tf.constant(step, tf.int64))
            for name, value in losses.items():
                totals[name] = totals.get(name, 0.0) + size * float(value)
            if self._stop_requested():
                return None
        return {name: total / triplets for name, total in totals.items()}, drawn

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
        self, name: str, means: Mapping[str, float], drawn: Mapping[str, np.ndarray], step: int
    ) -> None:
        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(os.path.join(self._folder, name))
        with self._writers[name].as_default(step=step):
            for loss, value in means.items():
                tf.summary.scalar(f"losses/{loss}", value)
            training_pictures.write(drawn, step)
        self._writers[name].flush()
        values = "  ".join(f"{loss} {value:.5g}" for loss, value in means.items())
        _log.info("step %d  evaluation on %s: %s", step, name, values)

    def close(self) -> None:
        """Closes the files of the curves."""
        for writer in self._writers.values():
            writer.close()
