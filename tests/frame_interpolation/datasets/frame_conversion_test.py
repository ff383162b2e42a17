import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import frame_conversion, webp
from frame_interpolation.datasets.frame_options import FrameError, FrameOptions

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (12, 16, 3), np.uint8)
IMAGE = Image.fromarray(PIXELS)


def test_averaging_in_linear_light_by_hand():
    # Half black, half white: half the light is 255 * 0.5 ** (1 / 2.2) = 186.08, not 127.5.
    checkered = np.zeros((2, 4, 3), np.uint8)
    checkered[:, ::2] = 255
    scaled = frame_conversion.scale_down(Image.fromarray(checkered), 2)
    assert np.asarray(scaled).tolist() == [[[186] * 3] * 2]


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_blocks_are_averaged_and_flat_colours_stay(factor):
    scaled = np.asarray(frame_conversion.scale_down(IMAGE, factor))
    light = (PIXELS / 255.0) ** 2.2
    expected = np.zeros((12 // factor, 16 // factor, 3))
    for y in range(expected.shape[0]):
        for x in range(expected.shape[1]):
            block = light[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            expected[y, x] = 255 * block.mean((0, 1)) ** (1 / 2.2)
    assert np.abs(scaled - expected).max() <= 0.501
    for value in range(256):
        flat = Image.new("RGB", (factor, factor), (value,) * 3)
        assert np.asarray(frame_conversion.scale_down(flat, factor)).ravel().tolist() == [value] * 3


def test_scaling_needs_whole_blocks():
    with pytest.raises(FrameError, match="16x12 are not multiples of 5") as caught:
        frame_conversion.scale_down(IMAGE, 5)
    assert caught.value.reason == "unsupported_frame"


def test_the_middle_is_kept():
    np.testing.assert_array_equal(frame_conversion.center_crop(IMAGE, 2), PIXELS[3:9, 4:12])
    assert frame_conversion.center_crop(IMAGE, 1) is IMAGE
    odd = Image.fromarray(PIXELS[:11, :13])
    np.testing.assert_array_equal(frame_conversion.center_crop(odd, 2), PIXELS[3:8, 3:9])
    with pytest.raises(FrameError, match="has no middle"):
        frame_conversion.center_crop(IMAGE, 13)


def test_crop_comes_before_scale_before_resize():
    changed = frame_conversion.change_size(
        IMAGE, FrameOptions(center_crop_factor=2, scale_factor=2, resize=(5, 7))
    )
    by_hand = frame_conversion.scale_down(Image.fromarray(PIXELS[3:9, 4:12]), 2)
    expected = by_hand.resize((5, 7), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize(
    ("size", "resize_filter", "area"),
    [
        ((8, 6), "auto", True),
        ((4, 6), "auto", True),
        ((8, 6), "area", True),
        ((8, 6), "lanczos", False),
        ((8, 5), "auto", False),
        ((32, 24), "auto", False),
    ],
)
def test_area_where_both_sides_shrink_by_whole_factors_else_lanczos(size, resize_filter, area):
    resized = np.asarray(frame_conversion.resize(IMAGE, size, resize_filter))
    assert resized.shape == (size[1], size[0], 3)
    if area:
        blocks = PIXELS.reshape(size[1], 12 // size[1], size[0], 16 // size[0], 3)
        assert np.abs(resized - blocks.mean((1, 3))).max() <= 0.501
    else:
        np.testing.assert_array_equal(resized, IMAGE.resize(size, Image.Resampling.LANCZOS))


def test_area_refuses_other_factors():
    with pytest.raises(FrameError, match="16x12 are not multiples of 8x5"):
        frame_conversion.resize(IMAGE, (8, 5), "area")


@pytest.mark.parametrize(
    ("options", "encoding"),
    [
        (FrameOptions(), "png"),
        (FrameOptions("png"), "png"),
        (FrameOptions("webp", 100), "webp"),
    ],
)
def test_lossless_encodings(options, encoding):
    image = IMAGE.copy()
    image.info["icc_profile"] = b"not a profile"
    frame = frame_conversion.encode(image, options)
    assert (frame.format, frame.width, frame.height) == (encoding, 16, 12)
    decoded = webp.decode(frame.data) if encoding == "webp" else decode_png(frame.data)
    np.testing.assert_array_equal(decoded, PIXELS)
    assert frame_conversion.encode(IMAGE.copy(), options) == frame


def decode_png(data):
    import tensorflow as tf

    return tf.io.decode_png(data).numpy()


@pytest.mark.parametrize("encoding", ["jpeg", "webp"])
def test_quality(encoding):
    smooth = Image.fromarray(np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8))
    smooth = smooth.convert("RGB")
    sizes = [
        len(frame_conversion.encode(smooth, FrameOptions(encoding, quality)).data)
        for quality in (10, 60, None)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
