"""Crops, scales, resizes and encodes a frame, as `frame_options` describes.

Images are Pillow images of 8-bit RGB; sizes are (width, height) in pixels.
"""

import functools
import io
from typing import Final

import numpy as np
from PIL import Image

from frame_interpolation.datasets.frame_options import KEEP, FrameError, FrameOptions
from frame_interpolation.datasets.tf_example import EncodedFrame

GAMMA: Final = 2.2


def change_size(image: Image.Image, options: FrameOptions) -> Image.Image:
    """Crops, scales and resizes a frame, in this order.

    Raises:
        FrameError: With reason 'unsupported_frame': the frame's sides do not allow it.
    """
    image = center_crop(image, options.center_crop_factor)
    image = scale_down(image, options.scale_factor)
    if options.resize is None or options.resize == image.size:
        return image
    return resize(image, options.resize, options.resize_filter)


def center_crop(image: Image.Image, factor: int) -> Image.Image:
    """Cuts the middle 1/factor of each side out, rounded down.

    Raises:
        FrameError: Nothing would be left.
    """
    if factor == 1:
        return image
    width, height = image.width // factor, image.height // factor
    if not width or not height:
        raise FrameError(
            "unsupported_frame",
            f"a frame of {_shown(image.size)} has no middle {factor}th (--center_crop_factor)",
        )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def scale_down(image: Image.Image, factor: int) -> Image.Image:
    """Averages blocks of factor x factor pixels in linear light, gamma 2.2 (FILM's Xiph-2K).

    Raises:
        FrameError: The sides are not multiples of the factor.
    """
    if factor == 1:
        return image
    if image.width % factor or image.height % factor:
        raise FrameError(
            "unsupported_frame",
            f"the sides of a frame of {_shown(image.size)} are not multiples of {factor} "
            f"(--scale_factor)",
        )
    linear = _linear_values()[np.asarray(image)]
    blocks = linear.reshape(image.height // factor, factor, image.width // factor, factor, 3)
    values = blocks.mean(axis=(1, 3)) ** (1.0 / GAMMA)
    return Image.fromarray((values * 255.0 + 0.5).astype(np.uint8))


def resize(image: Image.Image, size: tuple[int, int], resize_filter: str = "auto") -> Image.Image:
    """Brings a frame to a size, on its values as they are.

    Args:
        image: The frame.
        size: (width, height).
        resize_filter: 'area' averages the areas that become one pixel, 'lanczos' is Pillow's, and
            'auto' is 'area' where both sides shrink by whole factors, else 'lanczos'.

    Raises:
        FrameError: 'area' was asked for and a side is no multiple of the wanted one.
    """
    whole = not image.width % size[0] and not image.height % size[1]
    if resize_filter == "area" and not whole:
        raise FrameError(
            "unsupported_frame",
            f"the sides of a frame of {_shown(image.size)} are not multiples of {_shown(size)} "
            f"(--resize_filter=area)",
        )
    if whole and resize_filter != "lanczos":
        return image.reduce((image.width // size[0], image.height // size[1]))
    return image.resize(size, Image.Resampling.LANCZOS)


def encode(image: Image.Image, options: FrameOptions) -> EncodedFrame:
    """Writes a frame as an image file in memory, nothing but its pixels: no profile, no tags."""
    encoding = "png" if options.encoding == KEEP else options.encoding
    settings: dict[str, object] = {}
    if encoding == "jpeg":
        settings = {"quality": options.quality, "subsampling": 0}
    elif encoding == "webp":
        lossless = options.quality == 100
        settings = {"quality": options.quality, "lossless": lossless, "exact": True}
    image.info.clear()
    file = io.BytesIO()
    image.save(file, encoding.upper(), **settings)
    return EncodedFrame(file.getvalue(), encoding, *image.size)


@functools.cache
def _linear_values() -> np.ndarray:
    """(256,) float32: each 8-bit value in linear light, [0, 1]."""
    return ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)


def _shown(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
