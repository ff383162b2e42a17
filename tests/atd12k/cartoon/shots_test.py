"""Tests that the middle frame is true, and of the motion measured on the drawing."""

import dataclasses

import numpy as np
import pytest

from atd12k.cartoon import acts, films, shots, true_motion
from atd12k.cartoon.curves import ease
from atd12k.cartoon.drawing import Cel, Ink, rotation, scaling, translation
from atd12k.cartoon.photograph import Camera, Sheet, photograph

ALL_FILMS = films.TRAIN_FILMS + films.TEST_FILMS
FRAME = (0, 0, 960, 540)
STILL = Camera()


def _still_shot(film: films.Film, number: int) -> shots.Shot:
    shot = shots.plan_shot(film, number, seed=0, pace=3)
    return dataclasses.replace(shot, camera="still", weather=False)


def _moved(matrices, cameras=(STILL,) * 3) -> list[shots.Exposure]:
    """Returns exposures of a bar that three matrices place before a still background."""
    back = Cel(Ink())
    back.gradient((0, 0, 0), (0, 0, 0))
    back.oval(-300, 0, 50, 50, (90, 90, 90))
    exposures = []
    for matrix, camera in zip(matrices, cameras, strict=True):
        cel = Cel(Ink())
        with cel.within(matrix):
            cel.shape([(-60, -20), (60, -20), (60, 20), (-60, 20)], (255, 255, 255))
        stack = (Sheet(back, 0.5, True), Sheet(cel, 1.0, False))
        exposures.append(shots.Exposure(stack, camera, 16 / 9))
    return exposures


@pytest.mark.parametrize("step", [1, 2, 3])
def test_drawings_of_a_triplet_are_evenly_spaced_wherever_it_starts(step):
    shot = dataclasses.replace(shots.plan_shot(ALL_FILMS[0], 0, seed=0), step=step)
    for start in range(20):
        times = [shots.drawing_time(shot, start + k * step) for k in range(3)]
        assert times[1] - times[0] == pytest.approx(step / shots.FRAME_RATE)
        assert times[2] - times[1] == pytest.approx(step / shots.FRAME_RATE)


def test_drawings_are_held_while_the_camera_goes_on():
    shot = dataclasses.replace(shots.plan_shot(ALL_FILMS[6], 2, seed=1), step=2, camera="follow")
    stage = shots.Stage(shot)
    first, second, third = (
        np.concatenate([s.cel.mark_table().points for s in stage.sheets(frame, middle=20)])
        for frame in (20, 21, 22)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - third).max() > 1
    assert shots.camera_at(shot, 21).x != shots.camera_at(shot, 20).x


def test_middle_frame_is_drawn_for_the_middle_time_on_the_curve():
    def picture(t: float) -> np.ndarray:
        cel = Cel(Ink())
        cel.gradient((0, 0, 0), (0, 0, 0))
        cel.oval(-200 + 400 * ease(t), 80 * np.sin(3 * t), 30, 30, (255, 255, 255), line=0)
        image = photograph([Sheet(cel, 1.0, False)], Camera(), size=(960, 540))
        return np.asarray(image)[..., 0].astype(float)

    for t in (0.2, 0.3, 0.4):
        frame = picture(t)
        x = (frame.sum(axis=0) * (np.arange(960) + 0.5)).sum() / frame.sum() - 480
        y = (frame.sum(axis=1) * (np.arange(540) + 0.5)).sum() / frame.sum() - 270
        assert (x, y) == pytest.approx((-200 + 400 * ease(t), 80 * np.sin(3 * t)), abs=0.13)
    outer = (picture(0.2) + picture(0.4)) / 2
    assert np.abs(outer - picture(0.3)).max() > 100


@pytest.mark.parametrize(("film", "number"), [(0, 3), (3, 1), (6, 1)])
def test_only_the_region_of_interest_changes_when_the_camera_stands_still(film, number):
    stage = shots.Stage(_still_shot(ALL_FILMS[film], number))
    exposures = stage.triplet(24)
    motion = true_motion.measure(exposures)
    frames = [np.asarray(stage.picture(e, size=(960, 540))).astype(int) for e in exposures]
    changed = np.zeros((540, 960), dtype=bool)
    for other in frames[1:]:
        changed |= (frames[0] != other).any(axis=-1)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    left, top, right, bottom = motion.roi
    assert left <= columns.min() and columns.max() + 1 <= right
    assert top <= rows.min() and rows.max() + 1 <= bottom
    assert left >= 0 and top >= 0 and right <= 960 and bottom <= 540
    box = (right - left) * (bottom - top)
    tight = (np.ptp(columns) + 1) * (np.ptp(rows) + 1)
    assert box < 1.6 * tight + 4000


def test_shapes_of_all_acts_correspond_between_frames():
    first_shots = {
        act: (film, number) for film in ALL_FILMS for number, act in enumerate(film.acts)
    }
    assert set(first_shots) == set(acts.ACTS)
    for film, number in first_shots.values():
        stage = shots.Stage(shots.plan_shot(film, number, seed=2))
        assert true_motion.measure(stage.triplet(30)).motion_px > 0


def test_level_and_length_of_a_known_translation():
    for shift, level in ((5.0, 0), (18.0, 1), (40.0, 2)):
        places = [translation(0, 0), translation(shift * 0.3, 0), translation(shift, 0)]
        motion = true_motion.measure(_moved(places))
        assert motion.motion_px == pytest.approx(shift)
        assert (motion.level, motion.general_type) == (level, "translation")
        assert motion.roi[0] == pytest.approx(480 - 60, abs=4)
        assert motion.roi[2] == pytest.approx(480 + 60 + shift, abs=4)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (rotation(0.4), "rotation"),
        (scaling(1.3, 1.3), "scaling"),
        (scaling(0.8, 1.9), "deformation"),
    ],
)
def test_general_motion_type(last, kind):
    middle = rotation(0.2) if kind == "rotation" else scaling(1.1, 1.1)
    assert true_motion.measure(_moved([rotation(0), middle, last])).general_type == kind


def test_a_pan_alone_moves_all_and_has_the_whole_frame_for_region():
    cameras = [Camera(x=x) for x in (0.0, 7.0, 20.0)]
    motion = true_motion.measure(_moved([rotation(0)] * 3, cameras))
    assert motion.roi == FRAME
    assert motion.general_type == "translation"
    assert 10 < motion.motion_px < 20


def test_a_following_camera_keeps_the_figure_in_place():
    shot = shots.plan_shot(ALL_FILMS[0], 0, seed=0)
    assert shot.act == "walk" and shot.camera == "follow"
    roi = true_motion.measure(shots.Stage(shot).triplet(40)).roi
    assert 250 < (roi[0] + roi[2]) / 2 < 710
