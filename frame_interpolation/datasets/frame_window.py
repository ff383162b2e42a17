"""Decodes only that part of a frame which a crop needs.

A training crop is a small part of a frame, and decoding costs more than all augmentation. So the
crop is chosen first, as a *window* of the undecoded frame: the square crop itself or, when it is
going to be rotated by an angle or scaled, a square which then covers the crop, so that nothing
from outside reaches it. Of a JPEG only the blocks of the window are decoded; other formats are
decoded whole and cut.

Sizes are (height, width), positions (top, left), all in pixels; angles are in radians. Where a
frame is too small for the larger square, what lies outside is the frame's reflection.
"""

import dataclasses
import functools
import io
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from frame_interpolation.datasets import webp
from frame_interpolation.errors import InputError

_JPEG_START = b"\xff\xd8\xff"


@dataclasses.dataclass(frozen=True)
class Window:
    """A rectangle of a frame, which may reach over its border.

    Attributes:
      top: first row; negative above the frame.
      left: first column; negative left of the frame.
      height: rows.
      width: columns.
    """

    top: int
    left: int
    height: int
    width: int


def window_margin(crop_side: int, angle: float, scale: float = 1.0) -> int:
    """Returns by how many pixels on each side a window must be larger than its crop.

    Args:
      crop_side: side of the crop.
      angle: of the rotation about the centre of the window.
      scale: by which the window is enlarged about its centre, or reduced below 1.

    Returns:
      0 for no rotation and no scale, else such a margin that each pixel of the crop is
      interpolated between pixels of the window; negative where a smaller window is enough.
    """
    if not angle and scale == 1.0:
        return 0
    # The crop's outermost pixel centres lie (side - 1) / 2 from the centre in x and y.
    grown = (abs(math.cos(angle)) + abs(math.sin(angle))) / scale
    if scale == 1.0:
        grown = max(grown, 1.0)  # Whatever the rounding.
    reach = (grown - 1.0) * (crop_side - 1) / 2
    return math.ceil(reach) + 1  # One more against rounding.


def place_crop(
    frame_size: tuple[int, int],
    crop_side: int,
    *,
    position: tuple[float, float],
    angle: float = 0.0,
    scale: float = 1.0,
) -> Window:
    """Chooses the window of a crop.

    Args:
      frame_size: (height, width) of the frame, both at least `crop_side`.
      crop_side: side of the crop.
      position: two numbers in [0, 1), vertical and horizontal; uniform ones give each place that
        is allowed the same probability. Allowed is where the window lies inside the frame or,
        along a side of the frame that is shorter than the window, where the middle of the window
        that is as large as the crop does.
      angle: by which the window will be rotated before the crop is cut out of its middle.
      scale: by which the window will be enlarged.

    Returns:
      A square, `window_margin` larger than the crop on each side.
    """
    margin = window_margin(crop_side, angle, scale)
    starts = []
    for size, fraction in zip(frame_size, position, strict=True):
        inside = margin if size >= crop_side + 2 * margin else 0
        places = size - crop_side - 2 * inside + 1
        starts.append(inside - margin + min(int(fraction * places), places - 1))
    side = crop_side + 2 * margin
    return Window(top=starts[0], left=starts[1], height=side, width=side)


def reaches_outside(window: Window, frame_size: tuple[int, int]) -> bool:
    """Tells whether a window has pixels beyond the border of its frame, (height, width)."""
    bottom, right = window.top + window.height, window.left + window.width
    return min(window.top, window.left) < 0 or bottom > frame_size[0] or right > frame_size[1]


