"""Lines and their distance: the specification's values, exact distances, empty maps."""

import math

import numpy as np
import pytest
from scipy import ndimage

from frame_interpolation.eval import line_distance


def _circle(center_x, *, paper=(0.8, 0.8, 0.8), ink=(0.0, 0.0, 0.0), size=(960, 540), radius=120):
    """An outline 3 px wide on a flat frame, float32 (H, W, 3)."""
    y, x = np.mgrid[: size[1], : size[0]]
    outline = np.abs(np.hypot(x - center_x, y - size[1] // 2) - radius) <= 1.5
    return np.where(outline[..., None], ink, paper).astype(np.float32)


@pytest.mark.parametrize(
    ("shift_px", "expected"), [(1, 8.4e-7), (2, 2.2e-6), (5, 8.7e-6), (10, 2.1e-5), (20, 4.6e-5)]
)
def test_a_moved_circle_has_the_published_distances(shift_px, expected):
    for estimate, truth in ((400 + shift_px, 400), (400, 400 + shift_px)):
        value, remark = line_distance.measure(_circle(estimate), _circle(truth))
        assert float(f"{value:.1e}") == expected
        assert remark == ""


def test_an_empty_map_has_the_published_distance_and_is_remarked():
    circle, flat = _circle(400), np.full((540, 960, 3), 0.8, np.float32)
    for pair, which in (((flat, circle), "estimate"), ((circle, flat), "truth")):
        value, remark = line_distance.measure(*pair)
        assert float(f"{value:.1e}") == 2.2e-3
        assert value == pytest.approx(0.5 * line_distance.line_map(circle).mean())
        assert remark == f"empty line map ({which})"
    assert line_distance.measure(flat, flat) == (0.0, "empty line map (both)")


@pytest.mark.parametrize("size", [(540, 960), (1, 40), (40, 1), (33, 57), (1440, 300)])
@pytest.mark.parametrize("share", [0.0, 1e-3, 0.3])
def test_distances_are_exact(size, share):
    """By way of the distance of all pixels to lines, of which the last pixel is always one."""
    random = np.random.default_rng(8)
    lines = random.random(size) < share
    lines[-1, -1] = True
    others = np.ones(size, bool)
    to_lines = ndimage.distance_transform_edt(~lines)
    value = line_distance.chamfer_distance(others, lines)
    assert value == 0.5 * to_lines.sum() / lines.size / math.hypot(*size)


def test_lines_are_dark_on_light():
    lines = line_distance.line_map(_circle(60, size=(120, 100), radius=30))
    assert lines.shape == (100, 120) and lines.dtype == bool
    assert lines[50, 90] and lines[20, 60] and not lines[50, 60] and not lines[5, 5]
    light = line_distance.line_map(
        _circle(60, ink=(1.0, 1.0, 1.0), paper=(0.2, 0.2, 0.2), size=(120, 100), radius=30)
    )
    assert not light[50, 90]


def test_lines_by_the_formula():
    """The two-dimensional sums with loops, at every pixel of a small frame."""
    frame = np.random.default_rng(4).random((9, 11, 3)).astype(np.float32)
    grey = frame.astype(np.float64) @ [0.299, 0.587, 0.114]
    blurred = {}
    for sigma, reach in ((1.6, 6), (1.0, 4)):
        offsets = np.arange(-reach, reach + 1)
        kernel = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * sigma**2))
        padded = np.pad(grey, reach, mode="edge")
        side = 2 * reach + 1
        blurred[sigma] = [
            [(padded[y : y + side, x : x + side] * kernel).sum() / kernel.sum() for x in range(11)]
            for y in range(9)
        ]
    expected = 0.5 + 2 * (np.array(blurred[1.6]) - np.array(blurred[1.0])) - 0.01 > 0.5
    assert expected.any() and not expected.all()
    np.testing.assert_array_equal(line_distance.line_map(frame), expected)


@pytest.mark.parametrize(("channel", "weight"), [(0, 0.299), (1, 0.587), (2, 0.114)])
def test_a_faint_line_counts_by_its_grey(channel, weight):
    # A straight line of one pixel: 2 (G_1.0(0) - G_1.6(0)) depth > 0.01, the G in one dimension.
    peaks = [
        1 / sum(math.exp(-(i**2) / (2 * sigma**2)) for i in range(-reach, reach + 1))
        for sigma, reach in ((1.0, 4), (1.6, 6))
    ]
    depth = 0.01 / 2 / (peaks[0] - peaks[1]) / weight
    for factor, seen in ((0.99, False), (1.01, True)):
        frame = np.full((21, 21, 3), 0.5, np.float64)
        frame[10, :, channel] -= factor * depth
        assert line_distance.line_map(frame).any() == seen


def test_distances_by_hand():
    a, b = np.zeros((2, 30, 40), bool)
    a[5, 5] = b[5, 8] = b[9, 5] = True
    # From a: 3 px; from b: 3 and 4 px; the diagonal is 50 px.
    expected = 0.5 * (3 + 3 + 4) / 1200 / 50
    assert line_distance.chamfer_distance(a, b) == pytest.approx(expected, rel=1e-12)
    assert line_distance.chamfer_distance(b, a) == pytest.approx(expected, rel=1e-12)
    assert line_distance.chamfer_distance(a, a) == 0.0


def test_distances_are_exact_far_away():
    a, b = np.zeros((2, 700, 900), bool)
    a[3, 4] = b[699, 899] = True
    distance_px = math.hypot(696, 895)
    expected = distance_px / a.size / math.hypot(700, 900)
    assert line_distance.chamfer_distance(a, b) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (5, 6)])
def test_small_and_strided_frames(shape):
    frame = np.random.default_rng(1).random((*shape, 6)).astype(np.float32)
    views = frame[..., ::2], frame[::-1, ::-1, 1::2]
    copies = tuple(np.ascontiguousarray(view) for view in views)
    assert line_distance.measure(*views) == line_distance.measure(*copies)
