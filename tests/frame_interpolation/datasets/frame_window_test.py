import math

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from frame_interpolation.datasets import frame_window, tf_example
from frame_interpolation.datasets.frame_window import Window
from frame_interpolation.errors import InputError


@pytest.fixture(scope="module")
def photo():
    """Smooth colours with some noise, odd sides."""
    y, x = np.mgrid[:83, :121]
    smooth = np.stack([x * 2, y * 3, 255 - x - y], -1)
    noise = np.random.default_rng(0).integers(-10, 10, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def _whole(encoded):
    parsed = {f"frame_{i}/encoded": encoded for i in range(3)}
    return tf_example.decode_frames(parsed)["y"].numpy()


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("png", {}),
        ("jpeg", {"quality": 90}),
        ("jpeg", {"quality": 95, "subsampling": 0}),
        ("jpeg", {"quality": 90, "progressive": True}),
    ],
)
@pytest.mark.parametrize(
    "window",
    [Window(0, 0, 83, 121), Window(17, 33, 32, 40), Window(50, 80, 33, 41), Window(16, 32, 7, 9)],
)
def test_a_window_is_that_part_of_the_whole_image(
    photo, encode_image, image_format, options, window
):
    encoded = encode_image(photo, image_format, **options)
    whole = _whole(encoded)
    part = frame_window.decode_window(encoded, window)
    expected = whole[window.top :, window.left :][: window.height, : window.width]
    assert part.dtype == np.uint8
    np.testing.assert_array_equal(part, expected)


def test_png_pixels_and_channels_are_exact(photo, encode_image):
    encoded = encode_image(photo, "png")
    assert frame_window.frame_size(encoded) == (83, 121)
    np.testing.assert_array_equal(
        frame_window.decode_window(encoded, Window(1, 2, 30, 31)), photo[1:31, 2:33]
    )


def test_jpeg_channels_are_red_green_blue(encode_image):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    pixels = frame_window.decode_window(encode_image(red, "jpeg"), Window(4, 4, 8, 8))
    assert pixels[..., 0].min() > 240 and pixels[..., 1:].max() < 10


def test_grey_palette_and_alpha_become_rgb(photo, tmp_path):
    image = Image.fromarray(photo)
    alpha = image.copy()
    alpha.putalpha(128)
    for number, (variant, expected) in enumerate(
        [
            (image.convert("L"), np.asarray(image.convert("L").convert("RGB"))),
            (image.convert("P"), np.asarray(image.convert("P").convert("RGB"))),
            (alpha, photo),
        ]
    ):
        path = tmp_path / f"{number}.png"
        variant.save(path)
        pixels = frame_window.decode_window(path.read_bytes(), Window(3, 4, 20, 30))
        np.testing.assert_array_equal(pixels, expected[3:23, 4:34])


def test_outside_the_frame_is_its_reflection(photo, encode_image):
    pixels = frame_window.decode_window(encode_image(photo, "png"), Window(-3, 100, 90, 30))
    np.testing.assert_array_equal(pixels[3:86, :21], photo[:, 100:])
    np.testing.assert_array_equal(pixels[0], pixels[6])
    np.testing.assert_array_equal(pixels[:, 21], pixels[:, 19])
    np.testing.assert_array_equal(pixels[86], pixels[84])


