"""Scores of frames and of regions, and what they share."""

import numpy as np
import pytest

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
    assert Scorer(["psnr_roi"]).score(frame, frame, (5, 5, 0, 4)).values == {"psnr_roi": None}
