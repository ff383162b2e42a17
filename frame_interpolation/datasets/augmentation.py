"""Random changes of a training example, the same for its three frames.

The four of FILM's released configurations (arXiv 2202.04901), by name:

* `random_image_rot90`: k quarter turns, k uniform in {0, 1, 2, 3};
* `random_flip`: left-right, with probability 1/2;
* `random_rotate`: with probability 1/2, by an angle uniform in [-45, 45] degrees, bilinear;
* `random_reverse`: the outer frames change places, with probability 1/2.

And two of our own:

* `random_scale`: the picture is enlarged by f^u, u uniform in [-1, 1], bilinear. Beside
  `random_rotate` both are one interpolation, in the place of whichever is named first;
* `random_colour`: contrast (about the middle grey) and saturation (about the luma of ITU-R BT.601)
  are multiplied by factors uniform in [1 - j, 1 + j], and a number uniform in [-j / 2, j / 2] is
  added to all channels; the result is clipped to [0, 1].

What is going to happen is drawn first (`draw`), because angle and scale decide how large a window
of the frame has to be decoded; then it is done to that window (`apply`), whose margin the
interpolation leaves out. Everything is drawn from a seed tensor alone, each augmentation from
numbers of its own, so adding one leaves what the others do as it was.

Frames are (3, H, W, 3): first, middle and last frame, RGB.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from frame_interpolation.datasets.options import DataAugmentation
from frame_interpolation.ops.rotation import rotate

_MAX_ANGLE = math.radians(45.0)
_LUMA_WEIGHTS = (0.299, 0.587, 0.114)
_UNCHANGED = DataAugmentation()

# Each example has this many uniform numbers; which is for what never changes, and new purposes
# take spare ones. (One operation for all of them is cheaper than a seed for each.)
_NUMBERS = 16
_POSITION = slice(0, 2)
_ROT90 = 2
_FLIP = 3
_ROTATES = 4
_ANGLE = 5
_REVERSE = 6
_SCALE = 7
_CONTRAST = 8
_SATURATION = 9
_BRIGHTNESS = 10


class Transform(NamedTuple):
    """What happens to one example.

    Attributes:
      position: (2,) float32 in [0, 1), where the crop lies, as `frame_window.place_crop` takes it.
      quarter_turns: int32 scalar, counter-clockwise; 0 without augmentation.
      flipped: bool scalar, left-right; False without augmentation.
      angle: float32 scalar, radians, counter-clockwise; 0 without augmentation.
      reversed_time: bool scalar, whether the outer frames change places; False without
        augmentation.
      scale: float32 scalar, by which the picture is enlarged; 1 without augmentation.
      contrast: float32 scalar, a factor; 1 without augmentation.
      saturation: float32 scalar, a factor; 1 without augmentation.
      brightness: float32 scalar, what is added; 0 without augmentation.
    """

    position: tf.Tensor
    quarter_turns: tf.Tensor
    flipped: tf.Tensor
    angle: tf.Tensor
    reversed_time: tf.Tensor
    scale: tf.Tensor
    contrast: tf.Tensor
    saturation: tf.Tensor
    brightness: tf.Tensor

    @property
    def interpolates(self) -> tf.Tensor:
        """Whether pixels come to lie between pixels, bool scalar."""
        return tf.not_equal(self.angle, 0.0) | tf.not_equal(self.scale, 1.0)


def draw(
    names: Sequence[str], seed: tf.Tensor, *, strengths: DataAugmentation = _UNCHANGED
) -> Transform:
    """Draws what happens to an example.

    Args:
      names: of the augmentations, some of `options.AUGMENTATION_NAMES` and `JITTER_NAMES`.
      seed: (2,) int64.
      strengths: how strong the jitter is; its names are not looked at.

    Returns:
      The transform, a function of the arguments.
    """
    # The algorithm is named because the default depends on the device.
    numbers = tf.random.stateless_uniform((_NUMBERS,), seed, alg="philox")
    turns, flipped = tf.constant(0), tf.constant(False)
    angle, reversed_time = tf.constant(0.0), tf.constant(False)
    scale = contrast = saturation = tf.constant(1.0)
    brightness = tf.constant(0.0)
    if "random_image_rot90" in names:
        turns = tf.cast(4.0 * numbers[_ROT90], tf.int32)
    if "random_flip" in names:
        flipped = numbers[_FLIP] < 0.5
    if "random_rotate" in names:
        drawn = _MAX_ANGLE * (2.0 * numbers[_ANGLE] - 1.0)
        angle = tf.where(numbers[_ROTATES] < 0.5, drawn, 0.0)
    if "random_reverse" in names:
        reversed_time = numbers[_REVERSE] < 0.5
    if "random_scale" in names:
        scale = tf.exp(math.log(strengths.scale_factor) * (2.0 * numbers[_SCALE] - 1.0))
    if "random_colour" in names:
        jitter = strengths.colour_jitter
        contrast = 1.0 + jitter * (2.0 * numbers[_CONTRAST] - 1.0)
        saturation = 1.0 + jitter * (2.0 * numbers[_SATURATION] - 1.0)
        brightness = jitter * (numbers[_BRIGHTNESS] - 0.5)
    return Transform(
        position=numbers[_POSITION],
        quarter_turns=turns,
        flipped=flipped,
        angle=angle,
        reversed_time=reversed_time,
        scale=scale,
        contrast=contrast,
        saturation=saturation,
        brightness=brightness,
    )


def apply(
    frames: tf.Tensor, transform: Transform, *, names: Sequence[str], crop_side: int
) -> tf.Tensor:
    """Transforms a window to the crop in its middle.

    Args:
      frames: (3, S, S, 3) uint8, or float32 in [0, 1]: a window with the margin that
        `transform.angle` and `transform.scale` need.
      transform: what `draw` returned; its position has been used for the window already.
      names: of the augmentations, in the order in which they are done.
      crop_side: side of the crop.

    Returns:
      (3, crop_side, crop_side, 3) float32 in [0, 1]; as exact as the frames were where nothing is
      interpolated.
    """
    interpolated = False
    for name in names:
        if name not in _INTERPOLATIONS:
            frames = _STEPS[name](frames, transform)
        elif not interpolated:
            frames, interpolated = _interpolate_crop(frames, transform, crop_side), True
    if not interpolated:
        frames = _middle(frames, crop_side)
    return tf.ensure_shape(_to_float(frames), (3, crop_side, crop_side, 3))


def _to_float(frames: tf.Tensor) -> tf.Tensor:
    """As late as possible: bytes are cheaper to turn and mirror. Leaves floats as they are."""
    return tf.image.convert_image_dtype(frames, tf.float32)


def _middle(frames: tf.Tensor, side: int) -> tf.Tensor:
    margin = (tf.shape(frames)[1] - side) // 2
    return frames[:, margin : margin + side, margin : margin + side]


def _interpolate_crop(frames: tf.Tensor, transform: Transform, crop_side: int) -> tf.Tensor:
    """Rotates and scales, computing the crop alone."""
    return tf.cond(
        transform.interpolates,
        lambda: rotate(
            _to_float(frames), transform.angle, scale=transform.scale, output_side=crop_side
        ),
        lambda: _to_float(_middle(frames, crop_side)),
    )


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


def _reverse_time(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    return _mirror(frames, time=transform.reversed_time)


def _recolour(frames: tf.Tensor, transform: Transform) -> tf.Tensor:
    frames = _to_float(frames)
    luma = tf.tensordot(frames, tf.constant(_LUMA_WEIGHTS), 1)[..., None]
    frames = luma + transform.saturation * (frames - luma)
    frames = transform.contrast * (frames - 0.5) + 0.5 + transform.brightness
    return tf.clip_by_value(frames, 0.0, 1.0)


_INTERPOLATIONS = ("random_rotate", "random_scale")
_STEPS: dict[str, Callable[[tf.Tensor, Transform], tf.Tensor]] = {
    "random_image_rot90": _turn,
    "random_flip": _flip,
    "random_reverse": _reverse_time,
    "random_colour": _recolour,
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
