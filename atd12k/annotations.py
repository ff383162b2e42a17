"""The annotations of ATD-12K's test set: `<root>/test_2k_annotations/<triplet>/<triplet>.json`.

    level                0 easy, 1 medium, 2 hard
    motion_RoI           {x, y, width, height} in pixels of the original image
    image_size           [width, height] of the original image in pixels
    general_motion_type  translation, rotation, scaling, deformation
    behavior             speaking, walking, eating, sporting, fetching, others

(Siyao et al., arXiv 2104.02495). Reading is lenient where nothing is lost by it: numbers may be
strings, the two last keys may be a string or a list, in any case, or missing. `level`,
`motion_RoI` and `image_size` must be there, because the published tables are computed from them.
"""

import dataclasses
import json
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from atd12k.errors import DatasetError
from atd12k.file_layout import ANNOTATION_FOLDER, OTHER

GENERAL_MOTION_TYPES: Final = ("translation", "rotation", "scaling", "deformation")
BEHAVIORS: Final = ("speaking", "walking", "eating", "sporting", "fetching", "others")
LEVELS: Final = (0, 1, 2)
# More pixels than any film's side has, and few enough for every format that keeps the number.
_LONGEST_SIDE_PX: Final = 1_000_000
_ROI_KEYS: Final = ("x", "y", "width", "height")

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What the dataset says about one triplet.

    Attributes:
        level: 0 easy, 1 medium, 2 hard.
        motion_roi: (x, y, width, height) in pixels of the original image, inside it, not empty.
        image_size: (width, height) of the original image in pixels.
        general_motion_type: Words in lower case, known or not; may be empty.
        behavior: Words in lower case, known or not; may be empty.
    """

    level: int
    motion_roi: tuple[float, float, float, float]
    image_size: tuple[int, int]
    general_motion_type: tuple[str, ...] = ()
    behavior: tuple[str, ...] = ()


@dataclasses.dataclass
class Remarks:
    """What was put up with while reading, by kind, to be told once and not per file."""

    found: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def add(self, kind: str, detail: str) -> None:
        """Notes one case of a kind."""
        self.found.setdefault(kind, []).append(detail)

    def warn(self) -> None:
        """Logs one warning for each kind, with the number of cases and the first of them."""
        for kind, details in self.found.items():
            _log.warning("%d %s, the first: %s.", len(details), kind, details[0])


def group_of(word: str, known: Sequence[str]) -> str:
    """Returns the group that results of a motion type or behaviour belong to: itself or 'other'."""
    return word if word in known else OTHER


def read_annotations(
    root: str, names: Iterable[str], *, allow_missing: bool = False
) -> dict[str, Annotation]:
    """Reads the annotations of triplets, and warns once of each kind of oddity.

    Args:
        root: The dataset's root.
        names: Names of the triplets.
        allow_missing: Whether triplets without a file are left out of the answer.

    Returns:
        Annotations by the name of the triplet.

    Raises:
        DatasetError: A file is missing or malformed; names the file and the key.
    """
    folder = os.path.join(root, ANNOTATION_FOLDER)
    if not os.path.isdir(folder):
        if not allow_missing:
            raise DatasetError(
                f"{root!r} has no folder {ANNOTATION_FOLDER!r}, which some copies of ATD-12K lack; "
                f"pass --allow_missing_annotations to go on without levels and regions of interest."
            )
        _log.warning(
            "%r has no folder %r: no levels, no regions of interest.", root, ANNOTATION_FOLDER
        )
        return {}
    remarks, annotations = Remarks(), {}
    for name in names:
        path = os.path.join(folder, name, f"{name}.json")
        if os.path.isfile(path):
            annotations[name] = read_annotation(path, remarks)
        elif allow_missing:
            remarks.add("triplets without annotation", repr(path))
        else:
            raise DatasetError(
                f"{path!r} is missing; add it, or pass --allow_missing_annotations to go on "
                f"without it."
            )
    remarks.warn()
    return annotations


def read_annotation(path: str, remarks: Remarks) -> Annotation:
    """Reads one annotation file; what is odd but harmless is added to `remarks`.

    Raises:
        DatasetError: The file is malformed; names the file and the key.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            content = json.load(file)
    except ValueError as error:
        raise DatasetError(f"{path!r} is not valid JSON: {error}.") from error
    except RecursionError:
        raise DatasetError(f"{path!r} is nested too deeply, expected a flat JSON object.") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{path!r} holds a {type(content).__name__}, expected a JSON object.")
    try:
        return parse_annotation(content, source=path, remarks=remarks)
    except _KeyContentError as problem:
        raise DatasetError(f"{path!r}: {problem}.") from None


