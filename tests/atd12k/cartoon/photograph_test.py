"""Tests of the camera: where shapes land, how edges look, what moves at which depth."""

import numpy as np
import pytest

from atd12k.cartoon import curves
from atd12k.cartoon.drawing import Cel, Ink, scaling, translation
from atd12k.cartoon.photograph import Camera, Sheet, photograph

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
SIZE = (320, 180)


def _disc(x: float, y: float, radius: float = 60.0) -> Cel:
    cel = Cel(Ink())
    cel.gradient(BLACK, BLACK)
    cel.oval(x, y, radius, radius, WHITE, line=0)
    return cel


def _centre(picture: np.ndarray) -> tuple[float, float]:
    """Returns the centre of brightness in world units."""
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    total = picture.sum()
    scale = 540 / picture.shape[0]
    x, y = (xs * picture).sum() / total, (ys * picture).sum() / total
    return x * scale - 480, y * scale - 270


def _picture(cel: Cel, camera: Camera | None = None, depth: float = 1.0) -> np.ndarray:
    image = photograph([Sheet(cel, depth, False)], camera or Camera(), size=SIZE)
    return np.asarray(image)[..., 0].astype(float)


def test_shapes_lie_where_they_are_drawn_between_pixels_too():
    for x, y in ((0.0, 0.0), (101.7, -42.3), (-212.25, 96.6)):
        assert _centre(_picture(_disc(x, y))) == pytest.approx((x, y), abs=0.4)


def test_area_and_edges_are_anti_aliased():
    picture = _picture(_disc(0, 0, 90.0)) / 255
    assert picture.sum() == pytest.approx(np.pi * 30**2, rel=0.02)
    assert 60 < ((picture > 0.02) & (picture < 0.98)).sum() < 400


@pytest.mark.parametrize(("depth", "moved"), [(0.0, 0.0), (0.5, -20.0), (1.0, -40.0), (1.5, -60.0)])
def test_nearer_cels_follow_more_of_a_pan(depth, moved):
    still = _centre(_picture(_disc(30, 0), depth=depth))
    panned = _centre(_picture(_disc(30, 0), Camera(x=40), depth))
    assert panned[0] - still[0] == pytest.approx(moved, abs=0.4)


def test_zoom_enlarges_around_what_the_camera_looks_at():
    picture = _picture(_disc(50, 20), Camera(x=50, y=20, zoom=1.5))
    assert _centre(picture) == pytest.approx((0, 0), abs=0.4)
    assert picture.sum() / 255 == pytest.approx(np.pi * 30**2, rel=0.03)


def test_clipped_shapes_stay_inside_and_off_screen_ones_do_no_harm():
    cel = Cel(Ink())
    cel.gradient(BLACK, BLACK)
    for x in (0.0, 5000.0, -470.0):
        with cel.within(translation(x, 0), scaling(2, 2)):
            with cel.clipped(curves.ellipse(0, 0, 30, 30)):
                cel.oval(0, 0, 300, 300, WHITE, line=0)
    picture = _picture(cel)
    columns = np.flatnonzero(picture[:, 60:].any(axis=0)) + 60
    assert (columns.min(), columns.max()) == pytest.approx((160 - 20, 160 + 19), abs=1)


def test_colors_with_alpha_are_blended_and_gradients_end_where_they_say():
    cel = Cel(Ink())
    cel.gradient((0, 0, 0), (200, 100, 50), -270.0, 0.0)
    cel.oval(0, 150, 60, 60, (255, 255, 255, 128), line=0)
    picture = np.asarray(photograph([Sheet(cel, 0.0, True)], Camera(), size=SIZE)).astype(int)
    np.testing.assert_array_less(picture[0, 0], 3)
    np.testing.assert_array_equal(picture[120, 5], [200, 100, 50])
    np.testing.assert_allclose(picture[140, 160], [228, 178, 153], atol=2)


def test_outlines_surround_the_fill():
    cel = Cel(Ink(color=(255, 0, 0), width=12.0, swell=0.0))
    cel.gradient(BLACK, BLACK)
    cel.oval(0, 0, 90, 90, (0, 255, 0))
    picture = np.asarray(photograph([Sheet(cel, 1.0, False)], Camera(), size=SIZE)).astype(int)
    row = picture[90]
    np.testing.assert_array_equal(row[160], [0, 255, 0])
    assert row[130].tolist() == [255, 0, 0]
    assert (row[:, 0] > 128).sum() == pytest.approx(8, abs=1)
