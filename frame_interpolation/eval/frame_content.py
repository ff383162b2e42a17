"""Marks by which a frame is known again, whatever file or record it lies in.

A mark is text: `<SHA-256 of the pixels>:<thumbnail>`, both hexadecimal. Equal digests are equal
pixels. A frame that was stored at another size or with another codec has another digest; its
thumbnail, 8x6 cells of mean luminance, then differs by a few grey levels at most. Two neighbouring
frames of a film can also have nearly equal thumbnails, so a likeness is a hint for a person to
look at, no proof.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

_THUMBNAIL_SIZE = (8, 6)
_CELLS = _THUMBNAIL_SIZE[0] * _THUMBNAIL_SIZE[1]
_MARK = re.compile(rf"[0-9a-f]{{64}}:[0-9a-f]{{{2 * _CELLS}}}")

LIKENESS_LIMIT = 3
"""Largest difference of any cell, in grey levels of 255, of two frames that look the same."""

_LEAST_CONTRAST = 12
"""Grey levels between the darkest and brightest cell; plain frames all look the same."""


def mark(frame: np.ndarray) -> str:
    """Returns the mark of a frame.

    Args:
        frame: uint8 (H, W, 3) RGB, as it lies in the dataset.

    Returns:
        The mark.
    """
    import cv2  # Slow to import, and not needed by who only reads marks.

    frame = np.ascontiguousarray(frame)
    digest = hashlib.sha256(repr(frame.shape).encode())
    digest.update(frame.data)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    cells = cv2.resize(grey, _THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    return f"{digest.hexdigest()}:{cells.tobytes().hex()}"


def is_mark(text: str) -> bool:
    """Says whether a text, of a file say, has the form of a mark."""
    return _MARK.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """Returns the SHA-256 part of a mark."""
    return text.partition(":")[0]


def thumbnails(marks: Sequence[str]) -> np.ndarray:
    """Reads the thumbnails of marks.

    Args:
        marks: N marks.

    Returns:
        int16 (N, 48), grey levels.
    """
    data = bytes.fromhex("".join(text.partition(":")[2] for text in marks))
    return np.frombuffer(data, np.uint8).reshape(len(marks), _CELLS).astype(np.int16)


def have_contrast(cells: np.ndarray) -> np.ndarray:
    """Says which thumbnails show enough for a likeness to mean something.

    Args:
        cells: int16 (..., 48) from `thumbnails`.

    Returns:
        bool (...).
    """
    return np.ptp(cells, axis=-1) >= _LEAST_CONTRAST


def look_alike(first: str, second: str) -> bool:
    """Whether two marks are of the same picture, up to its size and codec.

    Args:
        first: A mark.
        second: Another.

    Returns:
        True for equal pixels, or thumbnails within `LIKENESS_LIMIT`.
    """
    if digest_of(first) == digest_of(second):
        return True
    a, b = thumbnails([first, second])
    return int(np.abs(a - b).max()) <= LIKENESS_LIMIT
