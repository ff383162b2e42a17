import numpy as np
import pytest
from scipy import ndimage

from frame_interpolation.datasets import block_motion

SHAPE = (108, 192)


def texture(seed=0, margin=40):
    noise = np.random.default_rng(seed).normal(size=[side + 2 * margin for side in SHAPE])
    smooth = ndimage.gaussian_filter(noise, 2.0)
    return (0.5 + 0.25 * smooth / smooth.std()).clip(0, 1).astype(np.float32)


def moved(dx, dy, seed=0, margin=40):
    """The part of a texture that has moved by (dx, dy)."""
    whole = ndimage.shift(texture(seed), (dy, dx), order=1, mode="nearest")
    return whole[margin:-margin, margin:-margin]


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (-7, 3), (0, 24), (-16, -16), (2.5, -0.5)])
def test_a_known_motion_of_the_whole_frame(dx, dy):
    motion = block_motion.estimate(moved(0, 0), moved(dx, dy))
    assert motion.displacement.shape == (9, 16, 2)
    inner = motion.displacement[2:-2, 2:-2]  # Nothing of them leaves the frame.
    whole = dx == int(dx)  # Between pixels a frame is interpolated, and looks another.
    assert np.abs(inner - (dx, dy)).max() < (0.35 if whole else 0.7)
    assert np.abs(inner.mean((0, 1)) - (dx, dy)).max() < (0.15 if whole else 0.4)
    assert motion.at_limit[2:-2, 2:-2].all() == (np.hypot(dx, dy) > 23)


def test_a_flat_figure_on_a_flat_background():
    frames = np.full((2, *SHAPE), 0.8, np.float32)
    frames[0, 36:72, 48:84] = 0.2
    frames[1, 36:72, 58:94] = 0.2
    motion = block_motion.estimate(*frames)
    left_edge = motion.displacement[3:6, 4]  # The background may have followed it further.
    assert np.abs(left_edge - (10, 0)).max() <= 0.5
    assert motion.magnitude[:, 10:].max() == motion.magnitude[:2].max() == 0.0


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_what_does_not_move(noise):
    random = np.random.default_rng(1)
    flat = np.full(SHAPE, 0.5, np.float32)
    for image in (flat, moved(0, 0)):
        first, last = (image + noise * random.normal(size=SHAPE) for _ in range(2))
        assert block_motion.estimate(first, last).magnitude.mean() < 0.8


def test_a_fade_is_no_motion():
    assert block_motion.estimate(moved(0, 0), 0.9 * moved(0, 0)).magnitude.mean() < 0.5


@pytest.mark.parametrize("shape", [(7, 5), (192, 13)])
def test_any_shape(shape):
    motion = block_motion.estimate(np.zeros(shape), np.ones(shape))
    assert motion.magnitude.shape == tuple(-(-side // 12) for side in shape)
    assert motion.magnitude.max() == 0.0
    with pytest.raises(ValueError, match="images of"):
        block_motion.estimate(np.zeros(shape), np.zeros((3, 3)))
