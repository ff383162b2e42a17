"""Measures of difficulty on frames whose motion, texture and occlusion are known."""

import time

import cv2
import numpy as np
import pytest

from frame_interpolation.eval import difficulty

_SIZE = (216, 384)
_RADIUS_PX = 36


def _texture(seed=0, size=_SIZE, scale=3.0):
    noise = np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), scale)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def _flat(level=200, size=_SIZE):
    return np.full((*size, 3), level, np.uint8)


def _disc(background, shift_px=0.0, fill=(60, 90, 160), radius=_RADIUS_PX):
    """A disc with a soft rim, its centre `shift_px` to the right of a third of the width."""
    height, width = background.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(columns - width / 3 - shift_px, rows - height / 2)
    cover = np.clip(radius + 0.5 - distance, 0, 1)[..., np.newaxis]
    if isinstance(fill, np.ndarray):
        fill = np.roll(fill, round(shift_px), axis=1)  # The texture moves with the disc.
    return np.rint(background * (1 - cover) + np.asarray(fill) * cover).astype(np.uint8)


def _moved(shift_px, middle=0.5, background=None, **disc):
    background = _flat() if background is None else background
    return [_disc(background, t * shift_px, **disc) for t in (0.0, middle, 1.0)]


@pytest.mark.parametrize("shift_px", [3, 8, 20, 45])
@pytest.mark.parametrize("textured", [False, True])
def test_motion_is_how_far_a_disc_went_however_small_its_share(shift_px, textured):
    fill = _texture(9) if textured else (60, 90, 160)
    values = difficulty.measure(*_moved(shift_px, fill=fill))
    assert values["motion_px"] == pytest.approx(shift_px, rel=0.05, abs=0.6)


def test_motion_of_a_whole_scene():
    scene = _texture(1)
    frames = [np.roll(scene, shift, axis=1) for shift in (0, 5, 10)]
    values = difficulty.measure(*frames)
    assert values["motion_px"] == pytest.approx(10, abs=0.3)
    assert values["nonlinearity"] < 0.05


def test_motion_is_in_pixels_of_the_frames_as_they_came():
    small = _moved(20)
    large = [cv2.resize(frame, None, fx=3, fy=3) for frame in small]
    ratio = difficulty.measure(*large)["motion_px"] / difficulty.measure(*small)["motion_px"]
    assert ratio == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("middle", "expected"), [(0.5, 0.0), (0.25, 0.5), (0.75, 0.5), (0.0, 1.0), (1.0, 1.0)]
)
def test_nonlinearity_is_how_unevenly_the_disc_went(middle, expected):
    values = difficulty.measure(*_moved(24, middle))
    assert values["nonlinearity"] == pytest.approx(expected, abs=0.06)


def test_there_and_back_is_the_most_uneven_motion():
    first, middle, _ = _moved(24)
    values = difficulty.measure(first, middle, first)
    assert values["nonlinearity"] == pytest.approx(1.0, abs=0.02)
    assert values["motion_px"] == 0.0


