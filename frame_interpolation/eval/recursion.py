"""More than one frame between two, by interpolating middles of middles.

The network only knows the middle time, so t levels of recursion give 2^t - 1 frames between each
two, at equal distances in time. Frames are (H, W, 3) float32, RGB in [0, 1].
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from frame_interpolation.errors import InputError

Interpolation = Callable[[np.ndarray, np.ndarray], np.ndarray]


def count_frames(frames: int, times_to_interpolate: int) -> int:
    """Says how long an interpolated sequence is.

    Args:
      frames: length of the given sequence, at least 1.
      times_to_interpolate: levels of recursion.

    Returns:
      The number of frames that `interpolate_recursively` gives.

    Raises:
      InputError: `times_to_interpolate` is below 0.
    """
    if times_to_interpolate < 0:
        raise InputError(
            f"times_to_interpolate is {times_to_interpolate}; expected a whole number from 0 on."
        )
    return ((frames - 1) << times_to_interpolate) + 1


def interpolate_recursively(
    frames: Iterable[np.ndarray],
    interpolation: Interpolation,
    *,
    times_to_interpolate: int,
) -> Iterator[np.ndarray]:
    """Fills the gaps of a sequence of frames.

    At most `times_to_interpolate` + 2 frames are held at a time.

    Args:
      frames: (H, W, 3) float32, in temporal order; read one by one as needed.
      interpolation: maps two batches (1, H, W, 3) to the one in the middle.
      times_to_interpolate: levels of recursion, at least 0.

    Yields:
      The frames in temporal order, the given ones as they are, those between not clipped.
    """
    previous = None
    for frame in frames:
        if previous is not None:
            yield from _between(previous, frame, interpolation, times_to_interpolate)
        yield frame
        previous = frame


def _between(
    first: np.ndarray, last: np.ndarray, interpolation: Interpolation, levels: int
) -> Iterator[np.ndarray]:
    """Yields the 2^levels - 1 frames between two."""
    if levels == 0:
        return
    middle = interpolation(first[np.newaxis], last[np.newaxis])[0]
    yield from _between(first, middle, interpolation, levels - 1)
    yield middle
    yield from _between(middle, last, interpolation, levels - 1)
