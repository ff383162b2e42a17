import cv2
import numpy as np
import pytest

from frame_interpolation.eval import classical_flow


def _texture(height=96, width=128, seed=0):
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX).astype(
        np.uint8
    )


def test_flow_points_from_the_source_to_the_target_in_order_dx_dy():
    source = _texture()
    target = np.roll(source, (2, 5), axis=(0, 1))  # Down by 2, to the right by 5.

    flow = classical_flow.estimate_flow(source, target)

    assert flow.shape == (96, 128, 2) and flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow[16:-16, 16:-16], axis=(0, 1)), [5.0, 2.0], atol=0.15)


def test_warping_the_target_by_the_flow_gives_the_source():
    source = _texture()
    target = np.roll(source, (2, 5), axis=(0, 1))

    warped = classical_flow.warp_backward(target, classical_flow.estimate_flow(source, target))

    difference = np.abs(warped.astype(int) - source)[16:-16, 16:-16]
    assert difference.mean() < 1.5


def test_warp_by_whole_pixels_is_exact_and_repeats_the_border():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    flow = np.zeros((3, 4, 2), np.float32)
    flow[..., 0] = 1

    warped = classical_flow.warp_backward(image, flow)

    np.testing.assert_array_equal(warped, [[1, 2, 3, 3], [5, 6, 7, 7], [9, 10, 11, 11]])


def test_same_frames_give_the_same_flow_again():
    source, target = _texture(seed=1), _texture(seed=2)

    flows = [classical_flow.estimate_flow(source, target) for _ in range(2)]

    np.testing.assert_array_equal(*flows)


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (15, 15)])
def test_frames_too_small_for_the_method_still_get_a_flow(size):
    frame = _texture(*size)

    flow = classical_flow.estimate_flow(frame, frame)

    assert flow.shape == (*size, 2)
    np.testing.assert_allclose(flow, 0, atol=0.1)


def test_flows_that_undo_each_other_are_consistent():
    forward = np.full((10, 12, 2), 2.0, np.float32)

    np.testing.assert_allclose(classical_flow.inconsistency(forward, -forward), 0)
    np.testing.assert_allclose(
        classical_flow.inconsistency(forward, np.zeros_like(forward)), np.sqrt(8), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (np.zeros((20, 20, 3), np.float32), np.zeros((20, 20, 3), np.float32)),
        (np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)),
        (np.zeros((20, 20, 3), np.uint8), np.zeros((20, 21, 3), np.uint8)),
    ],
)
def test_other_arrays_are_refused(source, target):
    with pytest.raises(ValueError, match="Flow needs"):
        classical_flow.estimate_flow(source, target)
