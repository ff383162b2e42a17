"""Copies of a model's weights that are variables themselves, so that checkpoints keep them."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from frame_interpolation.models import weight_matching

_VALUE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


class WeightCopies:
    """A second set of values for some of a model's variables.

    Attributes:
      state: holds them for `tf.train.Checkpoint`, under `values/<name of the variable>`.
    """

    def __init__(self, variables: Sequence[tf.Variable], places: Sequence[int]):
        """Copies the present values. Call it in the scope of the strategy.

        Args:
          variables: all of the model's trainable variables.
          places: of those to copy.
        """
        names = weight_matching.canonical_names([variable.name for variable in variables])
        self._variables = variables
        self._copies = {
            place: tf.Variable(variables[place].numpy(), trainable=False, name="copy")
            for place in places
        }
        self.state = tf.Module()
        self.state.values = {names[place]: copy for place, copy in self._copies.items()}

    def __getitem__(self, place: int) -> tf.Variable:
        """The copy of the variable at a place in the model's list."""
        return self._copies[place]

    def copy_from_model(self) -> None:
        """Takes over the model's present values."""
        for place, copy in self._copies.items():
            copy.assign(self._variables[place].numpy())

    def by_place(self) -> dict[int, np.ndarray]:
        """The values, by place in the model's list."""
        return {place: copy.numpy() for place, copy in self._copies.items()}


def are_stored(prefix: str, key: str) -> bool:
    """Tells whether a checkpoint holds copies.

    Args:
      prefix: of the checkpoint.
      key: under which they would be stored.
    """
    stored = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
    return any(name.startswith(f"{key}/values/") for name in stored)


def read(prefix: str, key: str) -> dict[str, np.ndarray]:
    """Reads copies from a checkpoint, by the names of the variables; arguments as above."""
    reader = tf.train.load_checkpoint(prefix)
    start = f"{key}/values/"
    return {
        # Slashes within the names of objects are escaped in a checkpoint.
        stored.removeprefix(start).removesuffix(_VALUE_SUFFIX).replace(".S", "/"): (
            reader.get_tensor(stored)
        )
        for stored in reader.get_variable_to_shape_map()
        if stored.startswith(start)
    }


@contextlib.contextmanager
def replaced(variables: Sequence[tf.Variable], values: Mapping[int, np.ndarray]) -> Iterator[None]:
    """Gives variables other values for a while; the former ones come back bit for bit.

    Args:
      variables: all of the model's trainable variables.
      values: the other values, by place in that list.
    """
    former = {place: variables[place].numpy() for place in values}
    try:
        for place, value in values.items():
            variables[place].assign(value)
        yield
    finally:
        for place, value in former.items():
            variables[place].assign(value)
