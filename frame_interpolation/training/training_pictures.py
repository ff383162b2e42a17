"""Pictures of a batch for TensorBoard, drawn by the code that draws a report's (`eval.pictures`).

    inputs      first and last frame
    truth       the true middle frame
    prediction  the network's, clipped to [0, 1]
    error       its error map
    lines       its lines over those of the truth
    warped      both inputs warped to the middle, what the network fuses
    flow        the network's flow from the first to the last frame and back, as a colour wheel

The last two need a model with auxiliary outputs (`film_net.use_aux_outputs`). Pictures side by
side are joined; wide frames are made smaller. The number below the wheel is the length of flow that
has the full colour, the same for all pictures of a step.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from frame_interpolation.eval import frame_store, line_distance, pictures

MAX_PICTURES = 3
"""Triplets of a batch that are drawn."""

_MAX_WIDTH_PX = 480

Drawer = Callable[[Mapping[str, Any]], dict[str, np.ndarray]]


def create_drawer(model: tf.keras.Model) -> Drawer:
    """Makes a function that predicts and draws the first triplets of a batch.

    Args:
      model: the network.

    Returns:
      `draw(example)`: takes a batch with `x0`, `y`, `x1` (B, H, W, 3) in [0, 1] and `time` (B, 1);
      gives uint8 (N, height, width, 3) by the names of the module docstring, N up to
      `MAX_PICTURES`.
    """
    predict = tf.function(
        lambda inputs: _shown_outputs(model(inputs, training=False)),
        autograph=False,
        reduce_retracing=True,
    )

    def draw(example: Mapping[str, Any]) -> dict[str, np.ndarray]:
        first = {name: example[name][:MAX_PICTURES] for name in ("x0", "y", "x1", "time")}
        outputs = predict({name: first[name] for name in ("x0", "x1", "time")})
        return draw_batch(
            {name: value.numpy() for name, value in first.items()},
            {name: value.numpy() for name, value in outputs.items()},
        )

    return draw


def _shown_outputs(prediction: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    shown = {"image": prediction["image"]}
    for name in ("x0_warped", "x1_warped"):
        if name in prediction:
            shown[name] = prediction[name]
    for name in ("forward_flow", "backward_flow"):
        if f"{name}_pyramid" in prediction:
            shown[name] = prediction[f"{name}_pyramid"][0]
    return shown


def draw_batch(
    example: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Draws a batch.

    Args:
      example: `x0`, `y` and `x1`, float (N, H, W, 3) in [0, 1].
      outputs: `image` (N, H, W, 3), not clipped; optionally `x0_warped` and `x1_warped` likewise,
        and `forward_flow` and `backward_flow` (N, H, W, 2), (dx, dy) in pixels.

    Returns:
      uint8 (N, height, width, 3) by name (see the module docstring).
    """
    x0, y, x1 = ([_to_bytes(frame) for frame in example[name]] for name in ("x0", "y", "x1"))
    image = [_to_bytes(frame) for frame in outputs["image"]]
    drawn = {
        "inputs": [_beside(*pair) for pair in zip(x0, x1, strict=True)],
        "truth": [_beside(frame) for frame in y],
        "prediction": [_beside(frame) for frame in image],
        "error": [
            _beside(pictures.error_map(estimate, truth))
            for estimate, truth in zip(image, y, strict=True)
        ],
        "lines": [
            _beside(pictures.line_overlay(_lines(estimate), _lines(truth)))
            for estimate, truth in zip(image, y, strict=True)
        ],
    }
    if "x0_warped" in outputs and "x1_warped" in outputs:
        drawn["warped"] = [
            _beside(*map(_to_bytes, pair))
            for pair in zip(outputs["x0_warped"], outputs["x1_warped"], strict=True)
        ]
    if "forward_flow" in outputs and "backward_flow" in outputs:
        flows = np.stack([outputs["forward_flow"], outputs["backward_flow"]])
        full_px = max(pictures.flow_range(flow) for flow in flows.reshape(-1, *flows.shape[2:]))
        drawn["flow"] = [
            pictures.beside_legend(
                _beside(*(pictures.flow_picture(flow, full_px) for flow in pair)), full_px
            )
            for pair in zip(*flows, strict=True)
        ]
    return {name: np.stack(frames) for name, frames in drawn.items()}


def write(drawn: Mapping[str, np.ndarray], step: int) -> None:
    """Writes pictures to the default writer of TensorBoard.

    Args:
      drawn: what a drawer gave.
      step: updates that the weights have had.
    """
    for name, frames in drawn.items():
        tf.summary.image(name, frames, step=step, max_outputs=len(frames))


def _beside(*frames: np.ndarray) -> np.ndarray:
    """Joins pictures from left to right, each no wider than `_MAX_WIDTH_PX`."""
    return np.hstack([np.asarray(pictures.thumbnail(frame, _MAX_WIDTH_PX)) for frame in frames])


def _to_bytes(frame: np.ndarray) -> np.ndarray:
    # A network that diverges gives what is no number, which is then black.
    return frame_store.to_bytes(np.nan_to_num(frame, nan=0.0, posinf=1.0, neginf=0.0))


def _lines(frame: np.ndarray) -> np.ndarray:
    return line_distance.line_map(frame.astype(np.float32) / np.float32(255.0))
