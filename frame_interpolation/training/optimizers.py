"""Adam and AdamW with a learning rate of its own for every group of variables.

    m := b1 m + (1 - b1) g      v := b2 v + (1 - b2) g^2
    w := (1 - r d) w - r sqrt(1 - b2^n) / (1 - b1^n) m / (sqrt(v) + e)

after Kingma and Ba (arXiv 1412.6980, the form before section 2.1) and, for the decay d, Loshchilov
and Hutter (arXiv 1711.05101). r is the rate of the variable's group. n counts the updates of the
group, not of the run: a group that begins to train late starts with m = v = 0, and with the run's
count its first updates would be some three times as long as the rate says.

A step can be skipped (`applied_if`): weights and state stay as they are, and only the count of
steps goes on.

The state lies in a checkpoint as that of Keras 2.15's own Adam does, whatever trains: a variable
that never does has an empty tensor in each of its two places.
"""

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import weight_matching
from frame_interpolation.training.learning_rate import warm_up_factor
from frame_interpolation.training.options import OptimizerOptions
from frame_interpolation.training.variable_groups import Group, TrainingPlan


@dataclasses.dataclass(frozen=True)
class _Conditional:
    """What holds for one update of the variables.

    Attributes:
      condition: boolean scalar, whether it is made.
      moves: by the place of each variable that has been updated, half of the square of its move.
      latest: by device, the last of them.
    """

    condition: tf.Tensor
    moves: dict[int, tf.Tensor] = dataclasses.field(default_factory=dict)
    latest: dict[str, list[tf.Tensor]] = dataclasses.field(default_factory=dict)


class AdamByGroup(tf.keras.optimizers.Optimizer):
    """Adam or AdamW on the variables of a model, by a training plan."""

    def __init__(
        self,
        learning_rate: float | tf.keras.optimizers.schedules.LearningRateSchedule,
        *,
        options: OptimizerOptions,
        plan: TrainingPlan,
        warmup_steps: int = 0,
    ):
        """Prepares the optimiser; `build` makes its variables.

        Args:
          learning_rate: of a group with the factor 1.
          options: the constants of the rule.
          plan: groups of the variables that `build` is given, by their places.
          warmup_steps: length of the warm-up that `learning_rate` holds already; a group that
            begins to train later has one of its own.
        """
        # XLA's fused update is left out: it is not bit-exact, and no faster on one device.
        super().__init__(name="Adam", jit_compile=False)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self._options = options
        self._warmup_steps = warmup_steps
        # A function, since a dict would become part of the checkpoint.
        self._group_at = {i: group for group in plan.groups for i in group.indices}.__getitem__
        self._decaying: frozenset[int] = frozenset()
        self._conditional: _Conditional | None = None

    def build(self, var_list: Sequence[tf.Variable]) -> None:
        """Makes the state.

        Args:
          var_list: all trainable variables of the model, also those that the plan freezes.

        Raises:
          InputError: the pattern of the weights that decay matches none.
        """
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._built = True
        self._momentums: list[tf.Variable] = []
        self._velocities: list[tf.Variable] = []
        for index, variable in enumerate(var_list):
            shape = None if self._group_at(index).first_step is not None else (0,)
            for kind, slots in (("m", self._momentums), ("v", self._velocities)):
                slots.append(self.add_variable_from_reference(variable, kind, shape=shape))
        if self._options.weight_decay:
            pattern = re.compile(self._options.weight_decay_pattern)
            names = weight_matching.canonical_names([variable.name for variable in var_list])
            self._decaying = frozenset(i for i, name in enumerate(names) if pattern.search(name))
            if not self._decaying:
                raise InputError(
                    f"optimizer.weight_decay_pattern is {pattern.pattern!r}, which is found in the "
                    "name of no variable. The names are:\n  " + "\n  ".join(names)
                )

    @contextlib.contextmanager
    def applied_if(self, condition: tf.Tensor) -> Iterator[Mapping[int, tf.Tensor]]:
        """Lets `apply_gradients` have its effect only where a condition holds.

        Masks instead of a branch, which a GPU would have to ask the host about.

        Args:
          condition: boolean scalar, the same one on all replicas; where it does not hold the
            gradients need not be finite.

        Yields:
          How far `apply_gradients` has moved each variable, by the variable's place: half of the
          square of the length, a float32 scalar.
        """
        # With several devices in one program the others come here before the first one goes on, and
        # then all of them are updated at once; a variable moves alike on each.
        self._conditional = self._conditional or _Conditional(condition)
        try:
            yield self._conditional.moves
        finally:
            self._conditional = None

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Updates one variable by its gradient."""
        index = self._index_dict[self._var_key(variable)]
        conditional = self._conditional
        if conditional is None:
            self._update(index, gradient, variable)
            return
        # One variable of a device after the other, since what is computed for a variable is several
        # times as large as it is.
        with tf.control_dependencies(conditional.latest.get(variable.device, [])):
            before = tf.identity(variable)
            mask = tf.cast(conditional.condition, gradient.dtype)
            self._update(index, tf.math.multiply_no_nan(gradient, mask), variable)
            move = tf.cast(tf.nn.l2_loss(variable - before), tf.float32)
        conditional.latest[variable.device] = [move]
        conditional.moves.setdefault(index, move)

    def _update(self, index: int, gradient: tf.Tensor, variable: tf.Variable) -> None:
        options, group = self._options, self._group_at(index)
        m, v = self._momentums[index], self._velocities[index]
        dtype = variable.dtype
        rate = tf.cast(self.learning_rate, dtype) * tf.cast(
            relative_rate(group, self.iterations, warmup_steps=self._warmup_steps), dtype
        )
        rate = self._if_applied(rate, dtype)
        updates = tf.cast(self.iterations + 1 - (group.first_step or 0), dtype)
        correction_1 = 1.0 - tf.pow(tf.cast(options.beta_1, dtype), updates)
        correction_2 = 1.0 - tf.pow(tf.cast(options.beta_2, dtype), updates)
        m.assign_add((gradient - m) * self._if_applied(1.0 - options.beta_1, dtype))
        v.assign_add((tf.square(gradient) - v) * self._if_applied(1.0 - options.beta_2, dtype))
        length = rate * tf.sqrt(correction_2) / correction_1
        step = m * length / (tf.sqrt(v) + options.epsilon)
        if index in self._decaying:
            step += variable * (rate * options.weight_decay)
        variable.assign_sub(step)

    def _if_applied(self, value: tf.Tensor | float, dtype: tf.DType) -> tf.Tensor | float:
        if self._conditional is None:
            return value
        value = tf.cast(value, dtype)
        return tf.where(self._conditional.condition, value, tf.zeros_like(value))

    def get_config(self) -> dict[str, object]:
        """Returns what Keras asks for; the optimiser is not made from it."""
        return super().get_config() | {
            "learning_rate": self._serialize_hyperparameter(self._learning_rate)
        }


def relative_rate(group: Group, step: tf.Tensor, *, warmup_steps: int) -> tf.Tensor:
    """Computes the rate of a group that trains.

    Args:
      group: the group.
      step: integer scalar, counted from 0.
      warmup_steps: length of the warm-up.

    Returns:
      What the rate of the schedule, the run's warm-up included, is to be multiplied with, a float32
      scalar: the group's factor, with a warm-up from the group's first step instead of the run's.
    """
    factor = tf.constant(group.rate_factor, tf.float32)
    if not group.first_step or not warmup_steps:
        return factor
    own = warm_up_factor(step - group.first_step, steps=warmup_steps)
    return factor * own / warm_up_factor(step, steps=warmup_steps)
