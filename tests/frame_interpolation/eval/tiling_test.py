import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import tiling


def _images(height, width, batch=2):
    generator = np.random.default_rng(height * width)
    return generator.random((2, batch, height, width, 3), dtype=np.float32)


def test_padding_repeats_the_border_around_the_centred_image():
    image = np.arange(6.0).reshape(1, 2, 3, 1)
    padded, offset = tiling.pad_to_multiple(image, 4)
    assert offset == (1, 0)
    np.testing.assert_array_equal(
        padded[0, :, :, 0], [[0, 1, 2, 2], [0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5]]
    )


def test_padding_does_not_copy_what_fits():
    image = np.zeros((1, 64, 128, 3), np.float32)
    padded, offset = tiling.pad_to_multiple(image, 64)
    assert padded is image
    assert offset == (0, 0)


@pytest.mark.parametrize("align", [1, 8, 64])
@pytest.mark.parametrize("tiles", [1, 2, 3, 5, 17])
@pytest.mark.parametrize("length", [64, 128, 192, 576, 1088, 1920])
def test_tiles_cover_the_axis_and_their_windows_add_up_to_one(length, tiles, align):
    plan = tiling.plan_axis(length, tiles, align=align)
    assert plan.size % align == 0
    assert plan.starts[0] == 0
    assert plan.starts[-1] + plan.size == length
    assert len(plan.starts) <= tiles
    total = np.zeros(length)
    for start, window in zip(plan.starts, plan.windows, strict=True):
        total[start : start + plan.size] += window
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    assert plan.windows.min() >= 0.0


def test_more_tiles_are_smaller_and_their_inner_borders_are_not_used():
    sizes = [tiling.plan_axis(1920, tiles, align=64).size for tiles in (1, 2, 4, 8)]
    assert sizes == sorted(set(sizes), reverse=True)
    plan = tiling.plan_axis(1920, 4, align=64)
    assert len(plan.starts) == 4
    np.testing.assert_array_equal(plan.windows[1:, :16], 0.0)
    np.testing.assert_array_equal(plan.windows[:-1, -16:], 0.0)
    np.testing.assert_array_equal(plan.windows[0, :64], 1.0)
    # No step anywhere: neighbouring pixels have nearly the same weight.
    assert np.abs(np.diff(plan.windows, axis=1)).max() < 0.05


@pytest.mark.parametrize("size", [(200, 333), (64, 64), (7, 500)])
@pytest.mark.parametrize("blocks", [(1, 1), (2, 3), (4, 1), (9, 9)])
def test_models_that_work_pixel_by_pixel_show_no_seams(size, blocks):
    x0, x1 = _images(*size)
    middle = tiling.interpolate_in_tiles(
        lambda a, b: 0.25 * a + 0.75 * b,
        x0,
        x1,
        align=8,
        block_height=blocks[0],
        block_width=blocks[1],
    )
    assert middle.shape == x0.shape
    np.testing.assert_allclose(middle, 0.25 * x0 + 0.75 * x1, atol=5e-7)


def test_tiles_have_one_size_and_the_wanted_alignment():
    seen = set()

    def interpolation(a, b):
        seen.add(a.shape[1:3])
        return a

    x0, x1 = _images(270, 480, batch=1)
    tiling.interpolate_in_tiles(interpolation, x0, x1, align=32, block_height=2, block_width=3)
    assert len(seen) == 1
    height, width = seen.pop()
    assert height % 32 == width % 32 == 0
    assert height < 270 and width < 480


def test_disagreeing_tiles_fade_into_each_other():
    # Each tile gets its own brightness, as a network might give it.
    brightness = iter([0.0, 1.0, 0.0])
    x0 = np.zeros((1, 64, 640, 3), np.float32)
    middle = tiling.interpolate_in_tiles(
        lambda a, b: np.full_like(a, next(brightness)), x0, x0, block_width=3
    )
    row = middle[0, 0, :, 0]
    assert row[0] == row[-1] == 0.0
    assert row[320] == pytest.approx(1.0)
    assert np.abs(np.diff(row)).max() < 0.06


def test_one_tile_is_the_whole_image_bit_for_bit():
    x0, x1 = _images(96, 128)
    calls = []

    def interpolation(a, b):
        calls.append((a, b))
        return a / 3 + b

    middle = tiling.interpolate_in_tiles(interpolation, x0, x1)
    np.testing.assert_array_equal(middle, x0 / 3 + x1)
    assert calls[0][0] is x0 and calls[0][1] is x1


@pytest.mark.parametrize("option", ["align", "block_height", "block_width"])
def test_options_below_one_are_named(option):
    x0, x1 = _images(8, 8)
    with pytest.raises(InputError, match=f"{option} is 0"):
        tiling.interpolate_in_tiles(lambda a, b: a, x0, x1, **{option: 0})
