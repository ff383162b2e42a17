import pytest

from frame_interpolation.datasets import ucf101
from frame_interpolation.errors import InputError


def test_folders_in_natural_order(tmp_path):
    for name in ("1", "11", "2", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("")
    triplets = ucf101.list_triplets(str(tmp_path))
    assert [t.name for t in triplets] == [t.path for t in triplets] == ["1", "2", "11"]
    assert triplets[1].frames == (
        f"{tmp_path}/2/frame_00.png",
        f"{tmp_path}/2/frame_01_gt.png",
        f"{tmp_path}/2/frame_02.png",
    )


def test_the_folder_above_is_recognised(tmp_path):
    (tmp_path / "ucf101_interp_ours").mkdir()
    with pytest.raises(InputError, match=r"--input_dir=.*/ucf101_interp_ours instead"):
        ucf101.list_triplets(str(tmp_path))


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="holds no triplets"):
        ucf101.list_triplets(str(tmp_path))
    with pytest.raises(InputError, match="is not a folder"):
        ucf101.list_triplets(str(tmp_path / "no"))
