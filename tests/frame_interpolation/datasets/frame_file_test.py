import io
import os

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import frame_file
from frame_interpolation.datasets.frame_file import FrameError, frame_from_bytes, read_frame
from frame_interpolation.datasets.frame_options import FrameOptions

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def encoded(image, encoding="PNG", **options):
    file = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(
        file, encoding, **options
    )
    return file.getvalue()


def pixels(frame):
    """As TensorFlow decodes the record."""
    import tensorflow as tf

    return tf.io.decode_image(frame.data, channels=3).numpy()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(PIXELS), "png"),
        (encoded(PIXELS, "JPEG"), "jpeg"),
        (encoded(PIXELS, "JPEG", progressive=True), "jpeg"),
        (encoded(PIXELS, "MPO", save_all=True, append_images=[Image.fromarray(PIXELS)]), "jpeg"),
    ],
)
def test_plain_files_are_kept_byte_for_byte_whatever_they_are_called(tmp_path, data, expected):
    path = tmp_path / "frame ö.jpg"
    path.write_bytes(data)
    read = read_frame(str(path))
    assert read.frame.data == data
    assert (read.frame.format, read.frame.width, read.frame.height) == (expected, 32, 24)
    assert read.conversion == ""
    assert pixels(read.frame).shape == (24, 32, 3)


RGBA = np.dstack([PIXELS, np.full((24, 32), 255, np.uint8)])


@pytest.mark.parametrize(
    ("data", "conversion", "expected"),
    [
        (encoded(PIXELS[..., 0]), "greyscale", PIXELS[..., [0, 0, 0]]),
        (encoded(RGBA), "alpha", PIXELS),
        (encoded(PIXELS % 2, transparency=(1, 1, 1)), "alpha",
         np.where((PIXELS % 2).all(-1, keepdims=True), 255, PIXELS % 2)),
        (encoded(Image.fromarray(PIXELS[..., 0] > 99)), "greyscale",
         (PIXELS[..., [0, 0, 0]] > 99) * 255),
    ],
)  # fmt: skip
def test_lossless_conversions(data, conversion, expected):
    read = frame_from_bytes(data, name="f")
    assert read.conversion == conversion
    assert read.frame.format == "png"
    np.testing.assert_array_equal(pixels(read.frame), expected)
    assert frame_from_bytes(data, name="f") == read


def test_palette_and_grey_jpeg_are_converted():
    palette = Image.fromarray(PIXELS).quantize(16)
    read = frame_from_bytes(encoded(palette), name="f")
    assert read.conversion == "palette"
    np.testing.assert_array_equal(pixels(read.frame), np.asarray(palette.convert("RGB")))
    grey = encoded(PIXELS[..., 0], "JPEG")
    read = frame_from_bytes(grey, name="f")
    assert read.conversion == "greyscale"
    np.testing.assert_array_equal(
        pixels(read.frame)[..., 1], np.asarray(Image.open(io.BytesIO(grey)))
    )


def test_transparency_is_laid_over_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = [0, 51, 255]
    read = frame_from_bytes(encoded(rgba), name="f")
    assert pixels(read.frame)[0, :, 0].tolist() == [255, 204, 0]


@pytest.mark.parametrize("encoding", ["PNG", "JPEG"])
def test_frames_are_turned_upright(encoding):
    exif = Image.Exif()
    exif[0x0112] = 6
    read = frame_from_bytes(encoded(PIXELS, encoding, exif=exif), name="f")
    assert read.conversion == "orientation"
    assert (read.frame.width, read.frame.height) == (24, 32)
    if encoding == "PNG":
        np.testing.assert_array_equal(pixels(read.frame), np.rot90(PIXELS, -1))
    again = frame_from_bytes(read.frame.data, name="f")
    assert again.conversion == ""  # The tag is not copied.


def test_an_upright_tag_keeps_the_file():
    exif = Image.Exif()
    exif[0x0112] = 1
    data = encoded(PIXELS, "JPEG", exif=exif)
    assert frame_from_bytes(data, name="f").frame.data == data


PNG = encoded(PIXELS)
JPEG = encoded(np.kron(PIXELS, np.ones((4, 4, 1), np.uint8)), "JPEG", quality=95)


@pytest.mark.parametrize("data", [PNG, JPEG], ids=["png", "jpeg"])
@pytest.mark.parametrize("missing", [1, 2, 5, 12, 13, 100, 0.5, 0.99])
def test_truncation_is_found_wherever_it_is(data, missing):
    import tensorflow as tf

    cut = data[: -missing if missing >= 1 else int(len(data) * (1 - missing))]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_image(cut)
    with pytest.raises(FrameError, match=r"'frame2\.png'") as caught:
        frame_from_bytes(cut, name="frame2.png")
    assert caught.value.reason == "damaged_frame"


