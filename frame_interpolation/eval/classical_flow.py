"""Dense optical flow by a classical method, for measuring frames and as a baseline.

OpenCV's DIS flow (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016),
preset "medium", on grey frames. It learns nothing, so that it favours no learned method, and the
same frames give the same flow on every run; on flat colour, where every classical method is
guessing, it spreads the motion of the outlines.

Convention: `flow = estimate_flow(a, b)` has shape (H, W, 2), order (dx, dy), in pixels, and
`a[y, x]` is found again at `b[y + dy, x + dx]`. Backward warping `b` by it gives `a`.
"""

import cv2
import numpy as np

_MINIMUM_SIDE_PX = 16
"""DIS fails on smaller frames; they are padded by repeating their border."""


def estimate_flow(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Estimates where every pixel of one frame goes in another.

    Args:
        source: uint8 (H, W, 3) RGB.
        target: uint8 (H, W, 3) RGB, of the same size.

    Returns:
        float32 (H, W, 2), (dx, dy) in pixels, on the grid of `source`.

    Raises:
        ValueError: If the frames are not uint8 (H, W, 3) of one size.
    """
    for frame in (source, target):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[-1] != 3:
            raise ValueError(f"Flow needs uint8 (H, W, 3), got {frame.dtype} {frame.shape}.")
    if source.shape != target.shape:
        raise ValueError(f"Flow needs frames of one size, got {source.shape}, {target.shape}.")
    height, width = source.shape[:2]
    # A fresh object each time: it keeps buffers of the last call, and threads may call at once.
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # The stub has no None, which asks for a new array.
    flow = method.calc(_padded_grey(source), _padded_grey(target), None)  # type: ignore[call-overload]
    return flow[:height, :width]


def warp_backward(image: np.ndarray, flow_px: np.ndarray) -> np.ndarray:
    """Reads an image at displaced positions, bilinearly, its border repeated outwards.

    Args:
        image: (H, W) or (H, W, C), uint8 or float32.
        flow_px: float32 (H, W, 2), (dx, dy) in pixels.

    Returns:
        An array like `image`: at (x, y) what `image` holds at (x + dx, y + dy).
    """
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return cv2.remap(
        image,
        columns + flow_px[..., 0],
        rows + flow_px[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def inconsistency(forward_px: np.ndarray, backward_px: np.ndarray) -> np.ndarray:
    """Measures by how much going forward and back misses the start.

    Where a pixel of the first frame is hidden in the second one, nothing flows back to it, so a
    large value marks an occlusion (or a wrong flow).

    Args:
        forward_px: float32 (H, W, 2), flow from the first frame to the second.
        backward_px: float32 (H, W, 2), flow from the second to the first.

    Returns:
        float32 (H, W): the distance in pixels.
    """
    returned = warp_backward(backward_px, forward_px)
    return np.linalg.norm(forward_px + returned, axis=-1)


def _padded_grey(frame: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    missing = [max(_MINIMUM_SIDE_PX - side, 0) for side in grey.shape]
    return np.pad(grey, [(0, side) for side in missing], mode="edge") if any(missing) else grey
