"""Optical flow pyramids: from residuals to flows.

A flow pyramid is a list of (B, H >> i, W >> i, 2) tensors, finest first, channels (dx, dy) in
pixels of the level itself, so a flow doubles when it moves to the next finer level. The residual
formulation is FILM's (arXiv 2202.04901): only the coarsest level holds a flow, every finer level
the correction of the upsampled coarser one.
"""

from collections.abc import Sequence

import tensorflow as tf


def upsample_flow(flow_px: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Brings a flow to the next finer level.

    Args:
      flow_px: (B, h, w, 2) in pixels of its level.
      size: int32 (2,), height and width of the finer level.

    Returns:
      (B, size[0], size[1], 2) float32 in pixels of the finer level (half-pixel-centred bilinear).
      The factor is 2 for odd sizes too, although those are not exactly twice as large.
    """
    return tf.image.resize(2.0 * tf.cast(flow_px, tf.float32), size)


def flow_pyramid_from_residuals(residuals_px: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Sums a residual flow pyramid up, from the coarsest level to the finest.

    Args:
      residuals_px: residual flows (B, H >> i, W >> i, 2), finest first, in pixels of each level.

    Returns:
      The flows, of the same shapes, finest first.
    """
    flow_px = residuals_px[-1]
    pyramid = [flow_px]
    for residual_px in residuals_px[-2::-1]:
        flow_px = upsample_flow(flow_px, tf.shape(residual_px)[1:3]) + residual_px
        pyramid.append(flow_px)
    return pyramid[::-1]
