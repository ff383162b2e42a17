import numpy as np
import pytest

from frame_interpolation.datasets import silhouettes


@pytest.mark.parametrize("shape", silhouettes.SHAPES[1:])
def test_every_shape_is_visible_and_leaves_the_border_free(monkeypatch, shape):
    monkeypatch.setattr(silhouettes, "SHAPES", (shape,))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        mask = silhouettes.draw(rng, side_px=96, softness_px=1.0)
        assert (mask.mode, mask.size) == ("L", (96, 96))
        inside = np.asarray(mask)
        assert inside.max() > 100
        for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            assert edge.max() <= 2


def test_softness_widens_the_edge(monkeypatch):
    monkeypatch.setattr(silhouettes, "SHAPES", (silhouettes.ellipse,))
    soft = [
        np.asarray(silhouettes.draw(np.random.default_rng(1), side_px=96, softness_px=s))
        for s in (0.0, 3.0)
    ]
    between = [int(((mask > 8) & (mask < 247)).sum()) for mask in soft]
    assert between[1] > 3 * between[0]


def test_a_silhouette_depends_on_the_generator_alone():
    drawn = [
        np.asarray(silhouettes.draw(np.random.default_rng(4), side_px=64, softness_px=0.5))
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*drawn)
