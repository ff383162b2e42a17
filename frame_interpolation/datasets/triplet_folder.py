"""Any folder of folders of three frames: frames and folders in natural order, no annotations.

    <root>/<triplet>/*.{png,jpg,jpeg}
    <root>/<film>/.../<triplet>/*.{png,jpg,jpeg}

Every folder that holds image files is a triplet: its three files in natural order are the first,
the middle and the last frame. Its name is its path below the root, the film the part before the
last slash. Hidden files and folders, and files of other kinds, are passed over; links to folders
are followed.
"""

import os
import posixpath

from frame_interpolation.datasets.triplet import Triplet, check_names, is_frame_file, natural_key
from frame_interpolation.errors import InputError


def list_triplets(root: str) -> list[Triplet]:
    """Lists the triplets below a folder, in natural order of their names.

    A folder with another number of images than three is a triplet with a defect.

    Raises:
        InputError: There is no such folder, or nothing in it.
    """
    if not os.path.isdir(root):
        raise InputError(f"{root!r} is not a folder; expected one that holds folders of 3 frames.")
    triplets = [_triplet(root, *found) for found in _folders_with_frames(root, "", frozenset())]
    if not triplets:
        raise InputError(
            f"{root!r} holds no triplets; expected folders of three .png or .jpg frames in it."
        )
    triplets.sort(key=lambda triplet: natural_key(triplet.name))
    check_names([triplet.name for triplet in triplets], root=root)
    return triplets


def _folders_with_frames(root: str, relative: str, above: frozenset[str]):
    """Yields (path below the root, file names) of every folder that has frames."""
    folder = os.path.join(root, relative)
    real = os.path.realpath(folder)
    if real in above:  # A link to a folder that it lies in.
        return
    files = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _folders_with_frames(
                    root, posixpath.join(relative, entry.name), above | {real}
                )
            elif is_frame_file(entry.name):
                files.append(entry.name)
    if files and not relative:
        raise InputError(
            f"{root!r} holds frames itself ({min(files)!r} and others); expected a folder of its "
            f"own for each triplet."
        )
    if files:
        yield relative, sorted(files, key=natural_key)


def _triplet(root: str, name: str, files: list[str]) -> Triplet:
    defect = "" if len(files) == 3 else f"{len(files)} images in the folder, expected 3"
    return Triplet(
        name=name,
        frames=tuple(os.path.join(root, name, file) for file in files),
        path=name,
        film=posixpath.dirname(name),
        defect=defect,
    )
