import math

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.datasets import augmentation, frame_window
from frame_interpolation.datasets.augmentation import Transform
from frame_interpolation.datasets.options import AUGMENTATION_NAMES

_NOTHING = Transform(
    position=tf.constant([0.0, 0.0]),
    quarter_turns=tf.constant(0),
    flipped=tf.constant(False),
    angle=tf.constant(0.0),
    reversed_time=tf.constant(False),
    scale=tf.constant(1.0),
    contrast=tf.constant(1.0),
    saturation=tf.constant(1.0),
    brightness=tf.constant(0.0),
)


def _apply(frames, transform, crop_side, names=AUGMENTATION_NAMES):
    frames = tf.constant(frames, tf.float32)
    return augmentation.apply(frames, transform, names=names, crop_side=crop_side).numpy()


def _hand_made():
    """Three 2x2 frames whose pixels all differ."""
    return np.arange(3 * 2 * 2 * 3, dtype=np.float32).reshape(3, 2, 2, 3)


@pytest.fixture(scope="module")
def draws():
    """What happens to 4,000 examples, as arrays."""
    examples = tf.data.Dataset.range(4000).map(
        lambda n: augmentation.draw(AUGMENTATION_NAMES, tf.stack([tf.constant(7, tf.int64), n]))
    )
    return next(examples.batch(4000).as_numpy_iterator())


def test_draws_have_the_published_distribution(draws):
    quarters = np.bincount(draws.quarter_turns)
    assert quarters.shape == (4,) and np.all(np.abs(quarters - 1000) < 140)
    for share in (draws.flipped, draws.reversed_time, draws.angle != 0):
        assert abs(np.mean(share) - 0.5) < 0.04
    angles = np.degrees(draws.angle[draws.angle != 0])
    assert -45 <= angles.min() < -44 and 44 < angles.max() <= 45
    histogram = np.histogram(angles, 9, (-45, 45))[0]
    assert np.all(np.abs(histogram - len(angles) / 9) < 80)


def test_draws_are_independent_of_one_another(draws):
    columns = [
        *draws.position.T,
        draws.quarter_turns,
        draws.flipped,
        draws.angle != 0,
        draws.angle,
        draws.reversed_time,
    ]
    correlation = np.corrcoef(np.stack(columns).astype(float)) - np.eye(7)
    assert np.abs(correlation).max() < 0.07


def test_an_augmentation_does_not_change_the_draws_of_the_others():
    seed = tf.constant([3, 14], tf.int64)
    together = augmentation.draw(AUGMENTATION_NAMES, seed)
    np.testing.assert_array_equal(augmentation.draw((), seed).position, together.position)
    for field, name in zip(
        ("quarter_turns", "flipped", "angle", "reversed_time"), AUGMENTATION_NAMES, strict=True
    ):
        alone = augmentation.draw((name,), seed)
        assert getattr(alone, field) == getattr(together, field)


def test_the_draws_never_change():
    # A run that goes on under a newer version of this code must see the same crops.
    drawn = augmentation.draw(AUGMENTATION_NAMES, tf.constant([0, 6], tf.int64))
    values = [float(value) for value in (*drawn.position, *drawn[1:5])]
    np.testing.assert_allclose(values, [0.44896507, 0.59541845, 1, 1, -0.16890848, 1], rtol=1e-6)


def test_nothing_is_drawn_without_names():
    drawn = augmentation.draw((), tf.constant([3, 14], tf.int64))
    assert [float(value) for value in drawn[1:]] == [0, 0, 0, 0, 1, 1, 1, 0]


def test_without_augmentation_the_frames_stay():
    np.testing.assert_array_equal(_apply(_hand_made(), _NOTHING, 2), _hand_made())


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_are_exact(turns):
    turned = _apply(_hand_made(), _NOTHING._replace(quarter_turns=tf.constant(turns)), 2)
    np.testing.assert_array_equal(turned, np.rot90(_hand_made(), turns, axes=(1, 2)))


def test_a_flip_is_left_right_and_exact():
    flipped = _apply(_hand_made(), _NOTHING._replace(flipped=tf.constant(True)), 2)
    np.testing.assert_array_equal(flipped, _hand_made()[:, :, ::-1])


def test_reversed_time_swaps_the_outer_frames():
    swapped = _apply(_hand_made(), _NOTHING._replace(reversed_time=tf.constant(True)), 2)
    np.testing.assert_array_equal(swapped, _hand_made()[[2, 1, 0]])


def test_the_order_of_the_names_is_the_order_of_the_steps():
    both = _NOTHING._replace(quarter_turns=tf.constant(1), flipped=tf.constant(True))
    first = _apply(_hand_made(), both, 2, ("random_image_rot90", "random_flip"))
    np.testing.assert_array_equal(first, np.rot90(_hand_made(), 1, axes=(1, 2))[:, :, ::-1])
    second = _apply(_hand_made(), both, 2, ("random_flip", "random_image_rot90"))
    np.testing.assert_array_equal(second, np.rot90(_hand_made()[:, :, ::-1], 1, axes=(1, 2)))


