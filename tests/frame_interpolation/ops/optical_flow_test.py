import numpy as np
import tensorflow as tf

from frame_interpolation.ops.optical_flow import flow_pyramid_from_residuals, upsample_flow


def test_a_constant_flow_doubles_at_the_finer_level():
    flow = tf.tile(tf.constant([1.5, -2.0])[None, None, None], [1, 3, 4, 1])
    finer = upsample_flow(flow, tf.constant([7, 8]))
    np.testing.assert_allclose(finer, np.broadcast_to([3.0, -4.0], [1, 7, 8, 2]))


def test_pixel_centres_of_the_upsampling_are_half_a_pixel_in():
    flow = tf.constant([[[[0.0, 0.0], [1.0, 0.0]]]])
    finer = upsample_flow(flow, tf.constant([1, 4]))
    np.testing.assert_allclose(finer[0, 0, :, 0], [0.0, 0.5, 1.5, 2.0])


def test_residuals_sum_up_from_coarse_to_fine():
    residuals = [
        tf.fill([1, 4, 4, 2], 1.0),
        tf.fill([1, 2, 2, 2], 10.0),
        tf.fill([1, 1, 1, 2], 100.0),
    ]
    pyramid = flow_pyramid_from_residuals(residuals)
    assert [level.shape[1] for level in pyramid] == [4, 2, 1]
    assert [float(level[0, 0, 0, 0]) for level in pyramid] == [421.0, 210.0, 100.0]
