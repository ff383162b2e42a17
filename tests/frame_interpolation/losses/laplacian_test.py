import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.losses.laplacian import laplacian

_ZEROS = tf.zeros([1, 64, 64, 3])


def test_a_constant_offset_is_left_to_the_coarsest_level():
    # Weight 16 there, and one pixel for 256.
    np.testing.assert_allclose(laplacian(_ZEROS + 0.32, _ZEROS), 0.02, rtol=1e-5)


def test_a_single_pixel_by_hand():
    # With matrices, on an image that is zero around: far from the border it is the same pyramid.
    impulse = np.zeros([64, 64])
    impulse[32, 32] = 1.0
    expected, level = 0.0, impulse
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    for index in range(5):
        size = len(level)
        blur = sum(w * np.eye(size, k=k) for w, k in zip(kernel, range(-2, 3), strict=True))
        coarse = (blur @ level @ blur.T)[::2, ::2]
        spread = np.zeros([size, size])
        spread[::2, ::2] = coarse
        band = level - 4 * blur @ spread @ blur.T if index < 4 else level
        expected += 2**index * np.abs(band).sum()
        level = coarse
    actual = laplacian(tf.constant(impulse[None, ..., None], tf.float32), tf.zeros([1, 64, 64, 1]))
    # The impulse reaches the border on the coarsest level only, faintly.
    assert float(actual) * 64 * 64 == pytest.approx(expected, rel=0.02)


def test_equal_images_and_odd_sizes():
    image = tf.random.stateless_uniform([2, 45, 37, 3], [1, 2])
    assert float(laplacian(image, image)) == 0.0
    assert float(laplacian(image, 0.5 * image)) > 0.0