@pytest.mark.parametrize("degrees", [-45.0, -30.0, -1.0, 0.5, 10.0, 45.0])
@pytest.mark.parametrize("crop_side", [16, 33])
def test_no_black_corner_reaches_the_crop(degrees, crop_side):
    angle = math.radians(degrees)
    side = crop_side + 2 * frame_window.window_margin(crop_side, angle)
    transform = _NOTHING._replace(angle=tf.constant(angle, tf.float32))
    crop = _apply(np.ones((3, side, side, 3)), transform, crop_side)
    np.testing.assert_allclose(crop, 1.0, atol=1e-6)


def _spots(centres_px, side):
    """Frames with a Gaussian spot each, at (x, y) from the middle of a square."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    spots = [np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.0**2)) for cx, cy in centres_px]
    return np.repeat(np.stack(spots)[..., None], 3, -1)


def _centroids(frames):
    side = frames.shape[1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    weights = frames[..., 0] / frames[..., 0].sum((1, 2), keepdims=True)
    return np.stack([(weights * x).sum((1, 2)), (weights * y).sum((1, 2))], -1)


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("degrees", [0.0, 37.0, -45.0])
@pytest.mark.parametrize("reversed_time", [False, True])
def test_motion_is_transformed_as_it_must_be(turns, flipped, degrees, reversed_time):
    """A moving spot: the displacements turn with the image, to a tenth of a pixel."""
    path_px = np.array([[-6.0, 2.0], [1.0, -4.0], [7.0, 3.0]])
    angle = math.radians(degrees)
    crop_side = 49
    side = crop_side + 2 * frame_window.window_margin(crop_side, angle)
    transform = _NOTHING._replace(
        quarter_turns=tf.constant(turns),
        flipped=tf.constant(flipped),
        angle=tf.constant(angle, tf.float32),
        reversed_time=tf.constant(reversed_time),
    )
    found = _centroids(_apply(_spots(path_px, side), transform, crop_side))

    def turn(points, by):  # Counter-clockwise as seen, y pointing down.
        x, y = points.T
        return np.stack(
            [x * math.cos(by) + y * math.sin(by), y * math.cos(by) - x * math.sin(by)], -1
        )

    expected = turn(path_px, turns * math.pi / 2)
    expected = expected * [-1, 1] if flipped else expected
    expected = turn(expected, angle)
    expected = expected[::-1] if reversed_time else expected
    np.testing.assert_allclose(found, expected, atol=0.1)


def _affine_flow(points):
    """A known flow field in pixels: (dx, dy) at points (x, y) from the middle."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([1.5 + 0.03 * x - 0.02 * y, -1.0 + 0.01 * x + 0.04 * y], -1)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize(("degrees", "scale"), [(0.0, 1.0), (30.0, 1.0), (-45.0, 1.25), (0.0, 0.8)])
def test_a_flow_field_is_transformed_as_it_must_be(turns, flipped, degrees, scale):
    """Frames whose values are positions: where a value went in the next frame is the flow.

    With M the linear map of the augmentation, flow'(M p) = M flow(p), to a tenth of a pixel.
    """
    angle, crop_side = math.radians(degrees), 33
    side = crop_side + 2 * frame_window.window_margin(crop_side, angle, scale)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    positions = np.stack([x, y], -1)
    # Frame 1 shows at p what frame 0 shows at p - flow(p) (backward flow), frame 2 likewise.
    values = [positions, positions - _affine_flow(positions), positions + _affine_flow(positions)]
    frames = np.stack([np.concatenate([v, 0 * v[..., :1]], -1) for v in values])
    transform = _NOTHING._replace(
        quarter_turns=tf.constant(turns),
        flipped=tf.constant(flipped),
        angle=tf.constant(angle, tf.float32),
        scale=tf.constant(scale, tf.float32),
    )
    names = (*AUGMENTATION_NAMES, "random_scale")
    found = _apply(frames, transform, crop_side, names)[..., :2]

    def turn(by):  # Counter-clockwise as seen, y pointing down.
        return np.array([[math.cos(by), math.sin(by)], [-math.sin(by), math.cos(by)]])

    mapping = scale * turn(angle) @ np.diag([-1 if flipped else 1, 1]) @ turn(turns * math.pi / 2)
    y, x = np.mgrid[:crop_side, :crop_side] - (crop_side - 1) / 2
    places = np.stack([x, y], -1)
    # Registered: each place of the crop shows the place of the window that M takes there.
    np.testing.assert_allclose(found[0] @ mapping.T, places, atol=0.1)
    expected = _affine_flow(found[0]) @ mapping.T
    for frame, sign in ((1, -1), (2, 1)):
        np.testing.assert_allclose((found[frame] - found[0]) @ mapping.T, sign * expected, atol=0.1)


def test_colour_jitter_is_the_same_affine_map_for_the_three_frames():
    frames = np.random.default_rng(0).uniform(0.4, 0.6, (3, 4, 4, 3))
    transform = _NOTHING._replace(
        contrast=tf.constant(1.2), saturation=tf.constant(0.5), brightness=tf.constant(0.05)
    )
    found = _apply(frames, transform, 4, ("random_colour",))
    luma = (frames @ [0.299, 0.587, 0.114])[..., None]
    expected = 1.2 * (luma + 0.5 * (frames - luma) - 0.5) + 0.5 + 0.05
    np.testing.assert_allclose(found, expected, atol=1e-5)
    bright = _apply(np.ones((3, 4, 4, 3)), transform, 4, ("random_colour",))
    assert bright.max() == 1.0
