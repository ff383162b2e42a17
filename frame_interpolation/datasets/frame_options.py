"""What a job does to the frames of a dataset on their way into records.

By default nothing: the bytes of a frame's file are copied. Otherwise, in this order,

    center_crop_factor k  the middle 1/k of the height and of the width is kept (FILM's Xiph-4K)
    scale_factor s        every s x s pixels become one, averaged in linear light: the values are
                          raised to the power 2.2, averaged and taken back (FILM's Xiph-2K)
    resize                to a fixed size. `auto` averages areas where both sides shrink by whole
                          factors (the same or not), else it is Pillow's LANCZOS; both work on the
                          values as they are, as the protocol of ATD-12K does
    encoding              `keep` copies the file where no pixel changes and writes PNG otherwise;
                          `png` is lossless and copies what is PNG already; `jpeg` (4:4:4, so that
                          the outlines of drawings keep their colour) and `webp` have a quality,
                          webp of quality 100 being lossless

Sizes are (width, height) in pixels. This module needs nothing but the standard library.
"""

import dataclasses
import re
from typing import Any, Final

from frame_interpolation.errors import InputError

KEEP: Final = "keep"
ENCODINGS: Final = (KEEP, "png", "jpeg", "webp")
LOSSY_ENCODINGS: Final = ("jpeg", "webp")
RESIZE_FILTERS: Final = ("auto", "lanczos", "area")
STRUCTURE: Final = "structure"
FRAME_CHECKS: Final = (STRUCTURE, "pixels")
DEFAULT_QUALITY: Final = 95
# What WebP can hold, and more than any film frame has.
_MAX_SIDE: Final = 16_383


class FrameError(InputError):
    """A frame that cannot go into a record; `reason` is one word to count by."""

    def __init__(self, reason: str, detail: str):
        super().__init__(detail)
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class FrameOptions:
    """Which changes are made; see the module's documentation. The names are those of the flags.

    Attributes:
        encoding: One of `ENCODINGS`.
        quality: 1 to 100, of jpeg and webp; None is `DEFAULT_QUALITY`. No other encoding has one.
        resize: (width, height), or None to leave the size.
        resize_filter: One of `RESIZE_FILTERS`; `area` needs whole factors.
        center_crop_factor: At least 1.
        scale_factor: At least 1; must divide the sides of what is left by the crop.
        frame_check: How a file that is copied is checked (see `frame_file`): `structure` looks at
            its header and its end, `pixels` decodes it. Files that are not copied are decoded.
    """

    encoding: str = KEEP
    quality: int | None = None
    resize: tuple[int, int] | None = None
    resize_filter: str = "auto"
    center_crop_factor: int = 1
    scale_factor: int = 1
    frame_check: str = STRUCTURE

    def __post_init__(self):
        for flag, choices in (
            ("encoding", ENCODINGS),
            ("resize_filter", RESIZE_FILTERS),
            ("frame_check", FRAME_CHECKS),
        ):
            if getattr(self, flag) not in choices:
                raise InputError(
                    f"--{flag} is {getattr(self, flag)!r}, expected one of {', '.join(choices)}."
                )
        for flag in ("center_crop_factor", "scale_factor"):
            if getattr(self, flag) < 1:
                raise InputError(f"--{flag} is {getattr(self, flag)}, expected 1 or more.")
        if self.resize is None and self.resize_filter != "auto":
            raise InputError(f"--resize_filter={self.resize_filter} needs --resize.")
        self._set_quality()

    def _set_quality(self):
        if self.encoding in LOSSY_ENCODINGS:
            quality = DEFAULT_QUALITY if self.quality is None else self.quality
            if not 1 <= quality <= 100:
                raise InputError(f"--quality is {quality}, expected 1 to 100.")
            object.__setattr__(self, "quality", quality)
        elif self.quality is not None:
            raise InputError(
                f"--quality={self.quality} has no meaning for --encoding={self.encoding}, which "
                f"loses nothing; leave it out, or choose jpeg or webp."
            )

    @property
    def changes_size(self) -> bool:
        """Whether frames are cropped, scaled or resized (to what may be their own size)."""
        return self.resize is not None or (self.center_crop_factor, self.scale_factor) != (1, 1)

    def keeps_file(self, encoding: str, size: tuple[int, int]) -> bool:
        """Tells whether a sound 8-bit RGB file ('png', 'jpeg') is copied as it is."""
        cropped_or_scaled = (self.center_crop_factor, self.scale_factor) != (1, 1)
        resized = self.resize is not None and self.resize != size
        same_encoding = self.encoding == KEEP or self.encoding == encoding == "png"
        return same_encoding and not cropped_or_scaled and not resized

    def as_dict(self) -> dict[str, Any]:
        """Returns what differs from the defaults, and the encoding, for plan and manifest."""
        described: dict[str, Any] = {"encoding": self.encoding}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                described[field.name] = list(value) if isinstance(value, tuple) else value
        return described


UNCHANGED: Final = FrameOptions()


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Reads a size like '960x540', width first; None stays None.

    Raises:
        InputError: It is something else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= side <= _MAX_SIDE for side in size):
        raise InputError(
            f"--resize is {text!r}, expected WIDTHxHEIGHT in pixels, each 1 to {_MAX_SIDE}, like "
            f"960x540."
        )
    return size
