"""The pictures of an evaluation: inputs, truth and estimate of every triplet as PNG files.

    frames/<folder>/frame1.png        first input frame
    frames/<folder>/frame2.png        the estimate, where methods for ATD-12K write theirs
    frames/<folder>/frame3.png        last input frame
    frames/<folder>/ground_truth.png  the true middle frame

all at the size at which they were scored. `<folder>` is the triplet's name where that is a safe
file name that no earlier triplet has, and otherwise made from it (`safe_name`).
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

FRAMES_NAME = "frames"
"""Folder of the pictures, beside `results.json`."""

FIRST = "frame1.png"
ESTIMATE = "frame2.png"
LAST = "frame3.png"
TRUTH = "ground_truth.png"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME = 100
# Device names that Windows keeps for itself, with any extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FolderNames:
    """Gives every triplet a folder name of its own, the same in every run over a dataset."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Starts with the names that are in use.

        Args:
            taken: Folder names of earlier triplets.
        """
        self._taken = {name.casefold() for name in taken}

    def assign(self, name: str, index: int) -> str:
        """Returns a folder name for a triplet.

        Args:
            name: The triplet's name, any text.
            index: The triplet's position in the dataset.

        Returns:
            A file name of ASCII letters, digits, '.', '_' and '-'. Names are compared without
            regard to case, as some file systems do.
        """
        folder = safe_name(name)
        if folder != name or folder.casefold() in self._taken:
            folder = f"{folder}-{index:06d}"
        while folder.casefold() in self._taken:
            folder += "-"
        self._taken.add(folder.casefold())
        return folder


def safe_name(name: str) -> str:
    """Returns a name that is one harmless path component on every file system.

    Args:
        name: Any text.

    Returns:
        `name` with everything but ASCII letters, digits, '.', '_' and '-' replaced by '_', without
        leading or trailing dots and dashes, at most 100 characters long, never empty.
    """
    safe = _UNSAFE.sub("_", name).strip(".-")[:_MAX_NAME].rstrip(".-")
    if not safe or _RESERVED.fullmatch(safe):
        safe = f"triplet_{safe}".rstrip("_")
    return safe


def write_triplet(
    folder: Path, *, x0: np.ndarray, estimate: np.ndarray, x1: np.ndarray, truth: np.ndarray
) -> None:
    """Writes the four pictures of a triplet.

    Args:
        folder: Folder of the triplet; made when it does not exist.
        x0: First frame, float (H, W, 3) in [0, 1].
        estimate: Estimated middle frame, float (H, W, 3) in [0, 1].
        x1: Last frame, float (H, W, 3) in [0, 1].
        truth: True middle frame, float (H, W, 3) in [0, 1].
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in ((FIRST, x0), (ESTIMATE, estimate), (LAST, x1), (TRUTH, truth)):
        write_image(folder / name, to_bytes(frame))


def to_bytes(frame: np.ndarray) -> np.ndarray:
    """Rounds a frame to 8 bits.

    Args:
        frame: float (H, W, 3); values outside [0, 1] are clipped.

    Returns:
        uint8 (H, W, 3).
    """
    return np.floor(np.clip(frame, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def write_image(path: Path, image: np.ndarray | Image.Image, **parameters: Any) -> None:
    """Writes an image file under a temporary name and renames it.

    Args:
        path: File to write; the suffix gives the format.
        image: uint8 (H, W, 3) RGB, or a Pillow image.
        **parameters: Passed to Pillow's writer.
    """
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        image.save(temporary, **parameters)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_image(path: Path) -> np.ndarray:
    """Reads a picture of this store.

    Args:
        path: A PNG file.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
