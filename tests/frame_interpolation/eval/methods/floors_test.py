"""The floors: hand-computed values, and flow where a shift and an occlusion are known."""

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import classical_flow, metrics
from frame_interpolation.eval.methods import floors


def _texture(seed, shape=(96, 128)):
    import cv2

    random = np.random.default_rng(seed).random((*shape, 3), np.float32)
    smooth = cv2.GaussianBlur(random, (0, 0), 3.0)
    return np.clip((smooth - smooth.mean()) * 6 + 0.5, 0, 1).astype(np.float32)


def _psnr(estimate, truth):
    return metrics.find("psnr").measure(estimate, truth)


def _scene(position):
    """A textured square over a textured ground, its left side at a whole pixel."""
    frame = _texture(1).copy()
    frame[30:70, position : position + 40] = _texture(2)[30:70, 20:60]
    return frame


def test_average_and_nearest():
    x0, x1 = np.full((2, 2, 3), 0.2, np.float32), np.full((2, 2, 3), 0.6, np.float32)
    np.testing.assert_allclose(floors.average(x0, x1), 0.4)
    assert floors.nearest(x0, x1) is x0


def test_equal_frames_stay(make_triplet):
    frame = _texture(0)
    np.testing.assert_allclose(floors.optical_flow(frame, frame), frame, atol=1e-6)


def test_a_shift_is_found_half_way():
    whole = _texture(0, (96, 140))
    x0, y, x1 = (whole[:, left : left + 128] for left in (0, 3, 6))
    inner = np.s_[8:-8, 12:-12]
    estimate = floors.optical_flow(np.ascontiguousarray(x0), np.ascontiguousarray(x1))
    assert _psnr(estimate[inner], y[inner]) > 35
    assert _psnr(floors.average(x0, x1)[inner], y[inner]) < 25


def test_occlusion_is_blended_better_than_by_halves():
    x0, y, x1 = _scene(30), _scene(35), _scene(40)
    estimate = floors.optical_flow(x0, x1)
    to_bytes = [np.rint(255 * frame).astype(np.uint8) for frame in (x0, x1)]
    forward = classical_flow.estimate_flow(*to_bytes)
    backward = classical_flow.estimate_flow(*to_bytes[::-1])
    halves = 0.5 * classical_flow.warp_backward(x0, 0.5 * backward)
    halves += 0.5 * classical_flow.warp_backward(x1, 0.5 * forward)
    uncovered = np.s_[30:70, 26:38]
    for part, gain_db in ((uncovered, 0.5), (np.s_[25:75, 20:90], 0.2)):
        scores = [_psnr(e[part], y[part]) for e in (estimate, halves, floors.average(x0, x1))]
        assert scores[0] > scores[1] + gain_db and scores[1] > scores[2], scores


def test_both_directions_count_the_same():
    x0, x1 = _scene(30), _scene(36)
    np.testing.assert_allclose(floors.optical_flow(x0, x1), floors.optical_flow(x1, x0), atol=1e-5)


@pytest.mark.parametrize("name", floors.FLOORS)
def test_methods(name, make_triplet):
    method = floors.create_method(name)
    triplets = [make_triplet(i) for i in range(2)]
    images = method.load()(triplets)
    expected = [floors.FLOORS[name](t.x0, t.x1) for t in triplets]
    np.testing.assert_array_equal(images, expected)
    assert images.dtype == np.float32 and method.description["baseline"] == name


def test_fingerprints_differ_and_unknown_names_are_refused():
    marks = {floors.create_method(name).description["fingerprint"] for name in floors.FLOORS}
    assert len(marks) == 3
    with pytest.raises(InputError, match="'mean'; expected one of average, nearest, optical_flow"):
        floors.create_method("mean")
