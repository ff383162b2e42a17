"""One scored triplet: the record that travels from the evaluator to every output.

In JSON an infinite value (the PSNR of identical frames) is the string "inf", since JSON has no
infinity, and a missing value (a region too small for the metric's window) is null.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frame_interpolation.eval import frame_content

_BOXES: Final = {"frame_size": 2, "image_size": 2, "motion_roi": 4, "roi": 4}


@dataclass(frozen=True)
class ScoredTriplet:
    """Scores of one triplet, and what it is grouped by.

    Attributes:
        index: Position in the dataset, which is the identity of the triplet; keys and names may
            repeat.
        shard: File name of the shard that holds the record, without folder.
        offset: Byte offset of the record in the shard.
        key: Row key of `results.csv`: the last component of the record's `path`.
        name: Triplet name, or the key when the record carries none.
        film: Film of the triplet, empty when unknown.
        level: Difficulty 0, 1 or 2, None when the record carries none.
        frame_size: (width, height) in pixels at which the triplet was scored.
        image_size: (width, height) of the annotated image in pixels, None without annotation.
        motion_roi: Annotated region (x, y, width, height) in pixels of that image, None without.
        roi: The region in pixels of the scored frame, None without annotation.
        general_motion_type: Annotated motion types.
        behavior: Annotated behaviours.
        values: Value of every metric by its name; None where missing.
        frames: Folder below `frames/` that holds the triplet's pictures, empty when not written.
        frame_marks: Marks of the three frames as they lie in the dataset, in the order of time, by
            which they are known again elsewhere (see `frame_content`); empty in older results.
        measures: What makes the triplet hard, measured from its true frames by `difficulty`; empty
            when not measured.
        remarks: What a reader of the values has to know, such as an empty line map; the same text
            for the same thing, so that it can be counted.
    """

    index: int
    shard: str
    offset: int
    key: str
    name: str
    film: str
    level: int | None
    frame_size: tuple[int, int]
    image_size: tuple[float, float] | None
    motion_roi: tuple[float, float, float, float] | None
    roi: tuple[int, int, int, int] | None
    general_motion_type: tuple[str, ...]
    behavior: tuple[str, ...]
    values: Mapping[str, float | None]
    frames: str = ""
    frame_marks: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the triplet as a JSON object."""
        fields = dataclasses.asdict(self)
        fields["values"] = {name: encode_value(value) for name, value in self.values.items()}
        return fields

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "ScoredTriplet":
        """Reads what `to_json` wrote.

        Args:
            fields: The JSON object.

        Returns:
            The triplet.

        Raises:
            KeyError: If a field is missing.
            TypeError: If a field is not known, or of another type.
            ValueError: If a value is not a number, or a mark or a box is none.
        """
        fields = dict(fields)
        for name, length in _BOXES.items():
            fields[name] = None if fields[name] is None else tuple(fields[name])
            if fields[name] is not None and len(fields[name]) != length:
                raise ValueError(f"{name} is {fields[name]!r}, expected {length} numbers")
        for name in ("general_motion_type", "behavior", "frame_marks", "remarks"):
            fields[name] = tuple(fields.get(name, ()))
        values = dict(fields["values"])
        fields["values"] = {name: decode_value(value) for name, value in values.items()}
        fields["measures"] = dict(fields.get("measures", {}))
        triplet = cls(**fields)
        triplet._check_types()
        return triplet

    def _check_types(self) -> None:
        """Refuses what a file may hold and nothing else could, before it gets further."""
        texts = (self.shard, self.key, self.name, self.film, self.frames)
        lists = (self.general_motion_type, self.behavior, self.frame_marks, self.remarks)
        if not all(isinstance(text, str) for text in (*texts, *itertools.chain(*lists))):
            raise TypeError(f"a name, group, mark or remark of {self.name!r} is no text")
        boxes = (self.frame_size, self.image_size, self.motion_roi, self.roi)
        numbers = [self.index, self.offset, *itertools.chain(*filter(None, boxes))]
        numbers += [self.level] if self.level is not None else []
        if not all(
            isinstance(number, int | float) for number in (*numbers, *self.measures.values())
        ):
            raise TypeError(f"a position, level, box or measure of {self.name!r} is no number")
        if not all(map(frame_content.is_mark, self.frame_marks)):
            raise ValueError(f"a frame of {self.name!r} has no proper mark")


def encode_value(value: float | None) -> float | str | None:
    """Returns a metric's value as JSON can hold it: infinities become 'inf' and '-inf'."""
    if value is not None and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def decode_value(value: float | str | None) -> float | None:
    """Undoes `encode_value`.

    Raises:
        TypeError: If it is no number and no text.
        ValueError: If it is a text of no number, or not a number.
    """
    if value is None:
        return None
    number = float(value)
    if math.isnan(number):
        raise ValueError("a value is not a number")
    return number
