"""Each metric against hand-computed values, its library's function, and pinned numbers."""

import math

import numpy as np
import pytest
import skimage.metrics

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics


def _pair(height=45, width=61):
    """Two fixed frames without any random generator: waves, and the same moved and with steps."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [0.5 + 0.5 * np.sin(0.31 * x + 0.17 * (k + 1) * y + k) for k in range(3)]
    truth = np.stack(waves, axis=-1)
    estimate = np.roll(truth, 1, axis=1) * 0.9 + 0.05 * ((x // 8 + y // 8) % 2)[..., None]
    return np.clip(estimate, 0, 1).astype(np.float32), truth.astype(np.float32)


# Computed once with this code, after the comparisons below had passed: any change is a change of
# what is reported.
_PINNED = {
    "l1": 0.10167220922879026,
    "l2": 0.013367349182327598,
    "psnr": 18.739547071455117,
    "ssim": 0.8872530460357666,
    "ssim_atd12k": 0.9114929586373163,
    "ie": 49.46335470402615,
}


@pytest.mark.parametrize("name", _PINNED)
def test_values_on_fixed_frames_stay(name):
    # TensorFlow sums in float32, in an order that may depend on the machine.
    tolerance = 1e-5 if name == "ssim" else 1e-9
    assert metrics.find(name).measure(*_pair()) == pytest.approx(_PINNED[name], rel=tolerance)


def test_every_metric_is_pinned():
    assert set(_PINNED) == set(metrics.METRICS)


def test_flat_frames_by_hand():
    truth = np.full((16, 16, 3), 0.5, np.float32)
    estimate = truth + np.array([0.25, 0.0, -0.125], np.float32)
    values = {name: metric.measure(estimate, truth) for name, metric in metrics.METRICS.items()}
    assert values["l1"] == pytest.approx((0.25 + 0.125) / 3)
    assert values["l2"] == pytest.approx((0.0625 + 0.015625) / 3)
    assert values["psnr"] == pytest.approx(-10 * math.log10(0.078125 / 3))
    assert values["ie"] == pytest.approx(255 * math.sqrt(0.078125))
    # Without structure only the luminance term is left, whose constant is (K1 * range)^2.
    # TensorFlow's float32 variances do not cancel exactly.
    for name, data_range, tolerance in (("ssim", 1.0, 5e-4), ("ssim_atd12k", 2.0, 1e-9)):
        c1 = (0.01 * data_range) ** 2
        terms = [(2 * 0.5 * m + c1) / (0.25 + m * m + c1) for m in (0.75, 0.5, 0.375)]
        assert values[name] == pytest.approx(sum(terms) / 3, rel=tolerance)


@pytest.mark.parametrize("shape", [(45, 61), (11, 11), (64, 96)])
def test_psnr_and_ssim_are_tensorflows(shape):
    import tensorflow as tf

    estimate, truth = _pair(*shape)
    for name, function in (("psnr", tf.image.psnr), ("ssim", tf.image.ssim)):
        expected = float(function(estimate, truth, max_val=1.0))
        assert metrics.find(name).measure(estimate, truth) == pytest.approx(expected, rel=2e-6)


def test_psnr_is_scikit_images():
    estimate, truth = _pair()
    expected = skimage.metrics.peak_signal_noise_ratio(
        truth.astype(np.float64), estimate.astype(np.float64), data_range=1.0
    )
    assert metrics.psnr(estimate, truth) == pytest.approx(expected, abs=1e-9)


def test_ssim_atd12k_is_what_the_protocol_says():
    """Its definition with loops: uniform 7x7, sample covariance, range 2, every whole window."""
    estimate, truth = (frame.astype(np.float64) for frame in _pair(12, 15))
    c1, c2 = (0.01 * 2.0) ** 2, (0.03 * 2.0) ** 2
    values = []
    for channel in range(3):
        for y in range(12 - 6):
            for x in range(15 - 6):
                a = estimate[y : y + 7, x : x + 7, channel].ravel()
                b = truth[y : y + 7, x : x + 7, channel].ravel()
                (var_a, cov), (_, var_b) = np.cov(a, b, ddof=1)
                structure = (2 * cov + c2) / (var_a + var_b + c2)
                values.append(
                    structure
                    * (2 * a.mean() * b.mean() + c1)
                    / (a.mean() ** 2 + b.mean() ** 2 + c1)
                )
    assert metrics.ssim_atd12k(*_pair(12, 15)) == pytest.approx(np.mean(values), abs=1e-9)


def test_the_two_ssims_are_two_quantities():
    estimate, truth = _pair()
    assert metrics.ssim(estimate, truth) < metrics.ssim_atd12k(estimate, truth) - 0.001


def test_identical_frames():
    frame = _pair()[1]
    values = {name: metric.measure(frame, frame) for name, metric in metrics.METRICS.items()}
    assert values["psnr"] == math.inf
    assert values["l1"] == values["l2"] == values["ie"] == 0.0
    assert values["ssim"] == pytest.approx(1.0, abs=1e-6)
    assert values["ssim_atd12k"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "side", "defined"),
    [
        ("ssim", 11, True),
        ("ssim", 10, False),
        ("ssim_atd12k", 7, True),
        ("ssim_atd12k", 6, False),
        ("psnr", 1, True),
        ("psnr", 0, False),
    ],
)
def test_frames_smaller_than_the_window_have_no_value(name, side, defined):
    for shape in ((side, 40), (40, side)):
        estimate, truth = (frame[: shape[0], : shape[1]] for frame in _pair(45, 45))
        assert (metrics.find(name).measure(estimate, truth) is not None) == defined


def test_names():
    assert metrics.split_name("ssim_atd12k_roi") == ("ssim_atd12k", True)
    assert metrics.split_name("ssim_atd12k") == ("ssim_atd12k", False)
    assert metrics.find("ie_roi") is metrics.METRICS["ie"]
    with pytest.raises(InputError, match=r"no metric 'lpisp'.*psnr, ssim"):
        metrics.find("lpisp")


def test_frames_of_different_size_are_refused():
    estimate, truth = _pair()
    with pytest.raises(ValueError, match="equal size"):
        metrics.find("l1").measure(estimate[1:], truth)
