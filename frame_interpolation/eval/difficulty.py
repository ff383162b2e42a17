"""What makes a triplet of drawings hard, measured from its true frames by a classical method.

Five measures, none of which knows any method that is evaluated. They rest on OpenCV's DIS flow
(see `classical_flow`) and work on frames shrunk by a whole number, by area, until no side is
longer than 640 px: 960x540 is measured at 480x270. Lengths are given in pixels of the frames as
they came. A pixel has *changed* when the two frames differ around it by 4 grey levels or more;
around means the mean over 5x5 pixels of the largest difference of the three channels, after a blur
of one pixel, so that grain and compression do not count.

- `motion_px`: how far things move between the outer frames: the 90th percentile of the length of
  the flow over those pixels where it can be trusted. Those are the changed pixels with texture
  whose change the flow explains (warping removes half of the difference or more) and for which
  going forward and back returns. What stands still does not count, however large it is, and a tenth
  of wrong vectors does no harm. 0 when nothing changed.
- `nonlinearity`: how unevenly things move, over the same kind of pixels. With f the flow to the
  middle frame and s the rest of the way, |f - s| / (|f| + |s|), the median: 0 when the middle
  frame is half-way, 0.5 when it is a quarter of the way, 1 when it repeats an outer frame, or when
  things go there and back. 0 when nothing changed. The flow's error of some tenths of a pixel
  makes it coarse for small motion: about 0.1 off at 8 px.
- `flat_share`: share of the outer frames without texture: the standard deviation in 5x5 pixels is
  under 3 grey levels in every channel.
- `occlusion_share`: share of the outer frames that has no counterpart in the other one: changed
  pixels whose way leads out of the frame, or from which going there and back does not return
  (Sundaram et al., "Dense point trajectories by GPU-accelerated large displacement optical flow",
  ECCV 2010) and whose change the flow does not explain either; where the flow is lost, what it
  lost counts too. On flat colour no flow can tell which of two areas covers the other when the line
  between them moves, but the area that is covered is half of what changed either way, and this is
  what counts; it is too much when the camera pans over both.
- `drastic_change`: share of the outer frames that no motion explains: after warping by the flow,
  and without, the difference stays at 12 grey levels or more. Near 1 at a cut or a flash; small but
  not 0 along outlines that the flow misses.

Where the flow explains less than 15 % of what changed (a cut, a jump further than the flow
can follow) its length would be a guess, mostly far too small a one: `motion_px` and `nonlinearity`
are then left out, and such triplets form the group 'not measured'.
"""

import bisect
import math
from dataclasses import dataclass

import cv2
import numpy as np

from frame_interpolation.eval import classical_flow

_LONGEST_SIDE_PX = 640
_WINDOW_PX = 5
_TEXTURE_LEVELS = 3.0
_CHANGE_LEVELS = 4.0
_DRASTIC_LEVELS = 12.0
_EXPLAINED_SHARE = 0.15
_LEAST_SHARE = 1e-4
"""Of the pixels, what must have changed or be measured; a few pixels are compression."""
_LEAST_PATH_PX = 1.0
"""Shorter ways are within the flow's error, which would look like uneven motion."""
_MOTION_QUANTILE = 0.9

VERSION = 1
"""Raised whenever the same frames would get other values."""

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Measure:
    """One measure and the ranges by which triplets are grouped.

    Attributes:
        name: Key in `ScoredTriplet.measures`.
        title: The name for people, with the unit.
        edges: Where one range ends and the next begins, which the value itself belongs to.
        ranges: Names of the ranges, one more than edges.
    """

    name: str
    title: str
    edges: tuple[float, ...]
    ranges: tuple[str, ...]

    def range_of(self, value: float | None) -> str:
        """Returns the name of the range of a value, `NOT_MEASURED` for None and NaN."""
        if value is None or math.isnan(value):
            return NOT_MEASURED
        return self.ranges[bisect.bisect_right(self.edges, value)]


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="motion_px",
            title="motion [px]",
            edges=(5.0, 10.0, 20.0, 40.0),
            ranges=("0-5 px", "5-10 px", "10-20 px", "20-40 px", "40 px and more"),
        ),
        Measure(
            name="nonlinearity",
            title="non-linearity of motion",
            edges=(0.1, 0.25, 0.5),
            ranges=("0-0.1", "0.1-0.25", "0.25-0.5", "0.5-1"),
        ),
        Measure(
            name="flat_share",
            title="flat area",
            edges=(0.25, 0.5, 0.75, 0.9),
            ranges=("0-25 %", "25-50 %", "50-75 %", "75-90 %", "90-100 %"),
        ),
        Measure(
            name="occlusion_share",
            title="occluded area",
            edges=(0.01, 0.03, 0.1),
            ranges=("0-1 %", "1-3 %", "3-10 %", "10-100 %"),
        ),
        Measure(
            name="drastic_change",
            title="area of drastic change",
            edges=(0.01, 0.05, 0.2, 0.5),
            ranges=("0-1 %", "1-5 %", "5-20 %", "20-50 %", "50-100 %"),
        ),
    )
}
"""Measure by name, in the order in which they are shown."""