def test_flat_share():
    assert difficulty.measure(*[_flat()] * 3)["flat_share"] == 1.0
    assert difficulty.measure(*[_texture()] * 3)["flat_share"] < 0.02
    half = _texture()
    half[:, : _SIZE[1] // 2] = 128
    assert difficulty.measure(*[half] * 3)["flat_share"] == pytest.approx(0.5, abs=0.02)
    # A ramp without edges is flat; two colours of one luminance are not.
    ramp = np.repeat(np.linspace(0, 255, _SIZE[1], dtype=np.uint8)[None, :, None], _SIZE[0], 0)
    assert difficulty.measure(*[np.repeat(ramp, 3, 2)] * 3)["flat_share"] == 1.0
    stripes = np.zeros((*_SIZE, 3), np.uint8)
    stripes[:, ::4, 0], stripes[:, 2::4, 2] = 76, 199
    assert difficulty.measure(*[stripes] * 3)["flat_share"] == 0.0


def test_grain_is_no_texture_and_no_change():
    rng = np.random.default_rng(2)
    frames = [
        np.clip(_flat() + rng.normal(0, 1.5, (*_SIZE, 3)), 0, 255).astype(np.uint8)
        for _ in range(3)
    ]
    values = difficulty.measure(*frames)
    assert values["flat_share"] > 0.95
    assert values["motion_px"] == values["nonlinearity"] == values["drastic_change"] == 0.0


@pytest.mark.parametrize("shift_px", [16, 40])
def test_thin_lines_and_compression_are_measured_too(shift_px):
    frames = []
    for t in (0, 0.25, 1):
        frame = _flat(250, (540, 960))
        cv2.rectangle(frame, (600, 100), (800, 430), (30, 30, 30), 2)
        x = 200 + round(t * shift_px)
        cv2.circle(frame, (x, 200), 60, (20, 20, 20), 2)
        cv2.line(frame, (x, 260), (x - 40, 400), (20, 20, 20), 2)
        jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
        frames.append(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    values = difficulty.measure(*frames)
    assert values["motion_px"] == pytest.approx(shift_px, abs=0.5)
    assert values["nonlinearity"] == pytest.approx(0.5, abs=0.06)
    assert values["flat_share"] > 0.9 and values["drastic_change"] < 0.005


@pytest.mark.parametrize("shift_px", [10, 16, 32])
@pytest.mark.parametrize(("textured", "low", "high"), [(True, 0.6, 1.8), (False, 0.9, 1.2)])
def test_occlusion_is_what_a_disc_covers_and_uncovers(shift_px, textured, low, high):
    drawing = {"background": _texture(3), "fill": _texture(9)} if textured else {}
    frames = _moved(shift_px, radius=80, **drawing)
    before, after = (
        _disc(_flat(0), shift, fill=(255,) * 3, radius=80)[..., 0] > 127 for shift in (0, shift_px)
    )
    covered = np.mean(after & ~before)  # As large as what is uncovered.
    values = difficulty.measure(*frames)
    assert low * covered < values["occlusion_share"] < high * covered
    backwards = difficulty.measure(*frames[::-1])
    assert backwards["occlusion_share"] == pytest.approx(values["occlusion_share"], rel=0.1)


def test_occlusion_grows_with_the_part_of_the_scene_that_leaves():
    scene = _texture(4, (216, 500))
    shares = [
        difficulty.measure(*(scene[:, t * d : t * d + 384] for t in (0, 1, 2)))["occlusion_share"]
        for d in (0, 4, 8)
    ]
    assert shares[0] == 0.0
    assert shares[1] == pytest.approx(8 / 384, abs=0.01)
    assert shares[2] == pytest.approx(16 / 384, abs=0.01)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (_texture(1), _texture(2)),
        (_flat(200), _flat(60)),
        (_flat(200), _texture(1)),
        (_texture(1), _texture(1) // 2),  # A flash.
    ],
)
def test_a_cut_is_drastic_and_has_no_motion(first, last):
    values = difficulty.measure(first, first, last)
    assert values["drastic_change"] > 0.9
    assert "motion_px" not in values and "nonlinearity" not in values


def test_an_object_that_appears_is_drastic_where_it_is():
    scene = _texture(5)
    with_patch = scene.copy()
    with_patch[60:140, 100:200] = _texture(6)[60:140, 100:200]
    values = difficulty.measure(scene, scene, with_patch)
    assert values["drastic_change"] == pytest.approx(80 * 100 / scene[..., 0].size, rel=0.25)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 5), (31, 17), (217, 385)])
def test_any_size_can_be_measured(size):
    still = _texture(7, size, scale=1.0)
    values = difficulty.measure(still, still, still)
    assert set(values) == set(difficulty.MEASURES)
    assert values["motion_px"] == values["occlusion_share"] == values["drastic_change"] == 0.0
    values = difficulty.measure(still, _texture(8, size), _flat(9, size))
    assert all(np.isfinite(value) and value >= 0 for value in values.values())
    assert all(value <= 1 for name, value in values.items() if name != "motion_px")


def test_the_same_frames_give_the_same_values():
    frames = _moved(9, 0.3, background=_texture(3))
    assert difficulty.measure(*frames) == difficulty.measure(*frames)


@pytest.mark.parametrize(
    "bad", [np.zeros((8, 8, 3), np.float32), np.zeros((8, 9, 3), np.uint8), np.zeros((8, 8))]
)
def test_other_arrays_are_refused(bad):
    good = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="Difficulty needs"):
        difficulty.measure(good, good, bad)


def test_a_frame_of_540_lines_takes_little_time():
    frames = [cv2.resize(frame, (960, 540)) for frame in _moved(12, background=_texture(3))]
    difficulty.measure(*frames)
    start = time.process_time()
    for _ in range(3):
        difficulty.measure(*frames)
    assert (time.process_time() - start) / 3 < 0.3  # 0.06 s on a free core.


@pytest.mark.parametrize("measure", difficulty.MEASURES.values(), ids=str)
def test_ranges_meet_at_their_edges(measure):
    assert len(measure.ranges) == len(measure.edges) + 1
    assert list(measure.edges) == sorted(measure.edges)
    assert measure.range_of(0.0) == measure.ranges[0]
    for i, edge in enumerate(measure.edges):
        assert measure.range_of(edge - 1e-9) == measure.ranges[i]
        assert measure.range_of(edge) == measure.ranges[i + 1]
    assert measure.range_of(None) == measure.range_of(float("nan")) == difficulty.NOT_MEASURED