def test_a_flipped_bit_in_a_png_is_found():
    data = bytearray(PNG)
    data[len(data) // 2] ^= 1
    with pytest.raises(FrameError, match="damaged"):
        frame_from_bytes(bytes(data), name="f")


@pytest.mark.parametrize(
    ("data", "reason", "message"),
    [
        (b"GIF89a and so on", "damaged_frame", "not a PNG or JPEG"),
        (encoded(PIXELS, "WEBP"), "damaged_frame", "not a PNG or JPEG"),
        (encoded(PIXELS[..., 0].astype(np.uint16) * 257), "unsupported_frame", "16 bits"),
        (encoded(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"), "unsupported_frame", "CMYK"),
    ],
)
def test_rejections(data, reason, message):
    with pytest.raises(FrameError, match=message) as caught:
        frame_from_bytes(data, name="f")
    assert caught.value.reason == reason


def test_sixteen_bit_rgb_is_rejected_though_pillow_shows_eight():
    import tensorflow as tf

    data = tf.io.encode_png(PIXELS.astype(np.uint16) * 257).numpy()
    with pytest.raises(FrameError, match="16 bits"):
        frame_from_bytes(data, name="f")


def test_missing_empty_and_unreadable_files(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in (
        ("missing.png", "missing_frame"),
        ("empty.png", "empty_frame"),
        ("folder.png", "unreadable_frame"),
        ("pipe.png", "unreadable_frame"),
    ):
        with pytest.raises(FrameError, match=name) as caught:
            read_frame(str(tmp_path / name))
        assert caught.value.reason == reason
        assert str(tmp_path) not in str(caught.value)


def test_images_too_large_to_trust_are_rejected(monkeypatch):
    monkeypatch.setattr(frame_file.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(FrameError, match="too large") as caught:
        frame_from_bytes(PNG, name="f")
    assert caught.value.reason == "unsupported_frame"


@pytest.mark.parametrize(
    ("data", "options", "encoding", "size"),
    [
        (encoded(PIXELS, "JPEG"), FrameOptions(resize=(16, 12)), "png", (16, 12)),
        (encoded(PIXELS, "JPEG"), FrameOptions("png"), "png", (32, 24)),
        (encoded(PIXELS), FrameOptions("jpeg", 80), "jpeg", (32, 24)),
        (encoded(PIXELS), FrameOptions("webp"), "webp", (32, 24)),
        (encoded(PIXELS[..., 0]), FrameOptions("jpeg"), "jpeg", (32, 24)),
        (encoded(PIXELS), FrameOptions(scale_factor=4, center_crop_factor=2), "png", (4, 3)),
    ],
)
def test_options_change_size_and_encoding(data, options, encoding, size):
    frame = frame_from_bytes(data, name="f", options=options).frame
    assert (frame.format, (frame.width, frame.height)) == (encoding, size)
    with Image.open(io.BytesIO(frame.data)) as image:
        assert image.format == encoding.upper() and image.size == size and image.mode == "RGB"


@pytest.mark.parametrize("options", [FrameOptions(resize=(32, 24)), FrameOptions("png")])
def test_files_that_are_as_wanted_are_copied(options):
    data = encoded(PIXELS)
    assert frame_from_bytes(data, name="f", options=options).frame.data == data


def test_sizes_are_those_of_the_upright_frame():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(PIXELS, "JPEG", exif=exif)
    read = frame_from_bytes(data, name="f", options=FrameOptions(resize=(24, 32)))
    assert (read.frame.width, read.frame.height) == (24, 32) and read.conversion == "orientation"
    np.testing.assert_array_equal(
        pixels(read.frame), pixels(frame_from_bytes(data, name="f").frame)
    )


def test_a_frame_that_the_options_do_not_fit_is_named():
    with pytest.raises(FrameError, match=r"'f': the sides of a frame of 32x24.*of 5") as caught:
        frame_from_bytes(encoded(PIXELS), name="f", options=FrameOptions(scale_factor=5))
    assert caught.value.reason == "unsupported_frame"


def test_decoding_on_request_finds_a_jpeg_damaged_in_the_middle():
    data = encoded(PIXELS, "JPEG")
    scan = data.index(b"\xff\xda") + 64
    damaged = data[:scan] + b"\xff\xc4" + data[scan + 2 :]  # A header where pixels should be.
    assert frame_from_bytes(damaged, name="a.jpg").frame.data == damaged
    with pytest.raises(FrameError, match=r"'a\.jpg' is damaged"):
        frame_from_bytes(damaged, name="a.jpg", options=FrameOptions(frame_check="pixels"))


@pytest.mark.parametrize("check", ["structure", "pixels"])
def test_what_follows_the_end_of_a_jpeg_does_not_matter(check):
    data = encoded(PIXELS, "JPEG") + b"\0\0\n"
    options = FrameOptions(frame_check=check)
    assert frame_from_bytes(data, name="a.jpg", options=options).frame.data == data
