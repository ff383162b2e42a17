import numpy as np
import tensorflow as tf

from frame_interpolation.losses.census import census


def test_one_window_by_hand():
    # d^2 = 1.2^2 for all 48 neighbours: the descriptor's square is 1.44 / (0.81 + 1.44) = 0.64.
    image = np.zeros([1, 7, 7, 3], np.float32)
    image[0, 3, 3] = 1.2 / 255 / 0.9999
    distance = 48 * 0.64 / 0.74
    expected = (distance**2 + 1e-6) ** 0.45
    np.testing.assert_allclose(census(image, np.zeros_like(image)), expected, rtol=1e-4)


def test_an_even_change_of_brightness_costs_nothing():
    image = 0.5 * tf.random.stateless_uniform([2, 16, 12, 3], [1, 2])
    equal = census(image, image)
    np.testing.assert_allclose(equal, 0.001**0.9, rtol=1e-4)
    np.testing.assert_allclose(census(image + 0.25, image), equal, rtol=1e-2)
