"""UCF101's 379 test triplets, as Super SloMo published them in UCF101_results.zip.

    <root>/<n>/frame_00.png, frame_01_gt.png, frame_02.png

<root> is the archive's folder ucf101_interp_ours; frame_01_gt is the middle frame, and further
files (frame_01_ours.png, a result) are passed over. A folder that lacks a frame is rejected when
it is read.
"""

import os
from typing import Final

from frame_interpolation.datasets.triplet import Triplet, natural_key
from frame_interpolation.errors import InputError

_FRAMES: Final = ("frame_00.png", "frame_01_gt.png", "frame_02.png")
_ARCHIVE_FOLDER: Final = "ucf101_interp_ours"


def list_triplets(root: str) -> list[Triplet]:
    """Lists the triplets, in natural order of their folders.

    Raises:
        InputError: There is no such folder, it holds no folders, or it is the one above.
    """
    if not os.path.isdir(root):
        raise InputError(f"{root!r} is not a folder; expected the one that holds {_FRAMES[0]!r}.")
    with os.scandir(root) as entries:
        names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    if _ARCHIVE_FOLDER in names:
        inside = os.path.join(root, _ARCHIVE_FOLDER)
        raise InputError(f"{root!r} is the whole archive; pass --input_dir={inside} instead.")
    if not names:
        raise InputError(
            f"{root!r} holds no triplets; expected folders with {', '.join(_FRAMES)} in it."
        )
    return [
        Triplet(name=name, frames=tuple(os.path.join(root, name, f) for f in _FRAMES), path=name)
        for name in sorted(names, key=natural_key)
    ]
