"""Every metric's value on fixed images, as other libraries computed it (`make_values.py` there)."""

import json

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.eval import metrics
from frame_interpolation.eval.scoring import Scorer

# By metric where the arithmetic is float32, whose rounding depends on the machine. On flat drawings
# SSIM's variances cancel: TensorFlow's own value of `drawing` is 0.86147 on one processor, 0.86145
# on another, 0.86142 in float64. That ours is TensorFlow's on one machine is for `ssim_test`.
_RELATIVE = {"ssim": 1e-4, "lpips": 2e-5, "lpips_unscaled": 2e-5}


@pytest.mark.parametrize("name", ["drawing", "shaded"])
def test_values_on_fixed_images(golden_dir, name):
    folder = golden_dir / "metrics"
    pinned = json.loads((folder / "values.json").read_text())[name]
    assert {metrics.split_name(column)[0] for column in pinned["values"]} == set(metrics.METRICS)
    estimate, truth = (
        np.asarray(Image.open(folder / f"{name}_{role}.png")).astype(np.float32) / np.float32(255)
        for role in ("estimate", "truth")
    )
    scorer = Scorer(tuple(pinned["values"]), lpips_weights=str(folder / "lpips_tiny.npz"))
    scores = scorer.score(estimate, truth, tuple(pinned["roi"]))
    assert scores.remarks == ()
    for column, value in scores.values.items():
        tolerance = _RELATIVE.get(metrics.split_name(column)[0], 1e-10)
        assert value == pytest.approx(pinned["values"][column], rel=tolerance), column
