"""Methods without learning, which every learned one should beat.

    average       the mean of the two inputs: two ghosts of what moves
    nearest       the nearer of the two inputs; half way both are as near, and the first is taken
    optical_flow  both inputs warped half way by DIS flow, blended with regard to occlusion

Frames are float32 (H, W, 3) RGB in [0, 1]; times are half way.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import classical_flow, fingerprint, frame_store
from frame_interpolation.eval.method import Method, PreparedTriplet

_VERSION: Final = 1
"""Raised whenever a floor would give other frames."""

# A miss of so many pixels halves the trust in a warped pixel.
_TOLERANCE_PX: Final = 1.0


def average(x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    """Returns the mean of two frames."""
    return 0.5 * x0 + 0.5 * x1


def nearest(x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    """Returns the first frame: half way both are as near."""
    del x1
    return x0


def optical_flow(x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
    """Warps two frames half way along their flow and blends them.

    A point that is seen at p half way was half a motion away in either frame. The motion is not
    known at p, but by the flow of the frame beyond, which is defined at the same place: x0 is read
    at p + backward(p)/2, x1 at p + forward(p)/2. Where that is wrong, the pixel that was read has
    a flow of its own which does not lead to p: it is hidden there, or something else uncovers it.
    By how far it misses p, half the inconsistency of the two flows, the blend favours the other
    frame; where both miss as far, both count the same.

    Args:
        x0: First frame, float32 (H, W, 3) in [0, 1].
        x1: Last frame, likewise.

    Returns:
        The frame in the middle, float32 (H, W, 3) in [0, 1].
    """
    first, last = frame_store.to_bytes(x0), frame_store.to_bytes(x1)
    forward = 0.5 * classical_flow.estimate_flow(first, last)
    backward = 0.5 * classical_flow.estimate_flow(last, first)
    trust0 = _trust(classical_flow.inconsistency(backward, forward))
    trust1 = _trust(classical_flow.inconsistency(forward, backward))
    share = (trust0 / (trust0 + trust1))[..., None]
    warped0 = classical_flow.warp_backward(x0, backward)
    warped1 = classical_flow.warp_backward(x1, forward)
    return share * warped0 + (1 - share) * warped1


FLOORS: Final[dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "average": average,
    "nearest": nearest,
    "optical_flow": optical_flow,
}


def create_method(name: str) -> Method:
    """Makes a method of a floor.

    Args:
        name: A name in `FLOORS`.

    Returns:
        The method.

    Raises:
        InputError: If there is no such floor.
    """
    floor = FLOORS.get(name)
    if floor is None:
        raise InputError(f"There is no baseline {name!r}; expected one of {', '.join(FLOORS)}.")

    def predict(batch: Sequence[PreparedTriplet]) -> np.ndarray:
        return np.stack([floor(triplet.x0, triplet.x1) for triplet in batch])

    return Method(
        description={
            "kind": "baseline",
            "baseline": name,
            "version": _VERSION,
            "fingerprint": fingerprint.of_texts(["baseline", name, str(_VERSION)]),
        },
        load=lambda: predict,
    )


def _trust(miss_px: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + (miss_px / _TOLERANCE_PX) ** 2)
