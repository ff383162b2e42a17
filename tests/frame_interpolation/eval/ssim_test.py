"""Both maps against the libraries' own functions, loops, and the maps of crops."""

import numpy as np
import pytest
import skimage.metrics

from frame_interpolation.eval import ssim

_SHAPES = [(7, 7), (7, 40), (41, 7), (30, 31), (45, 61), (60, 128)]


def _frames(height, width, kind):
    """Pairs that strain the sums: structure, nothing but noise, flat, equal, nearly clipped."""
    random = np.random.default_rng(height * 1000 + width)
    noise = random.random((2, height, width, 3))
    y, x = np.mgrid[:height, :width]
    bars = np.repeat((((x // 5 + y // 9) % 3) / 2.0)[..., None], 3, axis=-1) * [1.0, 0.6, 0.3]
    pair = {
        "noise": (noise[0], noise[1]),
        "drawing": (np.roll(bars, 1, axis=1) * 0.95 + 0.02, bars),
        "flat": (np.full_like(bars, 0.7), np.full_like(bars, 0.7001)),
        "equal": (bars, bars),
        "white": (1 - 1e-4 * noise[0], 1 - 1e-4 * noise[1]),
        "clipped": (np.clip(3 * noise[0] - 1, 0, 1), np.clip(3 * noise[0] - 0.99, 0, 1)),
        "black and white": (np.ones_like(bars), np.zeros_like(bars)),
    }[kind]
    return tuple(frame.astype(np.float32) for frame in pair)


_KINDS = ["noise", "drawing", "flat", "equal", "white", "clipped", "black and white"]


def _scikit_image(estimate, truth):
    return skimage.metrics.structural_similarity(
        estimate.astype(np.float64),
        truth.astype(np.float64),
        win_size=7,
        gaussian_weights=False,
        use_sample_covariance=True,
        K1=0.01,
        K2=0.03,
        data_range=2.0,
        channel_axis=-1,
    )


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("shape", _SHAPES)
def test_atd12k_is_scikit_images_own_call(shape, kind):
    estimate, truth = _frames(*shape, kind)
    similarity = ssim.atd12k_map(estimate, truth)
    assert similarity.shape == (shape[0] - 6, shape[1] - 6, 3)
    assert similarity.mean() == pytest.approx(_scikit_image(estimate, truth), abs=1e-9)


def test_atd12k_is_scikit_images_own_call_on_a_whole_frame():
    estimate, truth = _frames(540, 960, "drawing")
    value = ssim.atd12k_map(estimate, truth).mean()
    assert value == pytest.approx(_scikit_image(estimate, truth), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_are_taken_as_they_are(dtype):
    estimate, truth = (frame.astype(dtype) for frame in _frames(60, 128, "drawing"))
    for view in (np.s_[5:49, 7:90], np.s_[::2, ::-3], np.s_[..., ::-1]):
        a, b = estimate[view], truth[view]
        assert ssim.atd12k_map(a, b).mean() == pytest.approx(_scikit_image(a, b), abs=1e-9)
    a, b = estimate.swapaxes(0, 1), truth.swapaxes(0, 1)
    assert ssim.atd12k_map(a, b).mean() == pytest.approx(_scikit_image(a, b), abs=1e-9)


def test_atd12k_is_what_the_protocol_says():
    """Its definition with loops: uniform 7x7, sample covariance, range 2, every whole window."""
    estimate, truth = _frames(12, 15, "drawing")
    c1, c2 = (0.01 * 2.0) ** 2, (0.03 * 2.0) ** 2
    similarity = ssim.atd12k_map(estimate, truth)
    for y, x, channel in np.ndindex(12 - 6, 15 - 6, 3):
        a, b = (
            frame[y : y + 7, x : x + 7, channel].ravel().astype(np.float64)
            for frame in (estimate, truth)
        )
        (var_a, cov), (_, var_b) = np.cov(a, b, ddof=1)
        structure = (2 * cov + c2) / (var_a + var_b + c2)
        luminance = (2 * a.mean() * b.mean() + c1) / (a.mean() ** 2 + b.mean() ** 2 + c1)
        assert similarity[y, x, channel] == pytest.approx(structure * luminance, abs=1e-9)


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("shape", [(11, 11), (11, 40), (41, 12), (45, 61), (300, 40)])
def test_films_is_tensorflows_own_function(shape, kind):
    import tensorflow as tf

    estimate, truth = _frames(*shape, kind)
    similarity = ssim.film_map(estimate, truth)
    assert similarity.shape == (shape[0] - 10, shape[1] - 10, 3)
    expected = float(tf.image.ssim(estimate, truth, max_val=1.0))
    assert ssim.film_mean(similarity) == pytest.approx(expected, abs=1e-6)


def test_films_keeps_tensorflows_rounding_of_flat_areas():
    """Exact sums would miss TensorFlow's value by many times what is allowed here."""
    import tensorflow as tf

    estimate, truth = _frames(540, 960, "clipped")
    expected = float(tf.image.ssim(estimate, truth, max_val=1.0))
    value = ssim.film_mean(ssim.film_map(estimate, truth))
    exact = skimage.metrics.structural_similarity(
        estimate.astype(np.float64),
        truth.astype(np.float64),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
        channel_axis=-1,
    )
    assert value == pytest.approx(expected, abs=1e-6)
    assert abs(exact - expected) > 1e-5


@pytest.mark.parametrize(
    ("function", "window", "tolerance"), [(ssim.atd12k_map, 7, 1e-12), (ssim.film_map, 11, 1e-6)]
)
def test_the_map_of_a_crop_is_the_crop_of_the_map(function, window, tolerance):
    estimate, truth = _frames(300, 90, "drawing")
    whole = function(estimate, truth)
    crop = function(estimate[13:290, 5:60], truth[13:290, 5:60])
    np.testing.assert_allclose(
        crop, whole[13 : 290 - window + 1, 5 : 60 - window + 1], atol=tolerance, rtol=0
    )


def test_the_two_are_two_quantities():
    estimate, truth = _frames(45, 61, "drawing")
    assert ssim.film_map(estimate, truth).mean() < ssim.atd12k_map(estimate, truth).mean() - 0.001
