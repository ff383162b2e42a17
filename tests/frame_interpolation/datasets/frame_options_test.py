import pytest

from frame_interpolation.datasets.frame_options import FrameOptions, parse_size
from frame_interpolation.errors import InputError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "gif"}, "--encoding is 'gif', expected one of keep, png, jpeg, webp"),
        ({"encoding": "jpeg", "quality": 0}, "--quality is 0, expected 1 to 100"),
        ({"encoding": "webp", "quality": 101}, "--quality is 101"),
        ({"quality": 90}, "--quality=90 has no meaning for --encoding=keep"),
        ({"encoding": "png", "quality": 90}, "--quality=90 has no meaning for --encoding=png"),
        ({"resize_filter": "area"}, "--resize_filter=area needs --resize"),
        ({"resize": (1, 1), "resize_filter": "cubic"}, "--resize_filter is 'cubic'"),
        ({"scale_factor": 0}, "--scale_factor is 0, expected 1 or more"),
        ({"center_crop_factor": -2}, "--center_crop_factor is -2"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(InputError, match=message):
        FrameOptions(**options)


def test_sizes():
    assert parse_size("960x540") == (960, 540)
    assert parse_size(None) is None
    for text in ("960", "960X540", "x540", "0x5", "-1x2", "960x540x3", "99999x1", ""):
        with pytest.raises(InputError, match="expected WIDTHxHEIGHT"):
            parse_size(text)


def test_the_description_holds_what_is_not_a_default():
    assert FrameOptions().as_dict() == {"encoding": "keep"}
    assert FrameOptions("jpeg", resize=(4, 2), scale_factor=2).as_dict() == {
        "encoding": "jpeg",
        "quality": 95,
        "resize": [4, 2],
        "scale_factor": 2,
    }


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (FrameOptions(), {"png", "jpeg"}),
        (FrameOptions("png"), {"png"}),
        (FrameOptions("jpeg"), set()),
        (FrameOptions("webp"), set()),
        (FrameOptions(resize=(8, 6)), {"png", "jpeg"}),
        (FrameOptions(resize=(8, 7)), set()),
        (FrameOptions(scale_factor=2), set()),
        (FrameOptions(center_crop_factor=2), set()),
    ],
)
def test_which_files_are_copied(options, kept):
    assert {e for e in ("png", "jpeg") if options.keeps_file(e, (8, 6))} == kept
