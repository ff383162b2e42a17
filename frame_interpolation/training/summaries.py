"""Curves and pictures for TensorBoard."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from frame_interpolation.training import training_pictures
from frame_interpolation.training.train_loop import StepResult, is_due


class TrainingSummaries:
    """Writes the curves and, less often, pictures of the batch (see `training_pictures`)."""

    def __init__(
        self,
        folder: str,
        *,
        model: tf.keras.Model,
        frequency: int,
        image_frequency: int,
        first_step: int,
        batch_size: int,
        local_batch: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ):
        """Opens the file.

        Args:
          folder: where TensorBoard looks for it.
          model: the network, for the predictions in the pictures.
          frequency: steps between two points of the curves; 0 for none.
          image_frequency: steps between two sets of pictures; 0 for none.
          first_step: steps of earlier sessions, for the speed.
          batch_size: examples a step.
          local_batch: picks the part of a batch that lies on the first device.
        """
        self._writer = tf.summary.create_file_writer(folder)
        self._draw = training_pictures.create_drawer(model)
        self._frequency = frequency
        self._image_frequency = image_frequency
        self._local_batch = local_batch
        self._batch_size = batch_size
        self._last = first_step, time.monotonic()
        self._waited_s = 0.0

    def __call__(self, result: StepResult) -> None:
        """Writes what is due after a step."""
        self._waited_s += result.waited_s
        if is_due(result, self._frequency):
            self._write_scalars(result)
        if is_due(result, self._image_frequency):
            self._write_images(result)

    def _write_scalars(self, result: StepResult) -> None:
        step, now = result.step, time.monotonic()
        last_step, last_time = self._last
        self._last = step, now
        with self._writer.as_default(step=step):
            for name, value in result.metrics.items():
                tf.summary.scalar(name, value)
            steps_per_second = (step - last_step) / (now - last_time)
            tf.summary.scalar("steps_per_second", steps_per_second)
            tf.summary.scalar("examples_per_second", steps_per_second * self._batch_size)
            tf.summary.scalar("data_wait_share", self._waited_s / (now - last_time))
        self._waited_s = 0.0

    def _write_images(self, result: StepResult) -> None:
        drawn = self._draw(self._local_batch(result.example))
        with self._writer.as_default():
            training_pictures.write(drawn, result.step)

    def close(self) -> None:
        """Writes out what is left and closes the file."""
        self._writer.close()
