"""Scores of frames and of regions, and what they share."""

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics
from frame_interpolation.eval.scoring import Scorer


def test_scores_of_the_region_are_those_of_the_crop():
    truth = np.full((20, 30, 3), 0.5, np.float32)
    estimate = truth.copy()
    estimate[4:8, 10:20] += 0.25
    names = ("l1", "l1_roi", "psnr_roi", "ssim_atd12k_roi", "ssim_roi")
    values = Scorer(names).score(estimate, truth, (10, 4, 10, 8)).values
    assert tuple(values) == names
    assert values["l1"] == pytest.approx(0.25 * 40 / 600)
    assert values["l1_roi"] == pytest.approx(0.125)
    assert values["psnr_roi"] == pytest.approx(-10 * np.log10(0.03125))
    assert values["ssim_atd12k_roi"] is not None  # 10x8 holds a window of 7, not of 11.
    assert values["ssim_roi"] is None


def test_an_empty_region_has_no_values():
    frame = np.zeros((20, 30, 3), np.float32)
    for no_region in ((5, 5, 0, 4), None):
        values = Scorer(["psnr_roi", "chamfer_roi"]).score(frame, frame, no_region).values
        assert values == {"psnr_roi": None, "chamfer_roi": None}


_NAMES = ("l1", "l2", "psnr", "ssim", "ssim_atd12k", "ie", "chamfer")


def _drawings(height=70, width=90):
    y, x = np.mgrid[:height, :width]
    truth = np.where(np.abs(np.hypot(x - 40, y - 30) - 20)[..., None] < 2, 0.1, 0.8)
    truth = truth * [1.0, 0.7, 0.9] + 0.05 * ((x // 7) % 2)[..., None]
    estimate = np.roll(truth, 2, axis=1) * 0.97 + 0.01
    return estimate.astype(np.float32), truth.astype(np.float32)


@pytest.mark.parametrize(
    "box", [(0, 0, 90, 70), (11, 5, 41, 37), (60, 40, 30, 30), (20, 8, 11, 11)]
)
def test_shared_work_changes_no_value(box):
    estimate, truth = _drawings()
    x, y, width, height = box
    crop = np.s_[y : y + height, x : x + width]
    names = [*_NAMES, *(f"{name}_roi" for name in _NAMES)]
    values = Scorer(names).score(estimate, truth, box).values
    for name in _NAMES:
        measure, tolerance = metrics.find(name).measure, 1e-6 if name == "ssim" else 1e-12
        assert values[name] == pytest.approx(measure(estimate, truth), rel=tolerance)
        expected = measure(estimate[crop], truth[crop])
        assert values[f"{name}_roi"] == pytest.approx(expected, rel=tolerance)


def test_empty_line_maps_are_remarked():
    estimate, truth = _drawings()
    estimate[30:70, 50:90] = 0.5
    scorer = Scorer(["chamfer", "chamfer_roi", "psnr"])
    assert scorer.score(estimate, truth, (0, 0, 90, 70)).remarks == ()
    scores = scorer.score(estimate, truth, (60, 40, 20, 20))
    assert scores.remarks == ("chamfer_roi: empty line map (estimate)",)
    assert scores.values["chamfer_roi"] > 0


def test_what_cannot_be_scored_is_refused():
    estimate, truth = _drawings()
    with pytest.raises(InputError, match="no metric 'psn'"):
        Scorer(["psn"])
    with pytest.raises(ValueError, match="equal size"):
        Scorer(["chamfer"]).score(estimate[:-1], truth)
    estimate[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="estimate has 1 values that are not finite"):
        Scorer(["chamfer"]).score(estimate, truth)
