"""Random changes of a training example, the same for its three frames.

The four of FILM's released configurations (arXiv 2202.04901), by name:

* `random_image_rot90`: k quarter turns, k uniform in {0, 1, 2, 3};
* `random_flip`: left-right, with probability 1/2;
* `random_rotate`: with probability 1/2, by an angle uniform in [-45, 45] degrees, bilinear;
* `random_reverse`: the outer frames change places, with probability 1/2.

What is going to happen is drawn first (`draw`), because the angle decides how large a window of
the frame has to be decoded; then it is done to that window (`apply`), whose margin the last cut
takes away. Every draw is a function of a seed tensor alone and of the augmentation's own name, so
adding one leaves the draws of the others as they were.

Frames are (3, H, W, 3): first, middle and last frame, RGB.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from frame_interpolation.datasets.options import AUGMENTATION_NAMES
from frame_interpolation.ops.rotation import rotate

_MAX_ANGLE = math.radians(45.0)
# What separates the draws of one example. A number never changes its meaning.
_STREAMS = {name: number for number, name in enumerate(AUGMENTATION_NAMES)}
_POSITION_STREAM = 1000


class Transform(NamedTuple):
    """What happens to one example. Without augmentation: 0, False, 0.0, False.

    Attributes:
      quarter_turns: int32 scalar, counter-clockwise.
      flipped: bool scalar, left-right.
      angle: float32 scalar, radians, counter-clockwise.
      reversed_time: bool scalar, whether the outer frames change places.
    """

    quarter_turns: tf.Tensor
    flipped: tf.Tensor
    angle: tf.Tensor
    reversed_time: tf.Tensor


def draw(names: Sequence[str], seed: tf.Tensor) -> Transform:
    """Draws what happens to an example.

    Args:
      names: of the augmentations, some of `AUGMENTATION_NAMES`.
      seed: (2,) int64.

    Returns:
      The transform, a function of `seed` and `names`.
    """
    turns, flipped = tf.constant(0), tf.constant(False)
    angle, reversed_time = tf.constant(0.0), tf.constant(False)
    if "random_image_rot90" in names:
        turns = tf.cast(4.0 * _uniform(seed, _STREAMS["random_image_rot90"])[0], tf.int32)
    if "random_flip" in names:
        flipped = _uniform(seed, _STREAMS["random_flip"])[0] < 0.5
    if "random_rotate" in names:
        happens, where = tf.unstack(_uniform(seed, _STREAMS["random_rotate"]))
        angle = tf.where(happens < 0.5, _MAX_ANGLE * (2.0 * where - 1.0), 0.0)
    if "random_reverse" in names:
        reversed_time = _uniform(seed, _STREAMS["random_reverse"])[0] < 0.5
    return Transform(turns, flipped, angle, reversed_time)


def draw_position(seed: tf.Tensor) -> tf.Tensor:
    """Draws where the crop lies, as `frame_window.place_crop` takes it.

    Args:
      seed: (2,) int64.

    Returns:
      (2,) float32, uniform in [0, 1).
    """
    return _uniform(seed, _POSITION_STREAM)


def apply(
    frames: tf.Tensor, transform: Transform, *, names: Sequence[str], crop_side: int
) -> tf.Tensor:
    """Transforms a window and cuts the crop out of its middle.

    Args:
      frames: (3, H, W, 3) float32, a window with the margin that `transform.angle` needs.
      transform: what `draw` returned.
      names: of the augmentations, in the order in which they are done.
      crop_side: side of the crop.

    Returns:
      (3, crop_side, crop_side, 3) float32; as exact as the frames were without rotation.
    """
    steps = {
        "random_image_rot90": lambda f: tf.image.rot90(f, transform.quarter_turns),
        "random_flip": lambda f: tf.cond(
            transform.flipped, lambda: tf.image.flip_left_right(f), lambda: f
        ),
        "random_rotate": lambda f: tf.cond(
            tf.equal(transform.angle, 0.0), lambda: f, lambda: rotate(f, transform.angle)
        ),
        "random_reverse": lambda f: tf.cond(
            transform.reversed_time, lambda: tf.reverse(f, [0]), lambda: f
        ),
    }
    for name in names:
        frames = steps[name](frames)
    margin = (tf.shape(frames)[1] - crop_side) // 2
    frames = frames[:, margin : margin + crop_side, margin : margin + crop_side]
    return tf.ensure_shape(frames, (3, crop_side, crop_side, 3))


def _uniform(seed: tf.Tensor, stream: int) -> tf.Tensor:
    """(2,) float32 in [0, 1); the algorithm is named because the default depends on the device."""
    seed = tf.random.experimental.stateless_fold_in(seed, stream, alg="philox")
    return tf.random.stateless_uniform((2,), seed, alg="philox")
