import pytest

from frame_interpolation import repository_paths


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    monkeypatch.setattr(repository_paths, "REPOSITORY_ROOT", root)
    monkeypatch.chdir(root / "inside")
    return root


def test_the_root_holds_the_package():
    assert (repository_paths.REPOSITORY_ROOT / "frame_interpolation" / "errors.py").exists()


def test_the_current_directory_comes_first(root):
    (root / "weights").mkdir()
    assert repository_paths.find("weights") == str(root / "weights")
    (root / "inside" / "weights").mkdir()
    assert repository_paths.find("weights") == "weights"


def test_a_checkpoint_is_found_by_its_prefix(root):
    (root / "ckpt-7.index").touch()
    assert repository_paths.find("ckpt-7") == str(root / "ckpt-7")


@pytest.mark.parametrize("path", ["nowhere", "/nowhere/at/all", "gs://bucket/model", ""])
def test_what_is_not_there_stays_as_it_was_written(root, path):
    assert repository_paths.find(path) == path
