import pytest

from frame_interpolation.datasets import vimeo90k
from frame_interpolation.errors import InputError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sequences").mkdir()
    (tmp_path / "tri_trainlist.txt").write_text("00002/0001\n00001/0001\n")
    (tmp_path / "tri_testlist.txt").write_bytes(
        b"\xef\xbb\xbf00010/0002\r\n\r\n  00002/0003 \r\n\r\n"
    )
    return tmp_path


def test_a_split_is_its_list_in_its_order(root):
    train = vimeo90k.list_triplets(str(root), "train")
    assert [t.name for t in train] == ["00002/0001", "00001/0001"]
    assert train[0].path == "sequences/00002/0001" and not train[0].defect
    folder = f"{root}/sequences/00002/0001"
    assert train[0].frames == (f"{folder}/im1.png", f"{folder}/im2.png", f"{folder}/im3.png")


def test_blank_lines_and_windows_line_ends(root):
    test = vimeo90k.list_triplets(str(root), "test")
    assert [t.name for t in test] == ["00010/0002", "00002/0003"]


def test_a_missing_list_is_named(root):
    (root / "tri_testlist.txt").unlink()
    with pytest.raises(InputError, match=r"tri_testlist\.txt' is missing.*its test triplets"):
        vimeo90k.list_triplets(str(root), "test")


def test_missing_sequences_are_named(root):
    (root / "sequences").rmdir()
    with pytest.raises(InputError, match=r"sequences' is not a folder"):
        vimeo90k.list_triplets(str(root), "test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n \r\n", "names no triplets"),
        (b"00001/0001\n00002\n", "line 2 of .* is '00002', expected a triplet like"),
        (b"../0001\n", "line 1"),
        (b"a/b\n\na/b\n", "names 'a/b' in line 1 and in line 3"),
        (b"\xff\xfe", "is no text file"),
    ],
)
def test_malformed_lists(root, content, message):
    (root / "tri_testlist.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        vimeo90k.list_triplets(str(root), "test")
