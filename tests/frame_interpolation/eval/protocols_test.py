"""Frame sizes, clipping, and the rule that carries a region of interest over."""

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import protocols

_ATD12K = protocols.find("atd12k")
_FILM = protocols.find("film")


def _frame(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def test_film_leaves_frames_as_they_are():
    frame = _frame(31, 17)
    prepared = _FILM.prepare(frame)
    assert prepared.dtype == np.float32
    np.testing.assert_array_equal(prepared, frame.astype(np.float32) / np.float32(255))


def test_atd12k_leaves_frames_of_its_size_as_they_are():
    frame = _frame(960, 540)
    np.testing.assert_array_equal(_ATD12K.prepare(frame), _FILM.prepare(frame))


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (960, 544), (320, 180)])
def test_atd12k_resizes_other_frames_with_lanczos_to_exactly_its_size(size):
    frame = _frame(*size)
    expected = np.asarray(Image.fromarray(frame).resize((960, 540), Image.Resampling.LANCZOS))
    prepared = _ATD12K.prepare(frame)
    assert prepared.shape == (540, 960, 3)
    np.testing.assert_array_equal(prepared, expected.astype(np.float32) / np.float32(255))


def test_the_side_table_scores_at_the_letter_boxed_size():
    protocol = protocols.find("atd12k_512x320")
    frame = _frame(1280, 720)
    prepared = protocol.prepare(frame)
    np.testing.assert_array_equal(prepared, _ATD12K.prepare(frame))
    finished = protocol.finish(prepared)
    assert finished.shape == (288, 512, 3) and finished.dtype == np.float32
    expected = Image.fromarray(prepared[..., 0]).resize((512, 288), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(finished[..., 0], np.clip(np.asarray(expected), 0, 1))
    # What is of that size already stays as it is, unrounded.
    np.testing.assert_array_equal(protocol.finish(finished), finished)
    assert protocol.size_of(prepared) == (512, 288) and _ATD12K.size_of(prepared) == (960, 540)


@pytest.mark.parametrize("protocol", [_FILM, _ATD12K])
def test_the_estimate_is_clipped_and_not_rounded(protocol):
    estimate = np.array([[[-0.25, 0.1234567, 1.5]]], np.float32)
    np.testing.assert_array_equal(
        protocol.finish(estimate), np.array([[[0.0, 0.1234567, 1.0]]], np.float32)
    )


@pytest.mark.parametrize(
    ("roi", "image_size", "frame_size", "expected"),
    [
        # 1280 / 960 = 4/3: 101 / (4/3) = 75.75, 50 -> 37.5, 333 -> 249.75, 201 -> 150.75.
        ((101, 50, 333, 201), (1280, 720), (960, 540), (75, 37, 249, 150)),
        # 1920 / 960 = 2: every odd number loses its half, so the box loses a pixel.
        ((11, 13, 101, 201), (1920, 1080), (960, 540), (5, 6, 50, 100)),
        # Each axis has its own scale: 2 and 4/3.
        ((10, 40, 100, 40), (1920, 720), (960, 540), (5, 30, 50, 30)),
        ((10, 20, 30, 40), (960, 540), (960, 540), (10, 20, 30, 40)),
        # Frames evaluated at another size: 1280 / 320 = 4.
        ((10, 21, 39, 43), (1280, 720), (320, 180), (2, 5, 9, 10)),
        # Larger than the annotated image: 0.5.
        ((3, 5, 7, 9), (480, 270), (960, 540), (6, 10, 14, 18)),
        # Numbers need not be whole: 10.9 // 2 = 5, 3.99 // 2 = 1.
        ((10.9, 3.99, 5.5, 8.1), (1920, 1080), (960, 540), (5, 1, 2, 4)),
        # Leaving the frame on the right and below, on the left and above, and wholly.
        ((900, 500, 100, 100), (960, 540), (960, 540), (900, 500, 60, 40)),
        ((-10, -20, 30, 50), (960, 540), (960, 540), (0, 0, 20, 30)),
        ((2000, 0, 30, 50), (960, 540), (960, 540), (960, 0, 0, 50)),
        # Less than one pixel is left.
        ((10, 10, 1, 8), (1920, 1080), (960, 540), (5, 5, 0, 4)),
    ],
)
def test_regions_by_hand(roi, image_size, frame_size, expected):
    assert protocols.scale_region(roi, image_size, frame_size) == expected


@pytest.mark.parametrize(
    ("roi", "image_size"),
    [((0, 0, 10, 10), (0, 540)), ((0, 0, float("nan"), 10), (960, 540))],
)
def test_impossible_regions_are_refused(roi, image_size):
    with pytest.raises(InputError, match="motion_RoI"):
        protocols.scale_region(roi, image_size, (960, 540))


def test_crop():
    image = np.arange(5 * 7 * 3).reshape(5, 7, 3)
    np.testing.assert_array_equal(protocols.crop_region(image, (2, 1, 4, 3)), image[1:4, 2:6])


def test_unknown_protocol():
    with pytest.raises(InputError, match=r"no protocol 'adt12k'.*film, atd12k"):
        protocols.find("adt12k")


@pytest.mark.parametrize(
    ("roi", "clipped"),
    [
        ((0, 0, 1280, 720), False),
        ((-1, 0, 10, 10), True),
        ((1275, 5, 10, 10), True),
        ((0.5, 715, 10, 5.1), True),
    ],
)
def test_regions_that_leave_their_image_are_remarked(roi, clipped):
    remarks = protocols.region_remarks(roi, (1280, 720))
    assert remarks == ((protocols.CLIPPED,) if clipped else ())


@pytest.mark.parametrize("roi", [(1280, 0, 10, 10), (5, 5, 0, 10), (5, -9, 10, 9), (5, 5, 4, -1)])
def test_regions_without_area_are_refused(roi):
    with pytest.raises(InputError, match="has no area within the image of 1280x720"):
        protocols.region_remarks(roi, (1280, 720))
