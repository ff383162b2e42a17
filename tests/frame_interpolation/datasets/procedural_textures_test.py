import numpy as np
import pytest

from frame_interpolation.datasets import procedural_textures


@pytest.mark.parametrize("texture", procedural_textures.TEXTURES[1:])
def test_every_texture_has_the_size_and_range(monkeypatch, texture):
    monkeypatch.setattr(procedural_textures, "TEXTURES", (texture,))
    for seed in range(8):
        drawn = procedural_textures.draw(np.random.default_rng(seed), size=(50, 37))
        again = procedural_textures.draw(np.random.default_rng(seed), size=(50, 37))
        assert (drawn.size, drawn.mode) == ((50, 37), "RGB")
        np.testing.assert_array_equal(np.asarray(drawn), np.asarray(again))
        values = texture(np.random.default_rng(seed), (50, 37))
        assert values.shape == (37, 50, 3)
        assert np.isfinite(values).all()


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (300, 16)])
def test_small_and_narrow_textures_work(size):
    for seed in range(40):
        assert procedural_textures.draw(np.random.default_rng(seed), size=size).size == size