def middle_crop(frame_size: tuple[int, int], crop_side: int) -> Window:
    """Returns the square in the middle of a frame (the upper left one of two or four)."""
    height, width = frame_size
    return Window((height - crop_side) // 2, (width - crop_side) // 2, crop_side, crop_side)


def frame_size(encoded: bytes) -> tuple[int, int]:
    """Reads (height, width) from the head of an image file.

    Raises:
      InputError: It is no image that Pillow knows.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return image.height, image.width
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("it is not an image, or its head is damaged") from error


def decode_window(encoded: bytes, window: Window) -> np.ndarray:
    """Decodes a part of an image file.

    Args:
      encoded: JPEG, PNG, WebP or another format of `tf.io.decode_image`. Alpha is dropped, grey and
        palette images become RGB; colour profiles and orientation tags are ignored.
      window: what to decode; it overlaps the image.

    Returns:
      (window.height, window.width, 3) uint8, RGB, reflected about the outermost pixels where the
      window leaves the image.

    Raises:
      InputError: The image is damaged or of another format.
    """
    height, width = frame_size(encoded)
    top, left = max(window.top, 0), max(window.left, 0)
    bottom = min(window.top + window.height, height)
    right = min(window.left + window.width, width)
    decode = _decoder(encoded)
    try:
        pixels = decode(encoded, (height, width), top, left, bottom, right)
    except tf.errors.OpError as error:
        raise InputError(f"its pixels cannot be decoded ({_reason(error)})") from error
    outside = (
        (top - window.top, window.top + window.height - bottom),
        (left - window.left, window.left + window.width - right),
        (0, 0),
    )
    return np.pad(pixels, outside, mode="reflect") if np.any(outside) else pixels


def _decode_jpeg(
    encoded: bytes, size: tuple[int, int], top: int, left: int, bottom: int, right: int
) -> np.ndarray:
    # One pixel more on each side, because the colours of a JPEG are interpolated between
    # neighbours: without it the outermost pixels differ a little from those of the whole image.
    first_row, last_row = max(top - 1, 0), min(bottom + 1, size[0])
    first_column, last_column = max(left - 1, 0), min(right + 1, size[1])
    window = [first_row, first_column, last_row - first_row, last_column - first_column]
    image = _compiled().jpeg_window(tf.constant(encoded), tf.constant(window)).numpy()
    return image[top - first_row : bottom - first_row, left - first_column : right - first_column]


def _decoder(encoded: bytes) -> Callable[..., np.ndarray]:
    if encoded.startswith(_JPEG_START):
        return _decode_jpeg
    return _decode_webp if webp.is_webp(encoded) else _decode_any


def _decode_webp(
    encoded: bytes, size: tuple[int, int], top: int, left: int, bottom: int, right: int
) -> np.ndarray:
    return webp.decode(encoded)[top:bottom, left:right]


def _decode_any(
    encoded: bytes, size: tuple[int, int], top: int, left: int, bottom: int, right: int
) -> np.ndarray:
    image = _compiled().whole_image(tf.constant(encoded)).numpy()
    return image[top:bottom, left:right]


class _Decoders(NamedTuple):
    jpeg_window: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    whole_image: Callable[[tf.Tensor], tf.Tensor]


@functools.cache
def _compiled() -> _Decoders:
    """TensorFlow's decoders as compiled functions.

    A single operation that is called eagerly keeps the interpreter's lock while it runs, so that
    frames would be decoded one after another whatever the number of threads; a function does not.
    """
    encoded, window = tf.TensorSpec((), tf.string), tf.TensorSpec((4,), tf.int32)

    def jpeg_window(encoded, window):
        return tf.image.decode_and_crop_jpeg(encoded, window, channels=3)

    def whole_image(encoded):
        return tf.io.decode_image(encoded, channels=3, expand_animations=False)

    with tf.device("CPU"):
        return _Decoders(
            tf.function(jpeg_window).get_concrete_function(encoded, window),
            tf.function(whole_image).get_concrete_function(encoded),
        )


def _reason(error: tf.errors.OpError) -> str:
    """What went wrong, in one line: TensorFlow writes it last, before the name of the node."""
    lines = error.message.partition("[[{{node")[0].strip().splitlines()
    return lines[-1].rstrip(".") if lines else type(error).__name__
