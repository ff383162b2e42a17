import os
import stat

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import image_io


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", sorted(image_io.FRAME_SUFFIXES - {".jpg", ".jpeg", ".avif"}))
def test_lossless_formats_come_back_exactly(tmp_path, pixels, suffix):
    if suffix == ".pgm":
        pixels = np.repeat(pixels[..., :1], 3, axis=-1)
    path = tmp_path / f"frame{suffix}"
    image_io.write_image(path, pixels)
    read = image_io.read_image(path)
    assert read.dtype == np.float32 and read.shape == (5, 7, 3)
    np.testing.assert_array_equal(image_io.to_uint8(read), pixels)


def test_jpeg_is_nearly_the_same(tmp_path):
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    image = np.stack(np.broadcast_arrays(ramp[:, None], ramp, 0.5), axis=-1)
    image_io.write_image(tmp_path / "a.jpg", image)
    np.testing.assert_allclose(image_io.read_image(tmp_path / "a.jpg"), image, atol=0.02)


def test_rounding_is_to_the_nearest_and_clips():
    values = np.array([-1.0, 0.0, 0.499 / 255, 0.5 / 255, 254.5 / 255, 1.0, 7.0], np.float64)
    np.testing.assert_array_equal(image_io.to_uint8(values), [0, 0, 0, 1, 255, 255, 255])


def test_every_8_bit_value_survives_float32():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(
        image_io.to_uint8(values.astype(np.float32) / np.float32(255)), values
    )


def test_values_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.png cannot be written: .* not finite"):
        image_io.write_image(tmp_path / "a.png", np.full((2, 2, 3), np.nan, np.float32))
    assert not list(tmp_path.iterdir())


def test_greyscale_and_palette_become_rgb(tmp_path, pixels):
    Image.fromarray(pixels[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(pixels).quantize(40).save(tmp_path / "palette.png")
    Image.fromarray(pixels[..., 0] > 127).save(tmp_path / "bilevel.png")
    grey = image_io.to_uint8(image_io.read_image(tmp_path / "grey.png"))
    np.testing.assert_array_equal(grey, np.repeat(pixels[..., :1], 3, axis=-1))
    palette = image_io.to_uint8(image_io.read_image(tmp_path / "palette.png"))
    np.testing.assert_array_equal(palette, pixels)
    bilevel = image_io.read_image(tmp_path / "bilevel.png")
    np.testing.assert_array_equal(bilevel[..., 1], pixels[..., 0] > 127)


def test_transparency_is_put_on_white(tmp_path, pixels):
    rgba = np.dstack([pixels, np.full((5, 7), 255, np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "opaque.png")
    opaque = image_io.read_image(tmp_path / "opaque.png")
    np.testing.assert_array_equal(image_io.to_uint8(opaque), pixels)
    rgba[0, 0] = [255, 0, 0, 0]
    rgba[0, 1] = [255, 0, 0, 51]
    Image.fromarray(rgba).save(tmp_path / "transparent.png")
    transparent = image_io.read_image(tmp_path / "transparent.png")
    np.testing.assert_allclose(transparent[0, 0], [1.0, 1.0, 1.0])
    np.testing.assert_allclose(transparent[0, 1], [1.0, 0.8, 0.8], atol=1e-6)
    np.testing.assert_array_equal(transparent[1:], opaque[1:])


def test_transparent_palette_colour_is_put_on_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png", transparency=0)
    np.testing.assert_array_equal(image_io.read_image(tmp_path / "a.png"), [[[1, 1, 1], [0, 1, 0]]])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_its_16_bits(tmp_path, channels):
    import tensorflow as tf

    values = np.random.default_rng(1).integers(0, 65536, (4, 6, channels), dtype=np.uint16)
    path = tmp_path / "deep.png"
    path.write_bytes(tf.io.encode_png(values).numpy())
    scaled = values.astype(np.float64) / 65535
    expected = scaled[..., :3] if channels > 2 else np.repeat(scaled[..., :1], 3, axis=-1)
    if channels in (2, 4):
        expected = expected * scaled[..., -1:] + 1 - scaled[..., -1:]
    np.testing.assert_allclose(image_io.read_image(path), expected, atol=1e-6)


def test_damaged_16_bit_png_is_an_input_error(tmp_path):
    import tensorflow as tf

    values = np.random.default_rng(1).integers(0, 65536, (40, 60, 3), dtype=np.uint16)
    path = tmp_path / "deep.png"
    path.write_bytes(tf.io.encode_png(values).numpy()[:5000])
    with pytest.raises(InputError, match=r"deep\.png is damaged"):
        image_io.read_image(path)


def test_16_bit_grey_tiff_is_scaled_and_32_bit_is_refused(tmp_path):
    values = np.array([[0, 30000, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "grey.tif")
    np.testing.assert_allclose(
        image_io.read_image(tmp_path / "grey.tif")[0, :, 0], values[0] / 65535, atol=1e-6
    )
    Image.fromarray(values.astype(np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(InputError, match=r"float\.tif has 32-bit floating point values"):
        image_io.read_image(tmp_path / "float.tif")


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation, suffix):
    # A flat colour in each quarter, told apart even after JPEG.
    colours = np.array([[[250, 10, 10], [10, 250, 10]], [[10, 10, 250], [250, 250, 10]]], np.uint8)
    upright = colours.repeat(16, axis=0).repeat(32, axis=1)
    turned = upright.transpose(1, 0, 2)
    # The definition of the tag: which sides of the picture the stored row 0 and column 0 are.
    stored = {
        1: upright,  # top, left
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: turned,  # left, top
        6: turned[::-1],  # right, top
        7: turned[::-1, ::-1],  # right, bottom
        8: turned[:, ::-1],  # left, bottom
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"frame{suffix}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    read = image_io.read_image(path)
    assert read.shape == upright.shape
    np.testing.assert_array_equal(read[4::8, 4::8] > 0.5, upright[4::8, 4::8] > 127)


def _damage(path, how):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)).save(path)
    encoded = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": encoded[: len(encoded) // 2], "text": b"hello"}[how])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
@pytest.mark.parametrize(
    ("how", "message"),
    [("empty", "is empty"), ("cut", "is damaged|is not an image"), ("text", "is not an image")],
)
def test_damaged_files_are_named(tmp_path, how, message, suffix):
    path = tmp_path / f"frame 1 ä{suffix}"
    _damage(path, how)
    with pytest.raises(InputError, match=message) as error:
        image_io.read_image(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*none\.png"):
        image_io.read_image(tmp_path / "none.png")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        image_io.read_image(tmp_path)


@pytest.mark.parametrize("name", ["frame", "frame.psd", "frame.mp4"])
def test_unknown_output_formats_are_refused(tmp_path, name, pixels):
    with pytest.raises(InputError, match="suffix"):
        image_io.write_image(tmp_path / name, pixels)


def test_the_folder_is_made_and_the_file_has_ordinary_permissions(tmp_path, pixels):
    path = tmp_path / "a" / "b ü" / "frame.PNG"
    image_io.write_image(path, pixels)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert [entry.name for entry in path.parent.iterdir()] == ["frame.PNG"]


def test_a_failed_write_leaves_the_older_file(tmp_path, pixels, monkeypatch):
    path = tmp_path / "frame.png"
    image_io.write_image(path, pixels)
    before = path.read_bytes()

    def full_disk(self, file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(InputError, match=r"frame\.png cannot be written: No space left on device"):
        image_io.write_image(path, pixels)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path, pixels):
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        image_io.write_image(tmp_path / "a" / "frame.png", pixels)
