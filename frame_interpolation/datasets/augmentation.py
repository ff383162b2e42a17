"""Random changes of a training example, the same for its three frames.

The four of FILM's released configurations (arXiv 2202.04901), by name:

* `random_image_rot90`: k quarter turns, k uniform in {0, 1, 2, 3};
* `random_flip`: left-right, with probability 1/2;
* `random_rotate`: with probability 1/2, by an angle uniform in [-45, 45] degrees, bilinear;
* `random_reverse`: the outer frames change places, with probability 1/2.

What is going to happen is drawn first (`draw`), because the angle decides how large a window of
the frame has to be decoded; then it is done to that window (`apply`), whose margin the last cut
takes away. Everything is drawn from a seed tensor alone, each augmentation from numbers of its
own, so adding one leaves what the others do as it was.

Frames are (3, H, W, 3): first, middle and last frame, RGB.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from frame_interpolation.ops.rotation import rotate

_MAX_ANGLE = math.radians(45.0)

# Each example has this many uniform numbers; which is for what never changes, and new purposes
# take spare ones. (One operation for all of them is cheaper than a seed for each.)
_NUMBERS = 16
_POSITION = slice(0, 2)
_ROT90 = 2
_FLIP = 3
_ROTATES = 4
_ANGLE = 5
_REVERSE = 6


class Transform(NamedTuple):
    """What happens to one example.

    Attributes:
      position: (2,) float32 in [0, 1), where the crop lies, as `frame_window.place_crop` takes it.
      quarter_turns: int32 scalar, counter-clockwise; 0 without augmentation.
      flipped: bool scalar, left-right; False without augmentation.
      angle: float32 scalar, radians, counter-clockwise; 0 without augmentation.
      reversed_time: bool scalar, whether the outer frames change places; False without
        augmentation.
    """

    position: tf.Tensor
    quarter_turns: tf.Tensor
    flipped: tf.Tensor
    angle: tf.Tensor
    reversed_time: tf.Tensor


def draw(names: Sequence[str], seed: tf.Tensor) -> Transform:
    """Draws what happens to an example.

    Args:
      names: of the augmentations, some of `options.AUGMENTATION_NAMES`.
      seed: (2,) int64.

    Returns:
      The transform, a function of `seed` and `names`.
    """
    # The algorithm is named because the default depends on the device.
    numbers = tf.random.stateless_uniform((_NUMBERS,), seed, alg="philox")
    turns, flipped = tf.constant(0), tf.constant(False)
    angle, reversed_time = tf.constant(0.0), tf.constant(False)
    if "random_image_rot90" in names:
        turns = tf.cast(4.0 * numbers[_ROT90], tf.int32)
    if "random_flip" in names:
        flipped = numbers[_FLIP] < 0.5
    if "random_rotate" in names:
        drawn = _MAX_ANGLE * (2.0 * numbers[_ANGLE] - 1.0)
        angle = tf.where(numbers[_ROTATES] < 0.5, drawn, 0.0)
    if "random_reverse" in names:
        reversed_time = numbers[_REVERSE] < 0.5
    return Transform(numbers[_POSITION], turns, flipped, angle, reversed_time)


def apply(
    frames: tf.Tensor, transform: Transform, *, names: Sequence[str], crop_side: int
) -> tf.Tensor:
    """Transforms a window and cuts the crop out of its middle.

    Args:
      frames: (3, S, S, 3) float32, a window with the margin that `transform.angle` needs.
      transform: what `draw` returned; its position has been used for the window already.
      names: of the augmentations, in the order in which they are done.
      crop_side: side of the crop.

    Returns:
      (3, crop_side, crop_side, 3) float32; as exact as the frames were without rotation.
    """
    for name in names:
        frames = _STEPS[name](frames, transform)
    margin = (tf.shape(frames)[1] - crop_side) // 2
    frames = frames[:, margin : margin + crop_side, margin : margin + crop_side]
    return tf.ensure_shape(frames, (3, crop_side, crop_side, 3))


def _turn(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    """Quarter turns as a transposition and reflections, which need no branches."""
    turns = transform.quarter_turns
    sideways = turns % 2 == 1
    axes = tf.where(sideways, [0, 2, 1, 3], [0, 1, 2, 3])
    upside_down = (turns == 1) | (turns == 2)
    mirrored = (turns == 2) | (turns == 3)
    return _mirror(tf.transpose(frames, axes), rows=upside_down, columns=mirrored)


def _flip(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    return _mirror(frames, columns=transform.flipped)


def _rotate(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    return tf.cond(
        tf.equal(transform.angle, 0.0), lambda: frames, lambda: rotate(frames, transform.angle)
    )


def _reverse_time(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    return _mirror(frames, time=transform.reversed_time)


_STEPS: dict[str, Callable[[tf.Tensor, Transform], tf.Tensor]] = {
    "random_image_rot90": _turn,
    "random_flip": _flip,
    "random_rotate": _rotate,
    "random_reverse": _reverse_time,
}


def _mirror(
    frames: tf.Tensor,
    *,
    time: tf.Tensor | bool = False,
    rows: tf.Tensor | bool = False,
    columns: tf.Tensor | bool = False,
) -> tf.Tensor:
    # Unlike `tf.reverse`, this takes the choice of the axes as a tensor.
    return tf.raw_ops.Reverse(tensor=frames, dims=tf.stack([time, rows, columns, False]))
