"""Folders of predictions: layouts, candidates, missing ones, sizes, fingerprints."""

import shutil

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import frame_store
from frame_interpolation.eval.methods import predictions


def _write(path, value=0, size=(32, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)


@pytest.mark.parametrize(
    "file", ["a.png", "a/frame2.png", "a.jpeg", "a/frame2.WEBP", "a.bmp", "a/frame2.tiff"]
)
def test_layouts(tmp_path, file):
    _write(tmp_path / file)
    found = predictions.find(tmp_path, ["a"])
    assert found.files == (tmp_path / file,) and not found.missing


def test_what_is_no_prediction_is_passed_over(tmp_path):
    for name in ("frame1.png", "frame3.png", "ground_truth.png", ".frame2.jpg", "frame2.txt"):
        _write(tmp_path / "a" / name.replace(".txt", ".png"))
    (tmp_path / "a" / "frame2.png").unlink()
    (tmp_path / "a" / "frame2.txt").touch()
    _write(tmp_path / "b.png")
    assert predictions.find(tmp_path, ["a", "b"]).missing == ("a",)


def test_names_with_dots_and_slashes(tmp_path):
    for name in ("00001/0389.png", "00002/0389/frame2.png", "v1.2.png"):
        _write(tmp_path / name)
    assert not predictions.find(tmp_path, ["00001/0389", "00002/0389", "v1.2"]).missing


def test_several_candidates_are_refused(tmp_path):
    _write(tmp_path / "a.png")
    _write(tmp_path / "a" / "frame2.jpg")
    with pytest.raises(
        InputError, match=r"several predictions for triplet 'a': 'a\.png' and 'a/fr"
    ):
        predictions.find(tmp_path, ["a"])


def test_names_that_repeat_or_are_no_paths_are_found_as_they_are_written(tmp_path):
    names = ["same", "same", "../outside", "/etc/x", "a b", "A B"]
    folder_names = frame_store.FolderNames()
    _write(tmp_path / "outside.png")
    for i, name in enumerate(names):
        _write(tmp_path / "frames" / folder_names.assign(name, i) / "frame2.png", value=i)
    found = predictions.find(tmp_path / "frames", names)
    values = [np.asarray(Image.open(file))[0, 0, 0] for file in found.files]
    assert values == list(range(6))
    shutil.rmtree(tmp_path / "frames")
    (tmp_path / "frames").mkdir()
    with pytest.raises(InputError, match="1 of 1 triplets have no prediction"):
        predictions.find(tmp_path / "frames", ["../outside"])


def test_missing_ones_are_counted_and_the_first_named(tmp_path):
    _write(tmp_path / "t3.png")
    for count, shown in ((10, r"'t9'\. Make"), (30, r"'t19', 't20' and 9 more")):
        found = predictions.find(tmp_path, [f"t{i}" for i in range(count)])
        with pytest.raises(
            InputError,
            match=rf"{count - 1} of {count} .*'t0', 't1', 't2', 't4', .*{shown}.*--allow_missing",
        ):
            predictions.create_method(found)
    kept = found.only_present()
    assert found.present == (3,) and kept.names == ("t3",) and not kept.missing


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        predictions.find(tmp_path / "nowhere", ["a"])
    _write(tmp_path / "frames" / "a" / "frame2.png")
    with pytest.raises(
        InputError, match=r"1 of 1 .*such as a\.png or a/frame2\.png in it.*\.webp.*mean.*/frames'"
    ):
        predictions.find(tmp_path, ["a"])


def test_predictions_are_read_in_order_and_known_by_their_content(tmp_path, make_triplet):
    triplets = [make_triplet(i) for i in range(3)]
    for i in range(3):
        _write(tmp_path / "one" / f"t{i}.png", value=50 * i)
        _write(tmp_path / "two" / f"t{i}" / "frame2.png", value=50 * i)
    one, two = (
        predictions.create_method(predictions.find(tmp_path / name, ["t0", "t1", "t2"]))
        for name in ("one", "two")
    )
    images = one.load()(triplets[1:])
    assert images.shape == (2, 24, 32, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images[:, 0, 0, 0] * 255, [50, 100], rtol=1e-6)
    assert one.description["fingerprint"] == two.description["fingerprint"]
    _write(tmp_path / "two" / "t1" / "frame2.png", value=51)
    changed = predictions.create_method(predictions.find(tmp_path / "two", ["t0", "t1", "t2"]))
    assert changed.description["fingerprint"] != one.description["fingerprint"]


def test_another_size_is_refused_or_resized(tmp_path, make_triplet):
    _write(tmp_path / "t0.png", value=80, size=(16, 12))
    found = predictions.find(tmp_path, ["t0"])
    with pytest.raises(
        InputError, match=r"t0\.png' of triplet 't0' is 16x12 .*expected 32x24.*--resize_pred"
    ):
        predictions.create_method(found).load()([make_triplet(0)])
    method = predictions.create_method(found, resize=True)
    assert method.load()([make_triplet(0)]).shape == (1, 24, 32, 3)
    plain = predictions.create_method(found)
    assert plain.description["fingerprint"] != method.description["fingerprint"]


def test_what_is_wrong_with_a_file_names_its_triplet(tmp_path, make_triplet):
    np.save(tmp_path / "t0.npy", np.full((24, 32, 3), np.nan, np.float32))
    method = predictions.create_method(predictions.find(tmp_path, ["t0"]))
    with pytest.raises(InputError, match=r"'t0': .*t0\.npy.*not finite"):
        method.load()([make_triplet(0)])
