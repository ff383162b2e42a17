"""Dynamic scaling of the loss for float16, whose smallest number is 6e-8.

The loss is multiplied by a factor before the gradient is computed, and the gradient divided by it
in float32, so that small gradients do not vanish on the way (Micikevicius et al., Mixed Precision
Training, arXiv 1710.03740). A step whose gradient overflows is skipped, and the factor halved;
after 2,000 good steps in a row it is doubled. bfloat16 has the range of float32 and needs none of
this.

Such a skipped step is no sign that the training diverges, and is not counted as one, as long as the
loss itself is finite and the factor can still fall.
"""

import tensorflow as tf

_INITIAL = 2.0**15
_SMALLEST = 1.0
_LARGEST = 2.0**24
_STEPS_UNTIL_DOUBLED = 2_000


class LossScale(tf.Module):
    """The factor, part of the checkpoints.

    Attributes:
      factor: float32.
      good_steps: since the factor last changed, int64.
    """

    def __init__(self):
        """Starts with 2^15. Call it in the scope of the strategy."""
        super().__init__()
        self.factor = tf.Variable(_INITIAL, trainable=False, name="loss_scale")
        self.good_steps = tf.Variable(0, dtype=tf.int64, trainable=False, name="good_steps")

    def explains_overflow(self) -> tf.Tensor:
        """Tells whether the factor can still fall: a boolean scalar."""
        return self.factor > _SMALLEST

    def count(self, skipped: tf.Tensor) -> dict[str, tf.Tensor]:
        """Counts a step, outside of the replicas, and sets the factor of the next one.

        Args:
          skipped: float32 scalar, 1 where the step was skipped, else 0.

        Returns:
          The scalar `loss_scale` of the step, float32.
        """
        used = tf.identity(self.factor)
        overflown = skipped > 0.5
        good = self.good_steps + 1
        doubles = good >= _STEPS_UNTIL_DOUBLED
        after_good = tf.where(doubles, tf.minimum(2.0 * used, _LARGEST), used)
        self.factor.assign(tf.where(overflown, tf.maximum(0.5 * used, _SMALLEST), after_good))
        zero = tf.zeros_like(good)
        self.good_steps.assign(tf.where(overflown | doubles, zero, good))
        return {"loss_scale": used}
