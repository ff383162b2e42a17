import numpy as np
import pytest
from PIL import Image

from frame_interpolation import errors
from frame_interpolation.datasets import photographs


def _save(folder, name, size=(80, 60), color=(200, 100, 50), mode="RGB"):
    Image.new(mode, size, color).save(folder / name)


def test_the_split_is_fixed_by_the_file_name():
    # Trained models depend on these: a change would move test photographs into training.
    assert photographs.split_of("china.jpg") == "test"
    assert photographs.split_of("Wall.jpg") == "test"
    assert photographs.split_of("flower.jpg") == "train"
    assert photographs.split_of("blå himmel.png") in photographs.SPLITS


def test_about_a_seventh_of_the_names_is_kept_for_testing():
    names = [f"photograph {i}.jpg" for i in range(2000)]
    share = np.mean([photographs.split_of(name) == "test" for name in names])
    assert 0.12 < share < 0.18


def test_the_splits_part_the_folder(tmp_path):
    for i in range(40):
        _save(tmp_path, f"{i}.png")
    (tmp_path / "notes.txt").write_text("not a photograph")
    train, test = (photographs.list_photographs(tmp_path, split=s) for s in photographs.SPLITS)
    assert not set(train) & set(test)
    assert sorted(p.name for p in train + test) == sorted(f"{i}.png" for i in range(40))
    assert list(train) == sorted(train)


def test_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(errors.InputError, match="is not a folder"):
        photographs.list_photographs(tmp_path / "none", split="train")


def test_a_folder_without_photographs_of_the_split_is_an_input_error(tmp_path):
    with pytest.raises(errors.InputError, match="0 photographs"):
        photographs.list_photographs(tmp_path, split="train")
    _save(tmp_path, "china.jpg")
    with pytest.raises(errors.InputError, match="1 photographs and none of the train split"):
        photographs.list_photographs(tmp_path, split="train")


def test_an_unknown_split_is_an_input_error(tmp_path):
    with pytest.raises(errors.InputError, match="Unknown split 'val'"):
        photographs.list_photographs(tmp_path, split="val")


@pytest.mark.parametrize("content", [b"", b"no image", "cut"])
def test_a_damaged_photograph_is_an_input_error(tmp_path, content):
    path = tmp_path / "a.jpg"
    if content == "cut":
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(path)
        content = path.read_bytes()[:900]
    path.write_bytes(content)
    with pytest.raises(errors.InputError, match=r"a\.jpg cannot be read as an image"):
        photographs.read_photograph(path)


def test_grey_palette_and_transparent_photographs_become_rgb(tmp_path):
    _save(tmp_path, "grey.png", color=77, mode="L")
    _save(tmp_path, "clear.png", color=(255, 0, 0, 0), mode="RGBA")
    Image.new("RGB", (8, 8), (10, 200, 30)).convert("P").save(tmp_path / "palette.png")
    read = {p.stem: photographs.read_photograph(p) for p in tmp_path.iterdir()}
    assert {image.mode for image in read.values()} == {"RGB"}
    assert read["grey"].getpixel((0, 0)) == (77, 77, 77)
    assert read["clear"].getpixel((0, 0)) == (128, 128, 128)


def test_large_photographs_are_reduced(tmp_path):
    _save(tmp_path, "large.jpg", size=(3200, 800))
    assert photographs.read_photograph(tmp_path / "large.jpg").size == (1600, 400)


def test_a_texture_has_the_wanted_size_also_of_a_small_photograph(tmp_path):
    _save(tmp_path, "a.png", size=(50, 40))
    source = photographs.PhotographTextures((tmp_path / "a.png",))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        texture = source.draw(rng, extent_px=(100.3, 70.0), size=(201, 140))
        assert (texture.size, texture.mode) == ((201, 140), "RGB")


def test_textures_are_not_enlarged_where_the_photograph_is_large_enough(tmp_path):
    # Every pixel column of the photograph has another brightness, growing by one.
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (150, 200, 3))
    Image.fromarray(np.ascontiguousarray(ramp)).save(tmp_path / "a.png")
    source = photographs.PhotographTextures((tmp_path / "a.png",))
    for seed in range(40):
        texture = source.draw(np.random.default_rng(seed), extent_px=(50, 50), size=(100, 100))
        columns = np.asarray(texture, float).mean(axis=(0, 2))
        crop_px = abs(np.polyfit(np.arange(10, 90), columns[10:90], 1)[0]) * 100
        assert crop_px > 50 * 0.69  # The brightness may have been changed by 0.7 to 1.25.
