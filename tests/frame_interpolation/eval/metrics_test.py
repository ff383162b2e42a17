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


_WITHOUT_NETWORK = {
    name: metric for name, metric in metrics.METRICS.items() if not name.startswith("lpips")
}


def _value(name, estimate, truth):
    return metrics.find(name).measure(estimate, truth)


def test_flat_frames_by_hand():
    truth = np.full((16, 16, 3), 0.5, np.float32)
    estimate = truth + np.array([0.25, 0.0, -0.125], np.float32)
    values = {name: _value(name, estimate, truth) for name in _WITHOUT_NETWORK}
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
def test_psnr_is_tensorflows_and_scikit_images(shape):
    import tensorflow as tf

    estimate, truth = _pair(*shape)
    value = _value("psnr", estimate, truth)
    assert value == pytest.approx(float(tf.image.psnr(estimate, truth, max_val=1.0)), rel=2e-6)
    expected = skimage.metrics.peak_signal_noise_ratio(
        truth.astype(np.float64), estimate.astype(np.float64), data_range=1.0
    )
    assert value == pytest.approx(expected, abs=1e-9)


def test_identical_frames():
    frame = _pair()[1]
    values = {name: _value(name, frame, frame) for name in _WITHOUT_NETWORK}
    assert values["psnr"] == math.inf
    assert values["l1"] == values["l2"] == values["ie"] == values["chamfer"] == 0.0
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
        ("chamfer", 1, True),
        ("chamfer", 0, False),
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


@pytest.mark.parametrize("name", _WITHOUT_NETWORK)
def test_values_that_are_not_finite_are_refused(name):
    estimate, truth = _pair()
    estimate[3, 5, 1], estimate[4, 5, 2] = np.nan, np.inf
    with pytest.raises(InputError, match="estimate has 2 values"):
        _value(name, estimate, truth)
    with pytest.raises(InputError, match="truth has 2 values"):
        _value(name, truth, estimate)


@pytest.mark.parametrize("name", ["lpips", "lpips_unscaled"])
def test_lpips_is_left_to_the_scorer(name):
    with pytest.raises(ValueError, match="needs a network"):
        _value(name, *_pair())


@pytest.mark.parametrize(
    ("name", "value", "heading", "shown", "difference"),
    [
        ("psnr_roi", 25.7354, "PSNR [dB]", "25.735", "+25.735"),
        ("psnr", math.inf, "PSNR [dB]", "inf", "+inf"),
        ("ssim", 0.95, "SSIM (FILM)", "0.9500", "+0.9500"),
        ("chamfer", 5.564e-5, "Chamfer [×1e-5]", "5.564", "+5.564"),
        ("lpips_unscaled", 0.05059, "LPIPS (unscaled) [×1e-2]", "5.059", "+5.059"),
        ("chamfer", None, "Chamfer [×1e-5]", "-", "-"),
    ],
)
def test_people_read_values_in_the_units_of_the_literature(name, value, heading, shown, difference):
    metric = metrics.find(name)
    assert metric.heading == heading
    assert metric.format(value) == shown and metric.format(value, signed=True) == difference
    if value is not None and math.isfinite(value):
        assert metric.format(value, more_decimals=1).startswith(shown)
