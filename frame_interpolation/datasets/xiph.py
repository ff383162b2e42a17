"""Xiph's eight 4K clips, as SoftSplat and FILM use them (https://media.xiph.org/video/derf/).

    <root>/*.png        8 clips of 100 frames each, 800 files in one folder, in natural order

Of each clip the frames at the zero-based places 1, 3 .. 97 are predicted from their neighbours:
49 triplets a clip, 392 in all. Xiph-2K is made of them with a scale factor of 2, Xiph-4K with a
centre crop factor of 2. A triplet's name is that of its middle frame, without the suffix; the
clip stands in for the film.
"""

import os
import re
from typing import Final

from frame_interpolation.datasets.triplet import Triplet, is_frame_file, natural_key
from frame_interpolation.errors import InputError

NUM_CLIPS: Final = 8
NUM_FRAMES: Final = 100
# For 2K, FILM's default.
SCALE_FACTOR: Final = 2
# The folder of the middle frame is the same for all; a copy may be called anything.
_PATH: Final = "xiph"


def list_triplets(root: str) -> list[Triplet]:
    """Lists the triplets, clip by clip.

    Raises:
        InputError: There is no such folder, it does not hold 800 frames, or their names say that
            a clip has another number of frames than 100.
    """
    if not os.path.isdir(root):
        raise InputError(f"{root!r} is not a folder; expected the one with Xiph's frames.")
    files = sorted(filter(is_frame_file, os.listdir(root)), key=natural_key)
    if len(files) != NUM_CLIPS * NUM_FRAMES:
        raise InputError(
            f"{root!r} holds {len(files)} frames (.png or .jpg), expected "
            f"{NUM_CLIPS * NUM_FRAMES}: the first {NUM_FRAMES} of each of Xiph's {NUM_CLIPS} "
            f"clips, all in one folder."
        )
    triplets = []
    for clip in range(NUM_CLIPS):
        frames = files[clip * NUM_FRAMES : (clip + 1) * NUM_FRAMES]
        _check_clip(root, clip, frames)
        for middle in range(1, NUM_FRAMES - 1, 2):
            triplets.append(_triplet(root, clip, frames[middle - 1 : middle + 2]))
    return triplets


def _check_clip(root: str, clip: int, frames: list[str]) -> None:
    first = _without_numbers(frames[0])
    for place, frame in enumerate(frames):
        if _without_numbers(frame) != first:
            raise InputError(
                f"{root!r} should hold {NUM_FRAMES} frames of clip {clip + 1} beginning with "
                f"{frames[0]!r}, but after {place} of them comes {frame!r}; keep the first "
                f"{NUM_FRAMES} frames of each clip."
            )


def _without_numbers(file: str) -> str:
    # All of them: there are names like 'BoxingPractice-001_4K.png'.
    return re.sub(r"\d+", "#", file)


def _triplet(root: str, clip: int, files: list[str]) -> Triplet:
    return Triplet(
        name=os.path.splitext(files[1])[0],
        frames=tuple(os.path.join(root, file) for file in files),
        path=_PATH,
        film=f"clip_{clip + 1}",
    )