def measure(x0: np.ndarray, y: np.ndarray, x1: np.ndarray) -> dict[str, float]:
    """Measures a triplet (see the module docstring).

    Takes about 0.06 s for 960x540 on one core.

    Args:
        x0: First frame, uint8 (H, W, 3) RGB.
        y: True middle frame, of the same size.
        x1: Last frame, of the same size.

    Returns:
        Values by the names in `MEASURES`, all finite and not negative; `motion_px` and
        `nonlinearity` are left out where the flow cannot be trusted.

    Raises:
        ValueError: If the frames are not uint8 (H, W, 3) of one size.
    """
    for frame in (x0, y, x1):
        if frame.dtype != np.uint8 or frame.shape != x0.shape or frame.shape[2:] != (3,):
            raise ValueError(
                f"Difficulty needs three uint8 (H, W, 3) of one size, got {frame.dtype} "
                f"{frame.shape} beside {x0.shape}."
            )
    first, middle, last = (_shrink(frame) for frame in (x0, y, x1))
    to_px = np.array(
        [x0.shape[1] / first.shape[1], x0.shape[0] / first.shape[0]], np.float32
    )  # From the shrunk grid to the frames as they came, (x, y).
    flows = {
        "onward": classical_flow.estimate_flow(first, last),
        "back": classical_flow.estimate_flow(last, first),
        "half": classical_flow.estimate_flow(first, middle),
    }
    textures = [_local_deviation(frame) >= _TEXTURE_LEVELS for frame in (first, last)]
    first, middle, last = (cv2.GaussianBlur(frame, (0, 0), 1.0) for frame in (first, middle, last))

    before = _difference(first, last)
    onward = _difference(first, classical_flow.warp_backward(last, flows["onward"]))
    back = _difference(last, classical_flow.warp_backward(first, flows["back"]))
    changed = before >= _CHANGE_LEVELS
    followed, occluded = [], []
    for there, returning, left, texture in (
        ("onward", "back", onward, textures[0]),
        ("back", "onward", back, textures[1]),
    ):
        explained = _is_explained(before, left)
        leaves = _leads_outside(flows[there])
        lost = _does_not_return(flows[there], flows[returning])
        followed.append(explained & ~leaves & ~lost)
        hidden = changed & (leaves | (lost & ~explained))
        flat = changed & followed[-1] & ~texture
        occluded.append(hidden.mean() + flat.mean() / 2)

    before_half = _difference(first, middle)
    half = _difference(first, classical_flow.warp_backward(middle, flows["half"]))

    values = {
        "motion_px": _motion_px(flows["onward"] * to_px, changed, followed[0], textures[0]),
        "nonlinearity": _nonlinearity(
            flows["half"] * to_px,
            (flows["onward"] - flows["half"]) * to_px,
            changed | (before_half >= _CHANGE_LEVELS),
            followed[0] & _is_explained(before_half, half),
            textures[0],
        ),
        "flat_share": 1.0 - float(np.mean(textures)),
        "occlusion_share": float(np.mean(occluded)),
        "drastic_change": float(
            np.mean([np.minimum(left, before) >= _DRASTIC_LEVELS for left in (onward, back)])
        ),
    }
    return {name: value for name, value in values.items() if value is not None}


def _motion_px(
    flow_px: np.ndarray, changed: np.ndarray, followed: np.ndarray, texture: np.ndarray
) -> float | None:
    if changed.mean() <= _LEAST_SHARE:
        return 0.0
    trusted = changed & followed & texture
    if not _is_enough(trusted, changed, followed):
        return None
    return float(np.quantile(_length(flow_px[trusted]), _MOTION_QUANTILE))


def _nonlinearity(
    half_px: np.ndarray,
    rest_px: np.ndarray,
    changed: np.ndarray,
    followed: np.ndarray,
    texture: np.ndarray,
) -> float | None:
    if changed.mean() <= _LEAST_SHARE:
        return 0.0
    path_px = _length(half_px) + _length(rest_px)
    trusted = changed & followed & texture & (path_px >= _LEAST_PATH_PX)
    if not _is_enough(trusted, changed, followed):
        return None
    uneven_px = _length(half_px[trusted] - rest_px[trusted])
    return float(np.median(uneven_px / path_px[trusted]))


def _is_enough(trusted: np.ndarray, changed: np.ndarray, followed: np.ndarray) -> bool:
    """Whether the flow explains enough of what changed to speak for the frame."""
    explained = np.count_nonzero(changed & followed) / np.count_nonzero(changed)
    return bool(trusted.mean() > _LEAST_SHARE and explained >= _EXPLAINED_SHARE)


def _shrink(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    factor = -(-max(height, width) // _LONGEST_SIDE_PX)
    if factor == 1:
        return frame
    size = (-(-width // factor), -(-height // factor))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def _local_deviation(frame: np.ndarray) -> np.ndarray:
    """Standard deviation around every pixel in grey levels, the largest of the channels."""
    window = (_WINDOW_PX, _WINDOW_PX)
    mean = cv2.boxFilter(frame, cv2.CV_32F, window)
    variance = cv2.sqrBoxFilter(frame, cv2.CV_32F, window) - mean * mean
    return np.sqrt(np.maximum(_largest_channel(variance), 0.0))


def _difference(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Difference around every pixel in grey levels."""
    largest = _largest_channel(cv2.absdiff(frame, other))
    return cv2.boxFilter(largest, cv2.CV_32F, (_WINDOW_PX, _WINDOW_PX))


def _largest_channel(image: np.ndarray) -> np.ndarray:
    red, green, blue = cv2.split(image)
    return cv2.max(cv2.max(red, green), blue)


def _is_explained(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where warping leaves half of a difference or less, or nothing that shows."""
    return after <= np.maximum(before, _CHANGE_LEVELS) / 2


def _leads_outside(flow: np.ndarray) -> np.ndarray:
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, np.newaxis]
    return (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)


def _does_not_return(flow: np.ndarray, opposite: np.ndarray) -> np.ndarray:
    returned = classical_flow.warp_backward(opposite, flow)
    allowed = 0.01 * (np.square(_length(flow)) + np.square(_length(returned))) + 0.5
    return np.square(_length(flow + returned)) > allowed


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.hypot(vectors[..., 0], vectors[..., 1])
