"""Predictions in the formats that methods write, against the pixels that were written."""

import cv2
import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval.methods import prediction_file
from frame_interpolation.eval.methods.prediction_file import read_prediction

_RGB = np.random.default_rng(3).integers(0, 256, (6, 9, 3), np.uint8)
_DEEP = np.random.default_rng(4).integers(0, 65536, (6, 9, 4), np.uint16)


def _write_cv(path, array):
    order = {3: (2, 1, 0), 4: (2, 1, 0, 3)}.get(array.shape[2] if array.ndim == 3 else 0)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 1]  # None; its default for floats loses precision.
    assert cv2.imwrite(str(path), array if order is None else array[..., order], options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".tif", ".tiff", ".webp", ".npy"])
def test_8_bits_are_read_as_they_are(tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    if suffix == ".npy":
        np.save(path, _RGB)
    else:
        options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
        Image.fromarray(_RGB).save(path, **options)
    found = read_prediction(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, _RGB)


def test_jpeg_is_close(tmp_path):
    smooth = np.broadcast_to(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None], (32, 32, 3))
    Image.fromarray(np.ascontiguousarray(smooth)).save(tmp_path / "p.jpg", quality=98)
    assert np.abs(read_prediction(tmp_path / "p.jpg").astype(int) - smooth).max() < 6


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_greyscale_and_palettes_become_rgb(tmp_path, mode):
    image = Image.fromarray(_RGB).convert(mode)
    image.save(tmp_path / "p.png")
    np.testing.assert_array_equal(
        read_prediction(tmp_path / "p.png"), np.asarray(image.convert("RGB"))
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
@pytest.mark.parametrize("channels", [0, 3])
def test_16_bits_keep_their_precision(tmp_path, suffix, channels):
    deep = _DEEP[..., :3] if channels else _DEEP[..., 0]
    path = tmp_path / f"p{suffix}"
    if suffix == ".npy":
        np.save(path, deep)
    else:
        _write_cv(path, deep)
    found = read_prediction(path)
    assert found.dtype == np.float32
    expected = np.broadcast_to(deep.reshape(6, 9, -1) / 65535.0, (6, 9, 3))
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_alpha_is_composited_over_white_as_in_the_frames_of_a_dataset(tmp_path):
    from frame_interpolation.datasets import frame_file, tf_example

    rgba = np.concatenate([_RGB, _RGB[..., :1]], axis=-1)
    Image.fromarray(rgba).save(tmp_path / "p.png")
    data = frame_file.read_frame(str(tmp_path / "p.png")).frame.data
    parsed = {f"frame_{i}/encoded": data for i in range(3)}
    expected = tf_example.decode_frames(parsed)["y"].numpy()
    np.testing.assert_array_equal(read_prediction(tmp_path / "p.png"), expected)

    found = read_prediction(_write_cv(tmp_path / "deep.png", _DEEP))
    alpha = _DEEP[..., 3:] / 65535.0
    np.testing.assert_allclose(found, _DEEP[..., :3] / 65535.0 * alpha + 1 - alpha, atol=1e-6)


@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_floating_point_numbers_are_taken_unclipped(tmp_path, suffix):
    values = (_RGB / 200.0 - 0.1).astype(np.float32)
    path = tmp_path / f"p{suffix}"
    if suffix == ".npy":
        np.save(path, values.astype(np.float64))
    else:
        _write_cv(path, values)
    np.testing.assert_allclose(read_prediction(path), values, atol=1e-7)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda a: a * np.where(np.arange(9) == 4, np.nan, 1)[:, None],
            "18 of 162 values .*finite",
        ),
        (lambda a: a * np.inf, "not finite"),
        (lambda a: a * 255.0, "values from .* expected .*in \\[0, 1\\]"),
        (lambda a: np.stack([a] * 2), r"shape \(2, 6, 9, 3\)"),
        (lambda a: a.astype(np.int64), "holds int64"),
        (lambda a: a[:0], r"shape \(0, 9, 3\)"),
        (lambda a: np.array([None]), "damaged or not a .npy"),
    ],
)
def test_arrays_that_are_refused_by_name(tmp_path, spoil, message):
    with np.errstate(invalid="ignore"):
        np.save(tmp_path / "p.npy", spoil((_RGB / 255.0 + 0.01).astype(np.float32)))
    with pytest.raises(InputError, match=rf"p\.npy.*{message}"):
        read_prediction(tmp_path / "p.npy")


@pytest.mark.parametrize("name", ["p.png", "deep.png", "p.tif", "p.jpg", "p.webp"])
def test_truncated_files_are_refused_by_name(tmp_path, name):
    if name == "deep.png":
        _write_cv(tmp_path / name, _DEEP[..., :3])
    else:
        Image.fromarray(_RGB).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(InputError, match=rf"{name}.*damaged"):
        read_prediction(tmp_path / name)


def test_missing_empty_and_cmyk_files_and_archives(tmp_path):
    with (tmp_path / "p.npy").open("wb") as file:
        np.savez(file, _RGB)
    with pytest.raises(InputError, match="archive of several arrays"):
        read_prediction(tmp_path / "p.npy")
    with pytest.raises(InputError, match="does not exist"):
        read_prediction(tmp_path / "p.png")
    (tmp_path / "p.png").touch()
    with pytest.raises(InputError, match="damaged"):
        read_prediction(tmp_path / "p.png")
    Image.new("CMYK", (4, 4)).save(tmp_path / "p.jpg")
    with pytest.raises(InputError, match="kind CMYK"):
        read_prediction(tmp_path / "p.jpg")


def test_resizing_is_that_of_the_protocols_and_keeps_the_precision():
    found = prediction_file.resize_prediction(_RGB, (5, 3))
    np.testing.assert_array_equal(
        found, np.asarray(Image.fromarray(_RGB).resize((5, 3), Image.Resampling.LANCZOS))
    )
    exact = prediction_file.resize_prediction(prediction_file.to_float(_RGB), (5, 3))
    assert exact.dtype == np.float32
    np.testing.assert_allclose(np.clip(exact, 0, 1), found / 255.0, atol=1.01 / 255)
