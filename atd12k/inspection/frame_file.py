"""Inspects one frame's file: can all of it be decoded, what is in it, what does it look like.

A frame is decoded completely, because nothing less finds a truncated or damaged one. Of JPEG
Pillow reports a cut at any place; of PNG the checksums of the chunks and the end chunk are checked
besides. A JPEG whose coded data was overwritten in the middle often decodes to garbage
without an error: this cannot be seen from the file alone.
"""

import hashlib
import io
import os
import stat
import warnings
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from atd12k.inspection import perceptual_hash

FORMATS: Final = ("JPEG", "PNG")
_MOST_BYTES: Final = 1 << 28
# What the readers of this project take; the others they reject, because what 8-bit RGB they mean is
# not for them to guess.
READ_MODES: Final = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH: Final = 24  # Where it stands: 8 signature, 8 chunk header, 4 width, 4 height.
_PNG_END: Final = b"IEND\xaeB`\x82"
_DIGEST_BYTES: Final = 16


class Defect(NamedTuple):
    """What is wrong with a file.

    Attributes:
        kind: A kind of `atd12k.inspection.findings`.
        detail: A few words.
    """

    kind: str
    detail: str


class Frame(NamedTuple):
    """What was found in a sound file.

    Attributes:
        format: 'JPEG' or 'PNG'.
        mode: Pillow's mode, 'RGB' for ordinary frames; with ';16' for 16 bits a channel.
        size: (width, height) in pixels.
        file_digest: Of the file's bytes: SHA-256, first 16 bytes.
        pixel_digest: Of size and RGB pixels, likewise.
        hash: `perceptual_hash.hash_of`.
        thumbnail: `perceptual_hash.thumbnail` as bytes.
        is_flat: `perceptual_hash.is_flat`.
    """

    format: str
    mode: str
    size: tuple[int, int]
    file_digest: bytes
    pixel_digest: bytes
    hash: int
    thumbnail: bytes
    is_flat: bool


def inspect(path: str) -> Frame | Defect:
    """Reads and decodes a frame. Whatever is wrong with the file is returned, not raised."""
    content = _content(path)
    if isinstance(content, Defect):
        return content
    image = _decoded(content)
    if isinstance(image, Defect):
        return image
    rgb = as_rgb(image)
    small = perceptual_hash.miniature(rgb)
    thumbnail = perceptual_hash.thumbnail(small)
    return Frame(
        format=image.format or "",
        mode=_mode(image, content),
        size=image.size,
        file_digest=hashlib.sha256(content).digest()[:_DIGEST_BYTES],
        pixel_digest=_pixel_digest(rgb),
        hash=perceptual_hash.hash_of(small),
        thumbnail=thumbnail.tobytes(),
        is_flat=perceptual_hash.is_flat(thumbnail),
    )


def read_miniature(path: str) -> Image.Image | None:
    """Returns the miniature of a frame, or None where it can no longer be read."""
    content = _content(path)
    image = content if isinstance(content, Defect) else _decoded(content)
    return None if isinstance(image, Defect) else perceptual_hash.miniature(as_rgb(image))


def as_rgb(image: Image.Image) -> Image.Image:
    """Converts to RGB: alpha is dropped, grey is repeated, 16-bit grey keeps its upper byte."""
    if image.mode.startswith("I"):  # Pillow's own conversion would saturate.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")


def _content(path: str) -> bytes | Defect:
    try:
        status = os.stat(path)
        # Opening a pipe would wait for a writer.
        if not stat.S_ISREG(status.st_mode):
            return Defect("frame_unreadable", "not a regular file")
        if status.st_size > _MOST_BYTES:
            return Defect("frame_unreadable", f"{status.st_size} bytes, too large for a frame")
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        return Defect("frame_unreadable", error.strerror or str(error))
    return content or Defect("frame_empty", "0 bytes")


def _decoded(content: bytes) -> Image.Image | Defect:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of odd metadata, for example.
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.format == "PNG":
                if _PNG_END not in content:
                    return Defect("frame_truncated", "the PNG's end chunk is missing")
                image.verify()  # Uses the image up.
                image = Image.open(io.BytesIO(content), formats=FORMATS)
            image.load()
    except Image.UnidentifiedImageError:
        return Defect("frame_unreadable", f"neither JPEG nor PNG, begins with {content[:8]!r}")
    except MemoryError:
        raise
    except Exception as error:  # Damaged files make Pillow raise almost anything.
        text = str(error) or type(error).__name__
        kind = "frame_truncated" if "truncated" in text.lower() else "frame_unreadable"
        return Defect(kind, text)
    return image


def _mode(image: Image.Image, content: bytes) -> str:
    # Pillow shows 16-bit RGB as 8-bit.
    is_png = content.startswith(_PNG_SIGNATURE)
    has_16_bits = is_png and content[_PNG_BIT_DEPTH] == 16 and not image.mode.startswith("I")
    return f"{image.mode};16" if has_16_bits else image.mode


def _pixel_digest(rgb: Image.Image) -> bytes:
    digest = hashlib.sha256(repr(rgb.size).encode())
    digest.update(rgb.tobytes())
    return digest.digest()[:_DIGEST_BYTES]
