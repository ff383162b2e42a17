"""Folder names that are safe and do not collide, and pictures that are whole."""

import numpy as np
import pytest

from frame_interpolation.eval import frame_store


def test_good_names_stay():
    names = frame_store.FolderNames()
    assert names.assign("Japan_v2_3_007340_s3", 0) == "Japan_v2_3_007340_s3"


def test_equal_names_get_folders_of_their_own():
    names = frame_store.FolderNames()
    folders = [names.assign(name, i) for i, name in enumerate(["a", "a", "A", "a b", "a:b", "a_b"])]
    assert folders == ["a", "a-000001", "A-000002", "a_b-000003", "a_b-000004", "a_b"]
    assert len({folder.casefold() for folder in folders}) == len(folders)


def test_a_name_that_looks_like_a_suffix_does_not_collide():
    names = frame_store.FolderNames()
    folders = [names.assign(name, i) for i, name in enumerate(["a-000001", "a", "a-000001"])]
    assert len(set(folders)) == 3
    folders = frame_store.FolderNames(["a", "a-000001"])
    assert folders.assign("a", 1) not in ("a", "a-000001")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../../etc/passwd",
        "/absolute",
        "a/b",
        "a\\b",
        "nul",
        "COM1.txt",
        "猫が歩く",
        "-rf",
        "a\0b",
        "<img src=x onerror=alert(1)>",
        "x" * 500,
        "trailing. ",
    ],
)
def test_any_name_gives_one_harmless_folder(name, tmp_path):
    folder = frame_store.FolderNames().assign(name, 7)
    assert folder.isascii() and 0 < len(folder) <= 120
    assert not set(folder) & set("/\\:<>*?\"'& \0")
    assert folder[0] not in ".-" and folder.split(".")[0].casefold() not in ("nul", "com1")
    (tmp_path / folder).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_the_names_are_those_of_an_earlier_run():
    whole = frame_store.FolderNames()
    expected = [whole.assign(name, i) for i, name in enumerate(["a", "a", "b", "a"])]
    resumed = frame_store.FolderNames(expected[:2])
    assert [resumed.assign("b", 2), resumed.assign("a", 3)] == expected[2:]


def test_frames_are_rounded_to_the_nearest():
    frame = np.array([[[0.0, 1.0, 0.5], [-1.0, 2.0, 0.4999 / 255]]])
    np.testing.assert_array_equal(frame_store.to_bytes(frame), [[[0, 255, 128], [0, 255, 0]]])


def test_pictures_come_back(tmp_path):
    frames = {
        name: np.full((5, 7, 3), value / 255, np.float32)
        for name, value in (("x0", 10), ("estimate", 20), ("x1", 30), ("truth", 40))
    }
    frame_store.write_triplet(tmp_path / "frames" / "t", **frames)
    read = {
        path.name: int(frame_store.read_image(path)[0, 0, 0])
        for path in (tmp_path / "frames" / "t").iterdir()
    }
    assert read == {"frame1.png": 10, "frame2.png": 20, "frame3.png": 30, "ground_truth.png": 40}
