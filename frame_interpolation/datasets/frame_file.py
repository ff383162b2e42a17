"""Reads the image file of a frame, checks it, and makes it fit for a record.

An 8-bit RGB JPEG or PNG file is kept as it is, byte for byte, whatever its suffix says. A truncated
file often has a sound header, so its end is looked at too: a JPEG file must end in its end marker,
and of a PNG file all chunks must be there with the right checksums. A file that is unusual in any
way is decoded, and so is every file when the options ask for that (`--frame_check=pixels`), which
finds JPEG files damaged in the middle as far as the format lets a decoder notice it, and costs some
three milliseconds for 1280x720 pixels. What else is found:

    greyscale, palette, 1 bit     converted to RGB without loss
    alpha, transparent colour     composited over white, the colour of paper
    EXIF orientation              turned upright, as every viewer shows it (the readers of
                                  records, FILM's and ours, ignore the tag)
    16 bits a channel, CMYK, ...  rejected: what 8-bit RGB they mean is not for us to guess
    other file formats            rejected

A converted frame is stored as PNG. Colour profiles and gamma chunks are ignored, as by FILM.
Options (`frame_options`) may ask for another size or encoding; they apply after the conversions.
"""

import dataclasses
import io
import os
import stat
from typing import Final

from PIL import Image, ImageOps

from frame_interpolation.datasets import frame_conversion
from frame_interpolation.datasets.frame_options import (
    STRUCTURE,
    UNCHANGED,
    FrameError,
    FrameOptions,
)
from frame_interpolation.datasets.tf_example import EncodedFrame

_PLAIN_MODES: Final = ("1", "L", "P", "RGB")
_ALPHA_MODES: Final = ("LA", "PA", "RGBA")
_CONVERSIONS: Final = {"1": "greyscale", "L": "greyscale", "P": "palette"}
_PAPER: Final = (255, 255, 255, 255)
_EXIF_ORIENTATION: Final = 0x0112
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH: Final = 24  # Where it stands: 8 signature, 8 chunk header, 4 width, 4 height.
_PNG_END: Final = b"IEND\xaeB`\x82"
_JPEG_END: Final = b"\xff\xd9"
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError)


@dataclasses.dataclass(frozen=True)
class FrameFile:
    """A frame ready for a record.

    Attributes:
        frame: The image file, 8-bit RGB.
        conversion: Empty when the file held upright 8-bit RGB, else what was done to get that in
            one word: 'greyscale', 'palette', 'alpha' or 'orientation'.
    """

    frame: EncodedFrame
    conversion: str = ""


def read_frame(path: str, options: FrameOptions = UNCHANGED) -> FrameFile:
    """Reads a frame for a record.

    Args:
        path: The image file.
        options: What to do to it.

    Raises:
        FrameError: With reason 'missing_frame', 'empty_frame', 'unreadable_frame' (the system
            refuses to read it), 'damaged_frame' (truncated or not an image) or
            'unsupported_frame' (also where the options cannot be followed). The detail names the
            file, not its folder.
    """
    name = os.path.basename(path)
    try:
        # Opening a pipe would wait for a writer.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FrameError("unreadable_frame", f"{name!r} is not a regular file")
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise FrameError("missing_frame", f"{name!r} is missing") from None
    except OSError as error:
        raise FrameError("unreadable_frame", f"{name!r}: {error.strerror}") from error
    if not data:
        raise FrameError("empty_frame", f"{name!r} has no bytes")
    return frame_from_bytes(data, name=name, options=options)


def frame_from_bytes(data: bytes, *, name: str, options: FrameOptions = UNCHANGED) -> FrameFile:
    """Checks and, where it must, converts an image file in memory; see `read_frame`."""
    try:
        return _check(data, name, options)
    except FrameError:
        raise
    except Image.DecompressionBombError as error:
        raise FrameError("unsupported_frame", f"{name!r} is too large: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise FrameError("damaged_frame", f"{name!r} is not a PNG or JPEG image") from error
    except _DAMAGE as error:  # What Pillow's decoders raise on damaged files.
        raise FrameError("damaged_frame", f"{name!r} is damaged: {error}") from error


def _check(data: bytes, name: str, options: FrameOptions) -> FrameFile:
    if data.startswith(_PNG_SIGNATURE):
        _check_png(data, name)
    image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    # Not image.format == "JPEG": one with a preview for small screens is an "MPO" to Pillow.
    encoding = "png" if image.format == "PNG" else "jpeg"
    width, height = image.size
    kept = options.keeps_file(encoding, image.size)
    plain = image.mode == "RGB" and "transparency" not in image.info and _orientation(image) == 1
    whole = encoding == "png" or data.endswith(_JPEG_END)
    if kept and plain and whole and options.frame_check == STRUCTURE:
        return FrameFile(EncodedFrame(data, encoding, width, height))
    if kept and plain and encoding == "jpeg":
        # Only the frequencies below an eighth are turned into pixels, three times as fast as all
        # of them; the whole file is read through for it.
        image.draft("RGB", (1, 1))
    image.load()
    if image.mode not in _PLAIN_MODES + _ALPHA_MODES:
        raise FrameError(
            "unsupported_frame",
            f"{name!r} has pixels of kind {image.mode}, expected 8-bit RGB, greyscale or palette",
        )
    upright = image if _orientation(image) == 1 else ImageOps.exif_transpose(image)
    rgb, conversion = _as_rgb(upright)
    if upright is not image:
        conversion = conversion or "orientation"
    if kept and not conversion:
        return FrameFile(EncodedFrame(data, encoding, width, height))
    try:
        changed = frame_conversion.change_size(rgb, options)
    except FrameError as error:
        raise FrameError(error.reason, f"{name!r}: {error}") from None
    return FrameFile(frame_conversion.encode(changed, options), conversion)


def _check_png(data: bytes, name: str) -> None:
    # Pillow shows 16-bit RGB as 8-bit, accepts a file without its last bytes, which TensorFlow
    # does not, and checks the checksums of the chunks only in `verify`.
    if data[_PNG_BIT_DEPTH : _PNG_BIT_DEPTH + 1] == b"\x10":
        raise FrameError(
            "unsupported_frame", f"{name!r} has 16 bits a channel, expected 8; convert it"
        )
    if _PNG_END not in data:
        raise FrameError("damaged_frame", f"{name!r} is truncated: the PNG file has no end")
    Image.open(io.BytesIO(data), formats=("PNG",)).verify()


def _orientation(image: Image.Image) -> int:
    return image.getexif().get(_EXIF_ORIENTATION, 1)


def _as_rgb(image: Image.Image) -> tuple[Image.Image, str]:
    """Returns 8-bit RGB without transparency, and in one word what that took."""
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, _PAPER)
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB"), "alpha"
    if image.mode == "RGB":
        return image, ""
    return image.convert("RGB"), _CONVERSIONS[image.mode]
