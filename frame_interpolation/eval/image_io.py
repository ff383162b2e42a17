"""Image files to and from arrays.

Images in memory are RGB, gamma space, (H, W, 3): float32 in [0, 1], or uint8. Files are converted
on reading, and this is all that is done to them:

* greyscale, palette, CMYK and YCbCr become RGB; there is no colour management, embedded profiles
  are ignored;
* 16-bit PNGs keep their 16 bits (value / 65535). Pillow itself would silently give 8 bits for
  colour, so those are decoded by TensorFlow. 16-bit colour in other formats (TIFF) loses its lower
  8 bits in Pillow; 32-bit integers and floating point are refused;
* transparency is composited over white, the paper that a drawing lies on, with one warning: the
  network has no alpha channel, and the colours under transparent pixels are often arbitrary;
* the orientation in EXIF data is applied, so that the picture is the one that viewers show;
* of a file with several pages the first is read.
"""

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from absl import logging
from PIL import ExifTags, Image, UnidentifiedImageError

from frame_interpolation.errors import InputError

# The suffixes that count as frames when a folder is searched.
FRAME_SUFFIXES = frozenset(
    [".avif", ".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tga", ".tif", ".tiff", ".webp"]
)

_PAPER = 1.0  # White, in [0, 1].

# What Pillow raises on damaged files, by experience rather than by its documentation.
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# How far an image with this EXIF orientation is from upright: mirror left-right first, then turn
# counter-clockwise by so many quarters.
_MIRROR_AND_TURNS = {
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 1),
    6: (False, 3),
    7: (True, 3),
    8: (False, 1),
}

_SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_deflate"},
}


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads an image file.

    Args:
      path: an image of 8 bits a channel in any format of Pillow, or a 16-bit PNG.

    Returns:
      (H, W, 3) float32, RGB in [0, 1]; see the module for the conversions. An 8-bit value v is
      v / 255 and is given back exactly by `to_uint8`.

    Raises:
      InputError: the file is missing, unreadable, empty, damaged or of an unsupported kind.
    """
    encoded = _read_bytes(path)
    try:
        return _decode(encoded, path)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path} is not an image that can be read: expected PNG, JPEG or another image format."
        ) from error
    except _DECODING_ERRORS as error:
        raise InputError(f"{path} is damaged ({error}): write or copy this image again.") from error


def write_image(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Writes an image file of 8 bits a channel, making its folder if need be.

    The file appears under its name only when it is complete. PNG, TIFF, BMP and WebP are lossless,
    JPEG has quality 95 without chroma subsampling.

    Args:
      path: the file, its format is that of its suffix.
      image: (H, W, 3), float in [0, 1] (see `to_uint8`) or uint8, written as it is.

    Raises:
      InputError: the suffix is unknown, the values are not finite, or writing failed.
    """
    path = Path(path)
    image_format = output_format(path)
    try:
        pixels = to_uint8(image)
    except InputError as error:
        raise InputError(f"{path} cannot be written: {error}") from error
    with replaced_file(path) as file:
        options = _SAVE_OPTIONS.get(image_format, {})
        Image.fromarray(pixels).save(file, format=image_format, **options)


def output_format(path: str | os.PathLike[str]) -> str:
    """Gives Pillow's name of the format that `path` would be written in.

    Args:
      path: name of a file, which need not exist.

    Returns:
      "PNG", "JPEG", ...

    Raises:
      InputError: the suffix stands for none of `FRAME_SUFFIXES`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FRAME_SUFFIXES:
        raise InputError(
            f"{path} has {f'the suffix {suffix!r}' if suffix else 'no suffix'}: an image can be "
            f"written as one of {' '.join(sorted(FRAME_SUFFIXES))}."
        )
    return Image.registered_extensions()[suffix]


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Quantises an image to 8 bits, halves being rounded up.

    Args:
      image: any shape, floating point, clipped to [0, 1] here; or uint8, given back as it is.

    Returns:
      uint8 of the same shape: floor(255 * image + 0.5).

    Raises:
      InputError: a value is not finite.
    """
    if image.dtype == np.uint8:
        return image
    if not np.all(np.isfinite(image)):
        raise InputError(
            "the image holds values that are not finite numbers; a model that gives them is broken."
        )
    scaled = np.clip(image, 0.0, 1.0) * np.float32(255.0)
    return np.floor(scaled + np.float32(0.5)).astype(np.uint8)


@contextlib.contextmanager
def replaced_file(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file that appears under its name when the block ends without an error.

    Args:
      path: the file; its folder is made, an older file of this name is replaced.

    Yields:
      A binary file open for writing, which lies beside `path` under a hidden name.

    Raises:
      InputError: the folder or the file cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                yield file
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        encoded = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if not encoded:
        raise InputError(f"{path} is empty (0 bytes): write or copy this image again.")
    return encoded


def _decode(encoded: bytes, path: str | os.PathLike[str]) -> np.ndarray:
    with Image.open(io.BytesIO(encoded)) as image:
        image.load()  # Also reads EXIF data that follows the pixels, and finds truncation.
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if _is_16_bit_png(encoded):
            pixels = _decode_16_bit_png(encoded)
        elif image.mode.startswith("I;16"):
            pixels = _scaled(np.asarray(image.convert("I")), 65535)[..., np.newaxis]
        elif image.mode in ("I", "F"):
            raise InputError(
                f"{path} has 32-bit {'integer' if image.mode == 'I' else 'floating point'} values, "
                "whose range is not known: expected 8 bits a channel, or a 16-bit PNG."
            )
        else:
            mode = "RGBA" if image.has_transparency_data else "RGB"
            pixels = _scaled(np.asarray(image.convert(mode)), 255)
    return _upright(_on_paper(pixels, path), orientation)


def _is_16_bit_png(encoded: bytes) -> bool:
    # The header chunk always comes first; its ninth byte is the bit depth.
    return encoded.startswith(b"\x89PNG\r\n\x1a\n") and encoded[24:25] == b"\x10"


def _decode_16_bit_png(encoded: bytes) -> np.ndarray:
    import tensorflow as tf

    try:
        rgba = tf.io.decode_png(encoded, channels=4, dtype=tf.uint16)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError("its PNG data cannot be decoded") from error
    return _scaled(rgba.numpy(), 65535)


def _scaled(values: np.ndarray, maximum: int) -> np.ndarray:
    return values.astype(np.float32) / np.float32(maximum)


def _on_paper(pixels: np.ndarray, path: str | os.PathLike[str]) -> np.ndarray:
    """Maps (H, W, 1), (H, W, 3) or (H, W, 4), the last being alpha, to (H, W, 3)."""
    if pixels.shape[-1] == 1:
        return np.repeat(pixels, 3, axis=-1)
    if pixels.shape[-1] == 3:
        return pixels
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    if np.all(alpha == 1.0):
        return np.ascontiguousarray(colour)
    logging.log_first_n(
        logging.WARNING,
        "%s is transparent in parts: transparent frames are put on white, and the result is opaque "
        "(this is said once).",
        1,
        path,
    )
    return colour * alpha + np.float32(_PAPER) * (1.0 - alpha)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    mirror, turns = _MIRROR_AND_TURNS.get(orientation, (False, 0))
    if mirror:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(np.rot90(pixels, turns))
