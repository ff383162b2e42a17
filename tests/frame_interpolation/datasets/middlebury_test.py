import pytest

from frame_interpolation.datasets import middlebury
from frame_interpolation.errors import InputError


@pytest.fixture
def root(tmp_path):
    for scene in ("Walking", "Beanbags", "Grove10", "Grove2"):
        (tmp_path / "other-data" / scene).mkdir(parents=True)
    (tmp_path / "other-gt-interp").mkdir()
    (tmp_path / "other-data" / "readme.txt").write_text("")
    (tmp_path / "other-data" / ".hidden").mkdir()
    return tmp_path


def test_scenes_by_name(root):
    triplets = middlebury.list_triplets(str(root))
    assert [t.name for t in triplets] == ["Beanbags", "Grove2", "Grove10", "Walking"]
    assert triplets[0].path == "other-gt-interp/Beanbags"
    assert triplets[0].frames == (
        f"{root}/other-data/Beanbags/frame10.png",
        f"{root}/other-gt-interp/Beanbags/frame10i11.png",
        f"{root}/other-data/Beanbags/frame11.png",
    )


def test_missing_folders_are_named(root, tmp_path):
    (root / "other-gt-interp").rmdir()
    with pytest.raises(InputError, match="has no folder 'other-gt-interp'"):
        middlebury.list_triplets(str(root))
    with pytest.raises(InputError, match="has no folder 'other-data'"):
        middlebury.list_triplets(str(tmp_path / "no"))


def test_no_scenes(tmp_path):
    for folder in ("other-data", "other-gt-interp"):
        (tmp_path / folder).mkdir()
    with pytest.raises(InputError, match="holds no scenes"):
        middlebury.list_triplets(str(tmp_path))
