import numpy as np
import tensorflow as tf

from frame_interpolation.losses import reconstruction

_TARGET = tf.zeros([1, 16, 16, 3])
_PREDICTION = tf.fill([1, 16, 16, 3], 0.1)


def test_hand_computed_values():
    np.testing.assert_allclose(reconstruction.l1(_PREDICTION, _TARGET), 0.1, rtol=1e-6)
    np.testing.assert_allclose(reconstruction.l2(_PREDICTION, _TARGET), 0.01, rtol=1e-6)
    np.testing.assert_allclose(reconstruction.psnr(_PREDICTION, _TARGET), 20.0, rtol=1e-6)
    # Without variance only the luminance term is left: C1 / (0.1^2 + C1).
    np.testing.assert_allclose(
        reconstruction.ssim(_PREDICTION, _TARGET), 1e-4 / (0.01 + 1e-4), rtol=1e-4
    )


def test_l1_warped_sums_both_sides():
    value = reconstruction.l1_warped(_PREDICTION, 3.0 * _PREDICTION, _TARGET)
    np.testing.assert_allclose(value, 0.4, rtol=1e-6)


def test_psnr_is_averaged_in_decibels():
    prediction = tf.concat([_PREDICTION, 0.1 * _PREDICTION], axis=0)
    target = tf.concat([_TARGET, _TARGET], axis=0)
    np.testing.assert_allclose(reconstruction.psnr(prediction, target), 30.0, rtol=1e-5)
