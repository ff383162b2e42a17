"""How ATD-12K lies on disk, and what the names of its triplets say.

    <root>/train_10k/<triplet>/frame{1,2,3}.jpg
    <root>/test_2k_540p/<triplet>/frame{1,2,3}.png          (some copies: .jpg)
    <root>/test_2k_original/<triplet>/frame{1,2,3}.jpg
    <root>/test_2k_annotations/<triplet>/<triplet>.json

frame2 is the middle frame, the ground truth (Siyao et al., "Deep Animation Video Interpolation in
the Wild", arXiv 2104.02495). Triplets are called `Disney_v4_<film 0..22>_<6 digits>_s<1|2>` or
`Japan_v2_<film 0..3>_<6 digits>_s<1|2|3>`. Neighbouring frames of one shot occur among the
triplets, so a split keeps a film together: the name's part before the six digits.
"""

import dataclasses
import logging
import os
import re
from collections.abc import Sequence
from typing import Final

from atd12k.errors import DatasetError

TRAIN_FOLDER: Final = "train_10k"
TEST_FOLDERS: Final = {"540p": "test_2k_540p", "original": "test_2k_original"}
ANNOTATION_FOLDER: Final = "test_2k_annotations"

# What stands for films and regions of names that follow another pattern.
OTHER: Final = "other"
REGIONS: Final = {"Japan": "Eastern", "Disney": "Western"}

_PUBLISHED_NAME: Final = re.compile(r"(Disney_v4|Japan_v2)_\d+_\d{6}_s\d")
# What `atd12k.sample` calls the triplets that it draws.
_SAMPLE_NAME: Final = re.compile(r"Sample_v1_\d+_\d{6}_s\d")
_NAME_WITH_FILM: Final = re.compile(r"(?P<film>.+)_\d{6}(_.*)?")
_FRAME_FILE: Final = re.compile(r"frame(?P<number>[123])\.(jpg|jpeg|png)", re.IGNORECASE)

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class TripletFiles:
    """A triplet as it lies on disk.

    Attributes:
        name: The folder's name.
        folder: The folder, relative to the dataset's root, with slashes.
        frames: Files of frame1, frame2 and frame3; fewer where some are missing.
        film: See `film_of`.
        defect: Empty, or what is wrong with the files in the folder.
    """

    name: str
    folder: str
    frames: tuple[str, ...]
    film: str
    defect: str = ""


def film_of(name: str) -> str:
    """Returns the film of a triplet: 'Disney_v4_3_000123_s1' gives 'Disney_v4_3'.

    Names without six digits between underscores belong to one film called `OTHER`.
    """
    match = _NAME_WITH_FILM.fullmatch(name)
    return match["film"] if match else OTHER


def region_of(name: str) -> str:
    """Returns how results are grouped: 'Eastern', 'Western' or, for other names, `OTHER`."""
    return REGIONS.get(name.partition("_")[0], OTHER) if is_published_name(name) else OTHER


def is_published_name(name: str) -> bool:
    """Tells whether a triplet is called as those of the published dataset are."""
    return _PUBLISHED_NAME.fullmatch(name) is not None


def list_names(root: str, folder: str) -> list[str]:
    """Returns the names of the triplets in one of the dataset's folders, sorted.

    Raises:
        DatasetError: The root or the folder is missing or empty.
    """
    if not os.path.isdir(root):
        raise DatasetError(
            f"{root!r} is not a folder; expected the one that holds {TRAIN_FOLDER!r} and "
            f"{TEST_FOLDERS['540p']!r}."
        )
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            names = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        present = sorted(name for name in os.listdir(root) if not name.startswith("."))
        raise DatasetError(
            f"{root!r} has no folder {folder!r}; it holds {_shown(present)}. Is it ATD-12K's root?"
        ) from None
    if not names:
        raise DatasetError(
            f"{os.path.join(root, folder)!r} holds no triplets; expected a folder for each, with "
            f"frame1, frame2 and frame3 in it."
        )
    return sorted(names)


def list_triplets(root: str, folder: str) -> list[TripletFiles]:
    """Lists the triplets in one of the dataset's folders, sorted by name.

    Frames may be .jpg, .jpeg or .png in upper or lower case. A folder that lacks a frame, or has
    two files for one, is listed with its defect. Names of another pattern than the published one
    (or our sample's) are kept; one warning says how many.

    Raises:
        DatasetError: The root or the folder is missing or empty.
    """
    names = list_names(root, folder)
    others = [
        name for name in names if not (is_published_name(name) or _SAMPLE_NAME.fullmatch(name))
    ]
    if others:
        _log.warning(
            "%d of %d triplets in %s have names of another pattern than ATD-12K's, the first is "
            "%r: kept, in the region %r.",
            *(len(others), len(names), folder, others[0], OTHER),
        )
    return [_triplet(root, folder, name) for name in names]


def _triplet(root: str, folder: str, name: str) -> TripletFiles:
    path = os.path.join(root, folder, name)
    files: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for file in sorted(os.listdir(path)):
        match = _FRAME_FILE.fullmatch(file)
        if match:
            files[int(match["number"])].append(file)
    defects = []
    for number, found in files.items():
        if not found:
            defects.append(f"no frame{number}.jpg or .png")
        elif len(found) > 1:
            defects.append(f"two files for one frame: {' and '.join(found)}")
    frames = tuple(os.path.join(path, found[0]) for found in files.values() if found)
    return TripletFiles(name, f"{folder}/{name}", frames, film_of(name), "; ".join(defects))


def _shown(names: Sequence[str], limit: int = 5) -> str:
    if not names:
        return "nothing"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(repr(name) for name in names[:limit]) + more