def parse_annotation(content: Mapping[str, Any], *, source: str, remarks: Remarks) -> Annotation:
    """Turns the content of an annotation file into an `Annotation`; see `read_annotation`."""
    image_size = _image_size(_value(content, "image_size"))
    return Annotation(
        level=_level(_value(content, "level")),
        motion_roi=_motion_roi(_value(content, "motion_RoI"), image_size, source, remarks),
        image_size=image_size,
        general_motion_type=_words(
            content, "general_motion_type", GENERAL_MOTION_TYPES, source, remarks
        ),
        behavior=_words(content, "behavior", BEHAVIORS, source, remarks),
    )


class _KeyContentError(DatasetError):
    """What is wrong with a key, without the file's name."""


def _value(content: Mapping[str, Any], key: str) -> Any:
    if content.get(key) is None:
        raise _KeyContentError(f"{key!r} is missing")
    return content[key]


def _number(value: Any, key: str) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
    except (ValueError, OverflowError):  # A whole number may be too large for a float.
        raise _KeyContentError(f"{key!r} is {value!r}, expected a number") from None
    return number


def _level(value: Any) -> int:
    level = _number(value, "level")
    if level not in LEVELS:
        raise _KeyContentError(f"'level' is {value!r}, expected 0, 1 or 2")
    return int(level)


def _image_size(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise _KeyContentError(f"'image_size' is {value!r}, expected [width, height]")
    width, height = (_number(side, "image_size") for side in value)
    if not all(side.is_integer() and 0 < side <= _LONGEST_SIDE_PX for side in (width, height)):
        raise _KeyContentError(f"'image_size' is {value!r}, expected two positive whole numbers")
    return int(width), int(height)


def _motion_roi(
    value: Any, image_size: tuple[int, int], source: str, remarks: Remarks
) -> tuple[float, float, float, float]:
    if not isinstance(value, dict):
        raise _KeyContentError(f"'motion_RoI' is {value!r}, expected x, y, width and height")
    for key in _ROI_KEYS:
        if value.get(key) is None:
            raise _KeyContentError(f"'motion_RoI' lacks {key!r}")
    x, y, width, height = (_number(value[key], f"motion_RoI.{key}") for key in _ROI_KEYS)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, image_size[0]), min(y + height, image_size[1])
    if right <= left or bottom <= top:
        raise _KeyContentError(
            f"'motion_RoI' ({x:g}, {y:g}, {width:g}, {height:g}) has no area within the image of "
            f"{image_size[0]}x{image_size[1]}"
        )
    clipped = (left, top, right - left, bottom - top)
    # Compared by edges: x + width - x may differ from width in the last bit.
    if (left, top, right, bottom) == (x, y, x + width, y + height):
        return (x, y, width, height)
    remarks.add("regions of interest leave the image and were clipped", repr(source))
    return clipped


def _words(
    content: Mapping[str, Any], key: str, known: Sequence[str], source: str, remarks: Remarks
) -> tuple[str, ...]:
    value = content.get(key)
    listed = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in listed):
        raise _KeyContentError(f"{key!r} is {value!r}, expected a string or a list of strings")
    words = [word.strip().lower() for item in listed for word in item.split(",")]
    words = list(dict.fromkeys(word for word in words if word))
    for word in words:
        if word not in known:
            remarks.add(
                f"values of {key!r} are unknown and kept, in the group {OTHER!r}",
                f"{word!r} in {source!r}",
            )
    return tuple(words)
