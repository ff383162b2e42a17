"""Middlebury's "other" scenes with a true middle frame (https://vision.middlebury.edu/flow/data).

    <root>/other-data/<scene>/frame10.png, frame11.png
    <root>/other-gt-interp/<scene>/frame10i11.png       the middle frame

A scene that lacks a frame is rejected when it is read.
"""

import os
from typing import Final

from frame_interpolation.datasets.triplet import Triplet, natural_key
from frame_interpolation.errors import InputError

_OUTER: Final = "other-data"
_MIDDLE: Final = "other-gt-interp"


def list_triplets(root: str) -> list[Triplet]:
    """Lists the scenes of other-data, by name.

    Raises:
        InputError: One of the two folders is missing, or there are no scenes.
    """
    for folder in (_OUTER, _MIDDLE):
        if not os.path.isdir(os.path.join(root, folder)):
            raise InputError(
                f"{root!r} has no folder {folder!r}; expected Middlebury's {_OUTER!r} and "
                f"{_MIDDLE!r} there."
            )
    with os.scandir(os.path.join(root, _OUTER)) as entries:
        scenes = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    if not scenes:
        raise InputError(
            f"{os.path.join(root, _OUTER)!r} holds no scenes; expected a folder for each, with "
            f"frame10.png and frame11.png in it."
        )
    return [_triplet(root, scene) for scene in sorted(scenes, key=natural_key)]


def _triplet(root: str, scene: str) -> Triplet:
    files = (
        (_OUTER, scene, "frame10.png"),
        (_MIDDLE, scene, "frame10i11.png"),
        (_OUTER, scene, "frame11.png"),
    )
    return Triplet(
        name=scene,
        frames=tuple(os.path.join(root, *file) for file in files),
        path=f"{_MIDDLE}/{scene}",
    )
