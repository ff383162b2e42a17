"""The running average of the weights over the steps, which often serves better than the last ones.

After each step a := d a + (1 - d) w (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992; the
exponential form as in tf.train.ExponentialMovingAverage). With warm-up the decay of step n, from 0,
is at most (1 + n) / (10 + n).
"""

import contextlib
from collections.abc import Sequence

import tensorflow as tf

from frame_interpolation.training import weight_copies


class AveragedWeights:
    """The averages of all weights that ever train; the others are their own average."""

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        places: Sequence[int],
        *,
        decay: float,
        warmup: bool = True,
    ):
        """Starts from the present values. Call it in the scope of the strategy.

        Args:
          variables: all of the model's trainable variables.
          places: of those that ever train.
          decay: d above.
          warmup: whether the first steps have a smaller one.
        """
        self._variables = variables
        self._decay = decay
        self._warmup = warmup
        self.copies = weight_copies.WeightCopies(variables, places)

    def decay_at(self, step: tf.Tensor) -> tf.Tensor:
        """Maps the step, an integer scalar from 0, to its decay, a float32 scalar."""
        decay = tf.constant(self._decay, tf.float32)
        if not self._warmup:
            return decay
        number = tf.cast(step, tf.float32)
        return tf.minimum(decay, (1.0 + number) / (10.0 + number))

    def update(
        self,
        step: tf.Tensor,
        places: Sequence[int],
        *,
        strategy: tf.distribute.Strategy,
        skipped: tf.Tensor | float = 0.0,
    ) -> None:
        """Takes in the weights after a step. Call it outside of the replicas.

        Args:
          step: integer scalar, counted from 0.
          places: of the variables that the step has trained; the others have not moved.
          strategy: under which the variables were made.
          skipped: 1 for a step that was skipped, which leaves the averages as they are, else 0.
        """
        share = (1.0 - self.decay_at(step)) * (1.0 - skipped)

        def approach(average, value):
            average.assign_add(tf.cast(share, average.dtype) * (value - average))

        for place in places:
            strategy.extended.update(
                self.copies[place], approach, args=(self._variables[place],), group=False
            )

    def in_place(self) -> contextlib.AbstractContextManager[None]:
        """Lets the model have the averages for a while."""
        return weight_copies.replaced(self._variables, self.copies.by_place())
