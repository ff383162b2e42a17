"""What a file of weights holds, before anything is matched with a model.

Both readers (`saved_model_reader`, `checkpoint_reader`) give a `StoredWeights`: names, shapes and
types at once, values on demand. Only tables of a file are read; nothing that it holds is executed.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from frame_interpolation.errors import InputError

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
VARIABLE_VALUE = "VARIABLE_VALUE"
# TensorFlow's reader of checkpoints gives a cut file an IndexError.
_READ_ERRORS = (tf.errors.OpError, IndexError, RuntimeError, ValueError)


@dataclasses.dataclass(frozen=True)
class StoredVariable:
    """A variable in a file.

    Attributes:
      name: full name, such as `fusion/conv2d_1/kernel`, without `:0`.
      shape: its shape.
      dtype: its type.
      key: where the value stands in the file's table of tensors.
    """

    name: str
    shape: tuple[int, ...]
    dtype: tf.DType
    key: str


@dataclasses.dataclass(frozen=True)
class StoredWeights:
    """The weights of a model in a file.

    Attributes:
      source: the path, as found.
      variables: the model's variables in the order of the stored model.
      ignored: keys of everything else in the file: optimizer slots, counters, metrics.
      step: the training step at which it was written, None where the file does not say.
      pyramid_levels: length of the stored model's list of flow predictors, in which the shared one
        stands once a level; None where the file does not say.
      table: the reader of the values.
    """

    source: str
    variables: tuple[StoredVariable, ...]
    ignored: tuple[str, ...]
    step: int | None
    pyramid_levels: int | None
    table: "TensorTable" = dataclasses.field(repr=False)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by name, in the stored order."""
        return {variable.name: variable.shape for variable in self.variables}


class TensorTable:
    """The tensors of a checkpoint (`<prefix>.index`, `<prefix>.data-*`) by key."""

    def __init__(self, prefix: str):
        """Opens a checkpoint.

        Args:
          prefix: path without `.index`.

        Raises:
          InputError: there is no such checkpoint, or it is damaged.
        """
        self._prefix = prefix
        try:
            self._reader = tf.train.load_checkpoint(prefix)
            self._shapes = self._reader.get_variable_to_shape_map()
            self._dtypes = self._reader.get_variable_to_dtype_map()
        except _READ_ERRORS as error:
            raise InputError(
                f"The checkpoint {prefix} cannot be read ({_first_line(error)}); it is incomplete "
                "or not a TensorFlow 2 checkpoint. Copy it again, with its .index and .data files."
            ) from error

    @property
    def shapes(self) -> Mapping[str, Sequence[int]]:
        """Shape of every tensor by key."""
        return self._shapes

    def dtype(self, key: str) -> tf.DType:
        """Type of a tensor."""
        return tf.as_dtype(self._dtypes[key])

    def value(self, key: str) -> np.ndarray:
        """Reads one tensor.

        Raises:
          InputError: its data is missing or damaged.
        """
        try:
            return self._reader.get_tensor(key)
        except _READ_ERRORS as error:
            raise InputError(
                f"{key} cannot be read from {self._prefix} ({_first_line(error)}); the file is "
                "incomplete or damaged. Copy it again."
            ) from error

    def object_graph(self) -> trackable_object_graph_pb2.TrackableObjectGraph:
        """Reads the graph of the objects that were saved, by which keys and names belong together.

        Raises:
          InputError: the checkpoint has none, as those of TensorFlow 1.
        """
        if OBJECT_GRAPH_KEY not in self._shapes:
            raise InputError(
                f"The checkpoint {self._prefix} has no object graph, so it was not written by "
                "tf.train.Checkpoint of TensorFlow 2; expected one of FILM or of this project."
            )
        return trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            self.value(OBJECT_GRAPH_KEY)
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