@pytest.mark.parametrize("image_format", ["png", "jpeg"])
def test_damaged_images_are_input_errors(photo, encode_image, image_format):
    encoded = encode_image(photo, image_format)
    window = Window(60, 90, 20, 20)
    for damaged in (b"", b"no image", encoded[:12], encoded[: len(encoded) // 2]):
        with pytest.raises(InputError) as error:
            frame_window.decode_window(damaged, window)
        assert "\n" not in str(error.value)


def test_a_crop_without_rotation_needs_no_margin():
    assert frame_window.window_margin(256, 0.0) == 0


@pytest.mark.parametrize("side", [1, 2, 15, 64, 256])
def test_the_margin_covers_the_rotated_crop_and_little_more(side):
    for degrees in np.linspace(-45, 45, 37):
        angle = math.radians(degrees)
        margin = frame_window.window_margin(side, angle)
        # The corner pixel of the crop, turned about the common centre.
        corner = (side - 1) / 2
        reach = corner * (abs(math.cos(angle)) + abs(math.sin(angle)))
        edge = (side + 2 * margin - 1) / 2
        assert angle == 0 or reach < edge <= reach + 2.0
    assert 256 + 2 * frame_window.window_margin(256, math.radians(45)) == 364


def test_crops_are_uniform_over_all_places_and_touch_the_borders():
    random = np.random.default_rng(0)
    windows = [
        frame_window.place_crop((20, 13), 10, position=tuple(random.random(2)))
        for _ in range(11_000)
    ]
    assert {(w.height, w.width) for w in windows} == {(10, 10)}
    tops = np.bincount([w.top for w in windows], minlength=11)
    lefts = np.bincount([w.left for w in windows], minlength=4)
    assert tops.shape == (11,) and lefts.shape == (4,)
    assert np.all(np.abs(tops - 1000) < 160)  # Five standard deviations.
    assert np.all(np.abs(lefts - 2750) < 230)


def test_rotated_crops_are_uniform_over_the_places_inside_the_frame():
    angle = math.radians(30)
    margin = frame_window.window_margin(16, angle)
    side = 16 + 2 * margin
    fractions = np.linspace(0, 1, 500, endpoint=False)
    windows = [
        frame_window.place_crop((40, 50), 16, position=(f, f), angle=angle) for f in fractions
    ]
    tops = np.bincount([w.top for w in windows])
    assert min(w.top for w in windows) == 0 and max(w.top for w in windows) == 40 - side
    assert max(w.left for w in windows) == 50 - side
    assert tops.max() - tops.min() <= 1
    assert {w.height for w in windows} == {side}


def test_where_the_frame_is_too_small_for_the_margin_the_crop_still_lies_inside():
    angle = math.radians(45)
    margin = frame_window.window_margin(64, angle)
    for fraction in np.linspace(0, 0.999999, 50):
        window = frame_window.place_crop((70, 300), 64, position=(fraction, fraction), angle=angle)
        assert 0 <= window.top + margin <= 70 - 64
        assert 0 <= window.left <= 300 - window.width


def test_the_frame_may_be_as_small_as_the_crop():
    assert frame_window.place_crop((8, 8), 8, position=(0.99, 0.0)) == Window(0, 0, 8, 8)


def test_positions_just_below_one_stay_inside():
    nearly_one = float(np.nextafter(np.float32(1), np.float32(0)))
    window = frame_window.place_crop((1080, 1920), 256, position=(nearly_one, nearly_one))
    assert (window.top, window.left) == (1080 - 256, 1920 - 256)


def test_the_middle_crop():
    assert frame_window.middle_crop((10, 13), 4) == Window(3, 4, 4, 4)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25, 2.0])
@pytest.mark.parametrize("degrees", [0.0, 17.0, -45.0])
@pytest.mark.parametrize("side", [1, 2, 33, 256])
def test_the_window_covers_a_scaled_and_rotated_crop(scale, degrees, side):
    angle = math.radians(degrees)
    margin = frame_window.window_margin(side, angle, scale)
    corner = (side - 1) / 2 * (abs(math.cos(angle)) + abs(math.sin(angle))) / scale
    edge = (side + 2 * margin - 1) / 2
    assert edge >= corner and edge <= corner + 2.5
    window = frame_window.place_crop((400, 500), side, position=(0.5, 0.99), scale=scale)
    assert not frame_window.reaches_outside(window, (400, 500))


def test_windows_that_reach_outside():
    assert not frame_window.reaches_outside(Window(0, 0, 10, 20), (10, 20))
    for window in (
        Window(-1, 0, 5, 5),
        Window(0, -1, 5, 5),
        Window(6, 0, 5, 5),
        Window(0, 6, 5, 5),
    ):
        assert frame_window.reaches_outside(window, (10, 10))


@pytest.mark.parametrize("degrees", [0.0, 30.0])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.2])
def test_crop_centres_are_uniform_by_chi_square(degrees, scale):
    angle = math.radians(degrees)
    frame, side = (40, 49), 16
    margin = frame_window.window_margin(side, angle, scale)
    places = [size - side - 2 * margin + 1 for size in frame]
    random = np.random.default_rng(11)
    draws = 40 * places[0] * places[1]
    windows = [
        frame_window.place_crop(frame, side, position=position, angle=angle, scale=scale)
        for position in random.random((draws, 2))
    ]
    counts = np.zeros(places)
    np.add.at(counts, ([w.top for w in windows], [w.left for w in windows]), 1)
    assert stats.chisquare(counts.ravel()).pvalue > 0.001
