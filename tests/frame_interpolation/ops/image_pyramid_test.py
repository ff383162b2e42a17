import numpy as np
import tensorflow as tf

from frame_interpolation.ops.image_pyramid import image_pyramid


def test_levels_are_averages_and_odd_sizes_round_down():
    image = tf.reshape(tf.range(35.0), [1, 5, 7, 1])
    pyramid = image_pyramid(image, 3)
    assert [tuple(level.shape) for level in pyramid] == [(1, 5, 7, 1), (1, 2, 3, 1), (1, 1, 1, 1)]
    np.testing.assert_allclose(pyramid[1][0, :, :, 0], [[4.0, 6.0, 8.0], [18.0, 20.0, 22.0]])
    np.testing.assert_allclose(pyramid[2][0, 0, 0, 0], 12.0)


def test_one_level_is_the_image_itself():
    image = tf.ones([1, 3, 3, 2])
    (level,) = image_pyramid(image, 1)
    assert level is image
