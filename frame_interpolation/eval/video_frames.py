"""Decodes a short video exactly enough to score its frames.

OpenCV's wheels bring decoders of H.264 and MPEG-4, but convert to RGB by tables that round down:
up to 2.5 of 255 levels are lost, the same everywhere in a flat colour, which metrics such as the
interpolation error would hold against whoever made the video. So the luma, which is coded at full
resolution and can be had as it is, is read beside, and every pixel is shifted, by the same amount
in all three channels, to have it. What remains is below one level.

    luma = 0.299 R + 0.587 G + 0.114 B = 255/219 (Y - 16)

holds for BT.601 in limited range, which encoders write when they are told nothing. A video in
which it is plainly wrong, being of full range or of another pixel format, is left as OpenCV has it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from frame_interpolation.errors import InputError

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_BLACK, _SCALE = 16.0, 255.0 / 219.0
# What the tables lose is less; another range or matrix would show as more in most frames.
_MOST_SHIFT: Final = 4.0


def read_frames(path: Path, *, most: int) -> list[np.ndarray]:
    """Decodes the first frames of a video.

    Args:
        path: The video.
        most: How many frames to decode at most.

    Returns:
        uint8 (H, W, 3) RGB each; fewer than `most` where the video has fewer that can be decoded.

    Raises:
        InputError: If the file is empty or no video that can be opened; names it.
    """
    if not path.stat().st_size:
        raise InputError(f"The video {str(path)!r} is empty (0 bytes); make it again.")
    with _without_warnings():
        colours = list(_decode(path, most, as_stored=False))
        stored = list(_decode(path, most, as_stored=True))
    if not colours:
        raise InputError(
            f"The video {str(path)!r} cannot be decoded; it is cut or damaged. Make it again."
        )
    stored += [np.zeros(0)] * (len(colours) - len(stored))
    return [_with_luma(colour, raw) for colour, raw in zip(colours, stored, strict=False)]


def _with_luma(colour: np.ndarray, stored: np.ndarray) -> np.ndarray:
    height, width = colour.shape[:2]
    frame = cv2.cvtColor(colour, cv2.COLOR_BGR2RGB)
    if stored.ndim != 2 or stored.shape[0] < height or stored.shape[1] != width:
        return frame
    luma = (stored[:height].astype(np.float32) - _BLACK) * np.float32(_SCALE)
    shift = luma - frame.astype(np.float32) @ _LUMA
    # Colours out of RGB's range are cut by the conversion; their shift means nothing.
    inside = (frame.min(axis=-1) > 0) & (frame.max(axis=-1) < 255)
    if inside.any() and float(np.median(np.abs(shift[inside]))) > _MOST_SHIFT:
        return frame
    shift = np.where(inside, np.clip(shift, -_MOST_SHIFT, _MOST_SHIFT), 0)
    return np.clip(np.rint(frame + shift[..., None]), 0, 255).astype(np.uint8)


def _decode(path: Path, most: int, *, as_stored: bool) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(
        str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_CONVERT_RGB, int(not as_stored)]
    )
    try:
        for _ in range(most):
            found, frame = capture.read()
            if not found:
                return
            yield frame
    finally:
        capture.release()


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Hides that OpenCV finds frames as they are stored unusual, and what it says of damage."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
