import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw

from frame_interpolation.datasets import moving_layers, procedural_textures, smooth_motion

_SIDE = 64


class _PlainTextures:
    """Stands in for photographs: plain colour."""

    def __init__(self, color="white"):
        self._color = color

    def draw(self, rng, *, extent_px, size):
        return Image.new("RGB", size, self._color)


class _NoiseTextures:
    def draw(self, rng, *, extent_px, size):
        noise = rng.integers(0, 255, (size[1], size[0], 3), np.uint8)
        return Image.fromarray(noise)


def _background(color="black", side=_SIDE):
    return moving_layers.Layer(
        texture=Image.new("RGB", (4 * side, 4 * side), color),
        origin_px=(-side, -side),
        motion=smooth_motion.Motion(pivot_px=(side / 2, side / 2)),
    )


def _disc(motion, radius_px=5.0):
    """A white disc about the layer's origin."""
    canvas = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    middle, radius = 32, 2 * radius_px
    ImageDraw.Draw(canvas).ellipse(
        (middle - radius, middle - radius, middle + radius - 1, middle + radius - 1), fill="white"
    )
    return moving_layers.Layer(texture=canvas, origin_px=(-16.0, -16.0), motion=motion)


def _centroid(frame):
    weight = frame.astype(float).mean(axis=-1)
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]] + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("curved", [False, True])
@pytest.mark.parametrize("displacement", [(20.0, -8.0), (0.7, 0.4), (3.5, 0.0)])
def test_a_marker_is_half_way_in_the_middle_frame(displacement, curved):
    motion = smooth_motion.Motion(pivot_px=(30.3, 35.9), displacement_px=displacement)
    if curved:  # The same motion, through the mesh.
        still = smooth_motion.Wave(amplitude_px=(0.0, 0.0), frequency=(0.05, 0.0), phase=0.0)
        motion = dataclasses.replace(motion, waves=(still,))
    scene = moving_layers.Scene(side_px=_SIDE, layers=(_background(), _disc(motion)))
    first, middle, last = map(_centroid, moving_layers.render_triplet(scene))
    half = np.asarray(displacement) / 2
    np.testing.assert_allclose(middle, (30.3, 35.9), atol=0.05)
    np.testing.assert_allclose(first, middle - half, atol=0.05)
    np.testing.assert_allclose(last, middle + half, atol=0.05)


def test_a_moving_texture_shows_the_same_content_at_the_half_way_place():
    # A displacement of 8 px puts the middle frame exactly 4 pixels from either outer one.
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8))
    texture = noise.resize((4 * _SIDE, 4 * _SIDE), Image.Resampling.BICUBIC)
    motion = smooth_motion.Motion(pivot_px=(32.0, 32.0), displacement_px=(8.0, 0.0))
    layer = moving_layers.Layer(texture=texture, origin_px=(-64.0, -64.0), motion=motion)
    scene = moving_layers.Scene(side_px=_SIDE, layers=(layer,))
    first, middle, last = (f.astype(int) for f in moving_layers.render_triplet(scene))
    assert np.abs(first[:, :-4] - middle[:, 4:]).max() <= 1
    assert np.abs(middle[:, :-4] - last[:, 4:]).max() <= 1


def test_mesh_and_affine_rendering_agree():
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8))
    texture = noise.resize((4 * _SIDE, 4 * _SIDE), Image.Resampling.BICUBIC)
    affine = smooth_motion.Motion(pivot_px=(32.0, 32.0), rotation=0.3, log_zoom=0.2, shear=0.1)
    still = smooth_motion.Wave(amplitude_px=(0.0, 0.0), frequency=(0.05, 0.0), phase=0.0)
    frames = []
    for motion in (affine, dataclasses.replace(affine, waves=(still,))):
        layer = moving_layers.Layer(texture=texture, origin_px=(-64.0, -64.0), motion=motion)
        scene = moving_layers.Scene(side_px=_SIDE, layers=(layer,))
        frames.append(moving_layers.render(scene, 1.0).astype(int))
    assert np.abs(frames[0] - frames[1]).max() <= 2


def test_a_layer_in_front_hides_what_is_behind_it():
    back = _disc(smooth_motion.Motion(pivot_px=(32.0, 32.0)), radius_px=4.0)
    front = _disc(smooth_motion.Motion(pivot_px=(32.0, 32.0)), radius_px=8.0)
    red = Image.new("RGBA", front.texture.size, "red")
    red.putalpha(front.texture.getchannel("A"))
    front = dataclasses.replace(front, texture=red)
    scene = moving_layers.Scene(side_px=_SIDE, layers=(_background(), back, front))
    assert tuple(moving_layers.render(scene, 0.0)[32, 32]) == (255, 0, 0)


def test_an_edge_has_no_dark_fringe():
    disc = _disc(smooth_motion.Motion(pivot_px=(32.3, 31.8), rotation=0.2))
    scene = moving_layers.Scene(side_px=_SIDE, layers=(_background("white"), disc))
    assert moving_layers.render(scene, 1.0).min() >= 254


def test_brightness_changes_evenly():
    scene = moving_layers.Scene(
        side_px=_SIDE, layers=(_background((100, 100, 100)),), brightness_change=0.1
    )
    levels = [int(f[5, 5, 0]) for f in moving_layers.render_triplet(scene)]
    assert levels == [95, 100, 105]


def test_a_shutter_spreads_a_moving_marker_and_keeps_its_place():
    motion = smooth_motion.Motion(pivot_px=(32.0, 32.0), displacement_px=(24.0, 0.0))
    sharp = moving_layers.Scene(side_px=_SIDE, layers=(_background(), _disc(motion)))
    blurred = dataclasses.replace(sharp, shutter=0.5)
    frames = [moving_layers.render(scene, 0.0) for scene in (sharp, blurred)]
    np.testing.assert_allclose(_centroid(frames[0]), _centroid(frames[1]), atol=0.05)
    widths = [int((f[32, :, 0] > 10).sum()) for f in frames]
    assert widths[1] == pytest.approx(widths[0] + 6, abs=1.1)  # Half of the 12 px to a neighbour.


def test_backgrounds_cover_the_frame_at_every_time(monkeypatch):
    monkeypatch.setattr(
        procedural_textures, "draw", lambda rng, *, size: Image.new("RGB", size, "white")
    )
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scene = moving_layers.draw_scene(rng, _PlainTextures(), side_px=32)
        scene = dataclasses.replace(scene, layers=scene.layers[:1], brightness_change=0.0)
        for frame in moving_layers.render_triplet(scene):
            assert frame.min() == 255


def test_scenes_are_drawn_from_the_generator_alone():
    frames = []
    for _ in range(2):
        scene = moving_layers.draw_scene(np.random.default_rng(5), _NoiseTextures(), side_px=48)
        frames.append(moving_layers.render_triplet(scene))
    np.testing.assert_array_equal(frames[0], frames[1])


def test_a_featureless_background_gets_layers_before_it():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scene = moving_layers.draw_scene(rng, _PlainTextures(), side_px=48)
        grey = np.asarray(scene.layers[0].texture.convert("L"))
        assert np.ptp(grey) > 0 or len(scene.layers) >= 3


def test_frames_are_square_8_bit_rgb():
    scene = moving_layers.draw_scene(np.random.default_rng(0), _NoiseTextures(), side_px=50)
    for frame in moving_layers.render_triplet(scene):
        assert (frame.shape, frame.dtype) == ((50, 50, 3), np.uint8)
