"""Error maps and thumbnails."""

import numpy as np
import pytest

from frame_interpolation.eval import pictures


def test_the_error_map_follows_its_ramp():
    truth = np.full((2, 4, 3), 100, np.uint8)
    estimate = truth.copy()
    # Mean differences of 0, 16, 64, and more than 64 grey levels.
    estimate[0, 1] = (148, 100, 100)
    estimate[0, 2] = (164, 36, 164)
    estimate[0, 3] = (255, 255, 0)
    drawn = pictures.error_map(estimate, truth)
    assert drawn.dtype == np.uint8 and drawn.shape == truth.shape
    assert tuple(drawn[0, 0]) == pictures.ERROR_RAMP[0]
    assert tuple(drawn[0, 1]) == pictures.ERROR_RAMP[1]
    assert tuple(drawn[0, 2]) == tuple(drawn[0, 3]) == pictures.ERROR_RAMP[-1]
    assert not drawn[1].any()


def test_the_ramp_grows_brighter():
    truth = np.zeros((1, 70, 3), np.uint8)
    estimate = np.arange(70, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    brightness = pictures.error_map(estimate, truth).astype(int) @ (299, 587, 114)
    assert (np.diff(brightness[0, : pictures.FULL_ERROR + 1]) > 0).all()


def test_frames_of_different_size_are_refused():
    with pytest.raises(ValueError, match="Cannot compare"):
        pictures.error_map(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((960, 540), (480, 270)), ((300, 200), (300, 200)), ((5000, 2), (480, 1))],
)
def test_thumbnails_keep_their_proportions(size, expected):
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    assert pictures.thumbnail(frame, 480).size == expected


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        ((10, 0), (255, 0, 0)),  # Right is red,
        ((0, 0), (255, 255, 255)),  # what stands still white,
        ((5, 0), (255, 128, 128)),  # half the length half as saturated,
        ((30, 0), (191, 0, 0)),  # and what is longer than the full length darker.
    ],
)
def test_known_vectors_have_known_colours(vector, expected):
    flow = np.full((2, 3, 2), vector, np.float32)
    drawn = pictures.flow_picture(flow, 10.0)
    assert drawn.dtype == np.uint8 and drawn.shape == (2, 3, 3)
    assert np.abs(drawn.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("vector", "strong", "weak"),
    [((0, 1), "rg", "b"), ((-1, 0), "gb", "r"), ((0, -1), "b", "g"), ((1, 0), "r", "gb")],
)
def test_the_wheel_has_its_four_directions(vector, strong, weak):
    colour = dict(
        zip("rgb", pictures.flow_picture(np.full((1, 1, 2), vector), 1.0)[0, 0], strict=True)
    )
    assert min(colour[c] for c in strong) > 110 > max(colour[c] for c in weak)


def test_the_wheel_is_closed_and_turns_smoothly():
    angles = np.linspace(0, 2 * np.pi, 721)
    flow = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[np.newaxis] * 0.999
    drawn = pictures.flow_picture(flow, 1.0)[0].astype(int)
    assert np.abs(np.diff(drawn, axis=0)).max() <= 32
    np.testing.assert_array_equal(drawn[0], drawn[-1])


def test_flow_that_is_not_finite_is_black():
    flow = np.zeros((1, 3, 2), np.float32)
    flow[0, 0, 0], flow[0, 1, 1] = np.nan, np.inf
    drawn = pictures.flow_picture(flow, 1.0)
    assert not drawn[0, :2].any() and (drawn[0, 2] == 255).all()
    assert pictures.flow_range(flow) == 1.0


def test_the_range_of_a_flow_leaves_out_one_in_a_hundred():
    flow = np.zeros((10, 100, 2), np.float32)
    flow[:5, :, 0] = 7.3
    flow[0, :3] = 500.0
    assert pictures.flow_range(flow) == 8.0


def test_the_legend_is_the_wheel_that_pictures_are_drawn_with():
    legend = pictures.flow_legend(65)
    assert legend.shape == (65, 65, 4)
    assert legend[32, 32, :3].min() == 255 and legend[0, 0, 3] == 0
    assert tuple(legend[32, 64, :3]) == (255, 0, 0) and legend[32, 62, 3] == 255
    half_down = pictures.flow_picture(np.array([[[0.0, 0.5]]]), 1.0)[0, 0]
    assert np.abs(legend[48, 32, :3].astype(int) - half_down).max() <= 2


@pytest.mark.parametrize(("shape", "full"), [((2, 3), 1.0), ((2, 3, 3), 1.0), ((2, 3, 2), 0.0)])
def test_what_is_not_a_flow_is_refused(shape, full):
    with pytest.raises(ValueError, match=r"\(H, W, 2\)|positive"):
        pictures.flow_picture(np.zeros(shape), full)


def test_lines_over_each_other():
    true = np.array([[True, True, False, False]])
    estimate = np.array([[True, False, True, False]])
    drawn = pictures.line_overlay(estimate, true)
    names = ("both", "missing", "surplus", "none")
    assert [tuple(colour) for colour in drawn[0]] == [pictures.LINE_COLOURS[n] for n in names]
    alone = pictures.line_picture(true)
    assert [tuple(colour) for colour in alone[0]] == [
        pictures.LINE_COLOURS[name] for name in ("both", "both", "none", "none")
    ]
    with pytest.raises(ValueError, match="line maps"):
        pictures.line_overlay(estimate, true.T)


@pytest.mark.parametrize("height", [8, 100])
def test_a_legend_stands_beside_the_picture(height):
    picture = np.zeros((height, 40, 3), np.uint8)
    joined = pictures.beside_legend(picture, 12.0)
    assert joined.shape[0] == height and joined.shape[1] > 40
    np.testing.assert_array_equal(joined[:, :40], picture)
    assert len(np.unique(joined[:, 40:].reshape(-1, 3), axis=0)) > 10
