import os

import pytest

from frame_interpolation.datasets import triplet_folder
from frame_interpolation.errors import InputError


def make(root, *files):
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_natural_order_of_triplets_and_frames(tmp_path):
    make(tmp_path, *(f"t{i}/{n}" for i in (10, 9, 2) for n in ("f10.png", "f2.PNG", "f9.jpeg")))
    triplets = triplet_folder.list_triplets(str(tmp_path))
    assert [t.name for t in triplets] == ["t2", "t9", "t10"]
    assert [os.path.basename(f) for f in triplets[0].frames] == ["f2.PNG", "f9.jpeg", "f10.png"]
    assert [t.path for t in triplets] == ["t2", "t9", "t10"]
    assert {t.film for t in triplets} == {""} and {t.defect for t in triplets} == {""}
    assert {t.annotation for t in triplets} == {None}


def test_nested_folders_give_films(tmp_path):
    make(tmp_path, *(f"ein film/szene ö/0001/{i}.jpg" for i in range(3)))
    (triplet,) = triplet_folder.list_triplets(str(tmp_path))
    assert triplet.name == triplet.path == "ein film/szene ö/0001"
    assert triplet.film == "ein film/szene ö"


def test_other_files_and_hidden_ones_are_passed_over(tmp_path):
    make(tmp_path, *(f"t/{n}" for n in ("1.png", "2.png", "3.png", "._1.png", "Thumbs.db")))
    make(tmp_path, ".cache/1.png", "empty/readme.txt", "list.txt")
    (triplet,) = triplet_folder.list_triplets(str(tmp_path))
    assert triplet.name == "t" and not triplet.defect


def test_another_number_of_frames_is_a_defect(tmp_path):
    make(tmp_path, "a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png", "b/4.png")
    defects = [t.defect for t in triplet_folder.list_triplets(str(tmp_path))]
    assert defects == ["2 images in the folder, expected 3", "4 images in the folder, expected 3"]


def test_a_link_to_itself_ends(tmp_path):
    make(tmp_path, *(f"t/{i}.png" for i in range(3)))
    (tmp_path / "t" / "again").symlink_to(tmp_path)
    assert [t.name for t in triplet_folder.list_triplets(str(tmp_path))] == ["t"]


@pytest.mark.parametrize(
    ("files", "root", "message"),
    [
        ([], "missing", "not a folder"),
        ([], "", "no triplets"),
        (["a.txt"], "a.txt", "not a folder"),
        (["1.png", "t/1.png"], "", "folder of its own"),
    ],
)
def test_wrong_roots(tmp_path, files, root, message):
    make(tmp_path, *files)
    with pytest.raises(InputError, match=message):
        triplet_folder.list_triplets(os.path.join(tmp_path, root))
