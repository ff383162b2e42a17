"""A triplet on disk: what every dataset's listing gives to the job that writes records.

One module per dataset lists its triplets; nothing else needs to know how a dataset is laid out.
A listing looks at names only. What is wrong with a triplet is noted in `defect` and not raised,
so that one job reports all that is wrong with a dataset at once.
"""

import dataclasses
import os
import re
from typing import Final

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError

# What counts as a frame; upper-case suffixes do, too.
FRAME_SUFFIXES: Final = (".jpg", ".jpeg", ".png")


@dataclasses.dataclass(frozen=True)
class Triplet:
    """Three neighbouring frames, equally spaced in time.

    Attributes:
        name: Unique within the dataset; goes into records, lists and messages.
        frames: Files of the first, the middle and the last frame.
        path: Folder of the middle frame relative to the dataset's root, with slashes. Its last
            component is the row key of FILM's result tables.
        film: What a split must keep together; empty when unknown.
        annotation: What the dataset says about the triplet, or None.
        defect: Empty, or what a listing found wrong: the triplet is then rejected unread.
    """

    name: str
    frames: tuple[str, ...]
    path: str
    film: str = ""
    annotation: Annotation | None = None
    defect: str = ""

    def __post_init__(self):
        if not self.defect and len(self.frames) != 3:
            raise ValueError(f"{self.name!r} has {len(self.frames)} frames and no defect.")


def is_frame_file(name: str) -> bool:
    """Tells whether a file name is that of a frame: not hidden, with one of `FRAME_SUFFIXES`."""
    return not name.startswith(".") and name.lower().endswith(FRAME_SUFFIXES)


def natural_key(text: str) -> tuple:
    """Sorts digits by value: 'frame2' before 'frame10', whatever the number of zeros.

    The text itself comes last, so that '1' and '01' have an order of their own.
    """
    parts = re.split(r"([0-9]+)", text)
    return (*((int(part), "") if part.isdecimal() else (-1, part) for part in parts), (-1, text))


def check_names(names: list[str], *, root: str) -> None:
    """Refuses names that cannot stand in records and lists.

    Raises:
        InputError: Two triplets share a name, or a name is no valid Unicode or has a line break.
    """
    seen = set()
    for name in names:
        if name in seen:
            raise InputError(f"{root!r} has two triplets called {name!r}; rename one.")
        seen.add(name)
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            shown = os.fsencode(name)
            raise InputError(
                f"{root!r} has a folder called {shown!r}, which is not UTF-8; rename it."
            ) from None
        if len(name.splitlines()) != 1:
            raise InputError(f"{root!r} has a folder called {name!r}; rename it to a single line.")
