"""The learning rate over the step.

`exponential` is FILM's (arXiv 2202.04901): lr * rate ** (step / decay_steps), the exponent floored
when it is a staircase. `cosine` is lr * (f + (1 - f) * (1 + cos(pi * step / num_steps)) / 2) with
the final fraction f. Warm-up multiplies either by a factor that rises linearly to 1.
"""

import math

import tensorflow as tf

from frame_interpolation.training.options import TrainingOptions


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Raises a schedule linearly over its first steps; see `warm_up_factor`."""

    def __init__(self, schedule: tf.keras.optimizers.schedules.LearningRateSchedule, *, steps: int):
        super().__init__()
        self._schedule = schedule
        self._steps = steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        return warm_up_factor(step, steps=self._steps) * self._schedule(step)

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {"schedule": self._schedule, "steps": self._steps}


class Constant(tf.keras.optimizers.schedules.LearningRateSchedule):
    """The same rate at every step."""

    def __init__(self, rate: float):
        super().__init__()
        self._rate = rate

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        del step
        return tf.constant(self._rate, tf.float32)

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {"rate": self._rate}


class Cosine(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Half a period of a cosine, from the rate to a fraction of it, where it stays."""

    def __init__(self, rate: float, *, steps: int, final_fraction: float):
        super().__init__()
        self._rate = rate
        self._steps = steps
        self._final_fraction = final_fraction

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        done = tf.minimum(tf.cast(step, tf.float32) / float(self._steps), 1.0)
        falling = 0.5 * (1.0 + tf.cos(math.pi * done))
        return self._rate * (self._final_fraction + (1.0 - self._final_fraction) * falling)

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {
            "rate": self._rate,
            "steps": self._steps,
            "final_fraction": self._final_fraction,
        }


class Shifted(tf.keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that regards some steps as done before step 0."""

    def __init__(
        self, schedule: tf.keras.optimizers.schedules.LearningRateSchedule, *, initial_step: int
    ):
        super().__init__()
        self._schedule = schedule
        self._initial_step = initial_step

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        return self._schedule(tf.cast(step, tf.int64) + self._initial_step)

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {"schedule": self._schedule, "initial_step": self._initial_step}


class Scaled(tf.keras.optimizers.schedules.LearningRateSchedule):
    """A schedule times a variable, which holds how far the rate was lowered on the way."""

    def __init__(
        self,
        schedule: tf.keras.optimizers.schedules.LearningRateSchedule,
        factor: tf.Variable,
    ):
        super().__init__()
        self._schedule = schedule
        self._factor = factor

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar, to the rate, a float32 scalar."""
        return self._schedule(step) * self._factor

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments, as Keras wants it."""
        return {"schedule": self._schedule, "factor": self._factor}


def warm_up_factor(step: tf.Tensor, *, steps: int) -> tf.Tensor:
    """Computes the factor of warm-up.

    Args:
      step: integer scalar, counted from 0.
      steps: length of the warm-up; 0 for none.

    Returns:
      (step + 1) / steps as long as that is below 1, so that already the first step moves the
      weights, then 1; a float32 scalar.
    """
    if not steps:
        return tf.constant(1.0)
    return tf.minimum((tf.cast(step, tf.float32) + 1.0) / float(steps), 1.0)


def create_schedule(
    options: TrainingOptions, *, initial_step: int = 0
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """Builds the schedule of the learning rate.

    Args:
      options: rates and steps.
      initial_step: steps that the exponential decay regards as done before step 0. Warm-up and
        cosine are not moved: they begin with the run.

    Returns:
      A callable from the step, an integer scalar, to the rate, a float32 scalar.
    """
    schedule = _without_warm_up(options, initial_step)
    if not options.learning_rate_warmup_steps:
        return schedule
    return WarmUp(schedule, steps=options.learning_rate_warmup_steps)


def full_rate(options: TrainingOptions, *, step: int, initial_step: int = 0) -> float:
    """Gives the rate at a step with warm-up left aside."""
    return float(_without_warm_up(options, initial_step)(tf.constant(step, tf.int64)))


def _without_warm_up(
    options: TrainingOptions, initial_step: int
) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    match options.learning_rate_schedule:
        case "constant":
            return Constant(options.learning_rate)
        case "cosine":
            return Cosine(
                options.learning_rate,
                steps=options.num_steps,
                final_fraction=options.learning_rate_final_fraction,
            )
    decay = tf.keras.optimizers.schedules.ExponentialDecay(
        options.learning_rate,
        decay_steps=options.learning_rate_decay_steps,
        decay_rate=options.learning_rate_decay_rate,
        staircase=options.learning_rate_staircase,
    )
    return Shifted(decay, initial_step=initial_step) if initial_step else decay
