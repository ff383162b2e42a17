"""Middle frames from a SavedModel with FILM's interface.

Any SavedModel will do whose loaded object is called as
`model({"x0": ..., "x1": ..., "time": ...}, training=False)` and gives a dict with `image`: the
released FILM models and those of this project. Frames are (B, H, W, 3) float32, RGB in [0, 1],
gamma space; what comes back is not clipped.
"""

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval.tiling import check_tiling, interpolate_in_tiles

if TYPE_CHECKING:
    import tensorflow as tf

_CALL = "model({'x0', 'x1', 'time'}, training=False)['image']"
_MIDDLE_TIME = 0.5


class Interpolator:
    """Gives the frame in the middle of two frames."""

    def __init__(
        self,
        predict: Callable[..., "tf.Tensor"],
        *,
        model_path: str,
        align: int = 1,
        block_height: int = 1,
        block_width: int = 1,
    ):
        """See `load_interpolator`, which makes these.

        Args:
          predict: maps x0, x1 (B, H, W, 3) and time (B, 1) to an image (B, H, W, 3), all float32.
          model_path: where the model came from, for messages.
          align: pad so that the network is given sides that are multiples of this.
          block_height: number of overlapping tiles along the height.
          block_width: number of overlapping tiles along the width.
        """
        check_tiling(align=align, block_height=block_height, block_width=block_width)
        self._predict = predict
        self._model_path = model_path
        self._tiling = {"align": align, "block_height": block_height, "block_width": block_width}

    def __call__(self, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
        """Interpolates a batch.

        Args:
          x0: (B, H, W, 3) float32, RGB in [0, 1].
          x1: the same, at the later time.

        Returns:
          (B, H, W, 3) float32, not clipped: the frames at half the time between.

        Raises:
          InputError: the frames differ in size, are not of the shape and type above, are too small
            for the model, or do not fit into memory.
        """
        x0, x1 = np.asarray(x0), np.asarray(x1)
        _check_frames(x0, x1)
        return interpolate_in_tiles(self._interpolate_tile, x0, x1, **self._tiling)

    def _interpolate_tile(self, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        time = tf.fill([x0.shape[0], 1], _MIDDLE_TIME)
        try:
            return self._predict(tf.constant(x0), tf.constant(x1), time).numpy()
        except tf.errors.ResourceExhaustedError as error:
            raise InputError(
                f"There is not enough memory for pictures of {_size(x0)}: cut them into more tiles "
                "(--block_height, --block_width), or give an evaluation a smaller batch_size."
            ) from error
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"The model {self._model_path} does not take pictures of {_size(x0)}, which are "
                "perhaps too small for its pyramid: take larger ones, or pad them (--align 64), "
                f"which an evaluation never does. TensorFlow said: {_reason(error)}"
            ) from error


def load_interpolator(
    model_path: str | os.PathLike[str],
    *,
    align: int = 1,
    block_height: int = 1,
    block_width: int = 1,
) -> Interpolator:
    """Loads a SavedModel for interpolation.

    The network is traced here, once, for frames of any size, and only its `image` is computed.

    Args:
      model_path: folder of the SavedModel.
      align: 1 to give frames to the network as they are; otherwise their border is repeated until
        both sides are multiples of this, and the result is cropped. FILM's programs use 64.
      block_height: number of overlapping tiles along the height; more need less memory.
      block_width: number of overlapping tiles along the width.

    Returns:
      The interpolator.

    Raises:
      InputError: the folder holds no SavedModel, the SavedModel is damaged, or it does not answer
        FILM's call.
    """
    model_path = os.fspath(model_path)
    check_tiling(align=align, block_height=block_height, block_width=block_width)
    check_model_folder(model_path)
    return Interpolator(
        _trace(_load(model_path), model_path),
        model_path=model_path,
        align=align,
        block_height=block_height,
        block_width=block_width,
    )


def interpolator_of(model: Callable[..., Any], *, source: str) -> Interpolator:
    """Makes an interpolator of a model in memory, for frames as they are.

    Args:
      model: answers FILM's call, as a `tf.keras.Model` of this project does.
      source: where its weights came from, for messages.

    Returns:
      The interpolator.

    Raises:
      InputError: the model does not answer FILM's call.
    """
    return Interpolator(_trace(model, source), model_path=source)


def check_model_folder(model_path: str) -> None:
    """Raises InputError unless the folder looks like a SavedModel; does not load TensorFlow.

    Args:
      model_path: a local folder. Addresses such as `gs://...` are left to `load_interpolator`.
    """
    if "://" in model_path:
        return
    if not os.path.isdir(model_path):
        found = "is a file" if os.path.exists(model_path) else "does not exist"
        raise InputError(f"{model_path} {found}: expected the folder of a SavedModel.")
    if not any(
        os.path.isfile(os.path.join(model_path, name))
        for name in ("saved_model.pb", "saved_model.pbtxt")
    ):
        inner = os.path.join(model_path, "saved_model")
        hint = f"; did you mean {inner}?" if os.path.isdir(inner) else "."
        raise InputError(
            f"{model_path} holds no saved_model.pb: expected the folder of a SavedModel{hint}"
        )


def _load(model_path: str) -> Callable[..., Any]:
    import tensorflow as tf

    try:
        model = tf.saved_model.load(model_path)
    # Loading runs through foreign protocol buffers and tables; these are what damage there causes.
    except (OSError, ValueError, KeyError, IndexError, RuntimeError, tf.errors.OpError) as error:
        raise InputError(
            f"The SavedModel {model_path} cannot be loaded; copy or export it again. "
            f"TensorFlow said: {_reason(error)}"
        ) from error
    if not callable(model):
        raise InputError(
            f"{model_path} is a SavedModel of another kind: it cannot be called. Expected FILM's "
            f"interface, {_CALL}."
        )
    return model


def _trace(model: Callable[..., Any], model_path: str) -> "tf.types.experimental.GenericFunction":
    """Wraps FILM's call, checked by tracing; outputs other than the image are pruned."""
    import tensorflow as tf

    frames = tf.TensorSpec([None, None, None, 3], tf.float32)
    times = tf.TensorSpec([None, 1], tf.float32)

    @tf.function(input_signature=[frames, frames, times], autograph=False)
    def predict(x0: tf.Tensor, x1: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
        return model({"x0": x0, "x1": x1, "time": time}, training=False)["image"]

    try:
        image = predict.get_concrete_function().outputs[0]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise InputError(
            f"The SavedModel {model_path} is of another architecture: it does not answer {_CALL} "
            "for frames of any size."
        ) from error
    if image.dtype != tf.float32 or not image.shape.is_compatible_with([None, None, None, 3]):
        raise InputError(
            f"The SavedModel {model_path} is of another architecture: its image is "
            f"{image.dtype.name} of shape {image.shape}; expected float32 (B, H, W, 3)."
        )
    if image.shape.rank is not None and None not in image.shape[1:3]:
        height, width = image.shape[1:3]
        raise InputError(
            f"The SavedModel {model_path} was made for pictures of {width}x{height} pixels only: "
            "export it for any size."
        )
    return predict


def _check_frames(x0: np.ndarray, x1: np.ndarray) -> None:
    for frames in (x0, x1):
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.float32:
            raise InputError(
                f"The frames are {frames.dtype} of shape {frames.shape}; expected float32 of shape "
                "(B, H, W, 3), RGB in [0, 1]."
            )
    if x0.shape != x1.shape:
        raise InputError(
            f"The two frames differ in size, {len(x0)} of {_size(x0)} and {len(x1)} of {_size(x1)}"
            ": expected the same size."
        )


def _size(frames: np.ndarray) -> str:
    height, width = frames.shape[1:3]
    return f"{width}x{height} pixels"


def _reason(error: Exception) -> str:
    """Shortens TensorFlow's messages, which surround the reason with traces of the graph."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    graph_nodes = [i for i, line in enumerate(lines) if line.startswith("[[{{node")]
    line = lines[graph_nodes[0] - 1] if graph_nodes else lines[0]
    assertion = re.match(r"assertion failed: \[(.*?)\]", line)
    return assertion[1] if assertion else line
