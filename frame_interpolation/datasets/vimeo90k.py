"""Vimeo-90K's triplets (Xue et al., "Video Enhancement with Task-Oriented Flow", arXiv 1711.09078).

    <root>/sequences/<a>/<b>/im{1,2,3}.png
    <root>/tri_trainlist.txt, tri_testlist.txt      a line '<a>/<b>' each; which are in a split

im2 is the middle frame. A triplet's name is '<a>/<b>', since <b> alone is not unique. The lists
may have blank lines and Windows' line ends; a triplet that a list names and that is not there is
rejected when it is read.
"""

import os
import re
from typing import Final

from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.errors import InputError

SPLITS: Final = ("train", "test")
_SEQUENCES: Final = "sequences"
_FRAMES: Final = ("im1.png", "im2.png", "im3.png")
_LINE: Final = re.compile(r"[^/\s]+/[^/\s]+")


def list_triplets(root: str, split: str) -> list[Triplet]:
    """Lists the triplets of a split, 'train' or 'test', in the order of its list.

    Raises:
        InputError: The list or the folder of sequences is missing, or the list is empty or
            malformed.
    """
    path = os.path.join(root, f"tri_{split}list.txt")
    if not os.path.isfile(path):
        raise InputError(
            f"{path!r} is missing; expected Vimeo-90K's list of its {split} triplets there."
        )
    folder = os.path.join(root, _SEQUENCES)
    if not os.path.isdir(folder):
        raise InputError(f"{folder!r} is not a folder; expected Vimeo-90K's frames in it.")
    return [_triplet(root, name) for name in _names(path)]


def _names(path: str) -> list[str]:
    names: dict[str, int] = {}
    with open(path, encoding="utf-8-sig") as file:
        try:
            lines = file.read().splitlines()
        except ValueError as error:
            raise InputError(f"{path!r} is no text file: {error}.") from error
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name:
            continue
        if not _LINE.fullmatch(name) or ".." in name.split("/"):
            raise InputError(
                f"line {number} of {path!r} is {name!r}, expected a triplet like '00001/0389'."
            )
        if name in names:
            raise InputError(f"{path!r} names {name!r} in line {names[name]} and in line {number}.")
        names[name] = number
    if not names:
        raise InputError(f"{path!r} names no triplets.")
    return list(names)


def _triplet(root: str, name: str) -> Triplet:
    path = f"{_SEQUENCES}/{name}"
    return Triplet(
        name=name, frames=tuple(os.path.join(root, path, file) for file in _FRAMES), path=path
    )
