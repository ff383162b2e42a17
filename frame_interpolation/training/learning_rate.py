"""The learning rate over the step.

The decay is FILM's (arXiv 2202.04901): lr * rate ** (step / decay_steps), the exponent floored when
it is a staircase, counted from step 0. Warm-up multiplies it by a factor that rises linearly to 1.
"""

import tensorflow as tf

from frame_interpolation.training.options import TrainingOptions


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Raises a schedule linearly over its first steps.

    Step s (from 0) has the factor (s + 1) / steps as long as that is below 1, so that already the
    first step moves the weights.
    """

    def __init__(self, schedule: tf.keras.optimizers.schedules.LearningRateSchedule, *, steps: int):
        super().__init__()
        self._schedule = schedule
        self._steps = steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        factor = (tf.cast(step, tf.float32) + 1.0) / float(self._steps)
        return tf.minimum(factor, 1.0) * self._schedule(step)

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {"schedule": self._schedule, "steps": self._steps}


def create_schedule(
    options: TrainingOptions,
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """Builds the schedule of the learning rate.

    Args:
      options: rates and steps.

    Returns:
      A callable from the step, an integer scalar, to the rate, a float32 scalar.
    """
    decay = tf.keras.optimizers.schedules.ExponentialDecay(
        options.learning_rate,
        decay_steps=options.learning_rate_decay_steps,
        decay_rate=options.learning_rate_decay_rate,
        staircase=options.learning_rate_staircase,
    )
    if not options.learning_rate_warmup_steps:
        return decay
    return WarmUp(decay, steps=options.learning_rate_warmup_steps)
