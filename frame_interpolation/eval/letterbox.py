"""Fits a picture into a frame of another shape without squeezing it, and takes it out again.

The picture is scaled by one factor for both axes, to the largest size that fits, and put in the
middle of a black frame. 960x540 in 512x320 becomes 512x288 between bars of 16 rows above and below,
which is a whole number of the 16x16 blocks that video is compressed in, so that the bars and the
picture share none.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from frame_interpolation.errors import InputError


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies in a frame; sizes are (width, height) in pixels.

    Attributes:
        frame_size: Size of the frame.
        picture_size: Size of the picture within it.
        left: Columns left of the picture.
        top: Rows above the picture.
    """

    frame_size: tuple[int, int]
    picture_size: tuple[int, int]
    left: int
    top: int

    def add(self, picture: np.ndarray) -> np.ndarray:
        """Puts a picture into a black frame.

        Args:
            picture: uint8 (H, W, 3) of any size; brought to `picture_size` with Pillow's LANCZOS.

        Returns:
            uint8 (height, width, 3) of `frame_size`.
        """
        if (picture.shape[1], picture.shape[0]) != self.picture_size:
            scaled = Image.fromarray(picture).resize(self.picture_size, Image.Resampling.LANCZOS)
            picture = np.asarray(scaled)
        frame = np.zeros((self.frame_size[1], self.frame_size[0], 3), np.uint8)
        self.remove(frame)[...] = picture
        return frame

    def remove(self, frame: np.ndarray) -> np.ndarray:
        """Cuts the picture out of a frame.

        Args:
            frame: (height, width, C) of `frame_size`.

        Returns:
            The view of `picture_size`.

        Raises:
            InputError: If the frame has another size.
        """
        found = (frame.shape[1], frame.shape[0])
        if found != self.frame_size:
            raise InputError(
                f"The frame has {found[0]}x{found[1]} pixels, expected "
                f"{self.frame_size[0]}x{self.frame_size[1]}."
            )
        width, height = self.picture_size
        return frame[self.top : self.top + height, self.left : self.left + width]


def fit(picture_size: tuple[int, int], frame_size: tuple[int, int]) -> Letterbox:
    """Finds where a picture goes.

    Args:
        picture_size: (width, height) of the picture in pixels, both at least 1.
        frame_size: (width, height) of the frame in pixels, both at least 1.

    Returns:
        The largest place with the picture's shape, rounded to whole pixels; an odd rest leaves the
        larger bar on the right or below.
    """
    scale = min(frame_size[0] / picture_size[0], frame_size[1] / picture_size[1])
    width, height = (
        min(max(round(picture * scale), 1), frame)
        for picture, frame in zip(picture_size, frame_size, strict=True)
    )
    left, top = (frame_size[0] - width) // 2, (frame_size[1] - height) // 2
    return Letterbox(frame_size, (width, height), left, top)
