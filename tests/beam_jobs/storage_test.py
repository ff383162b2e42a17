import errno
import os

import pytest

from beam_jobs import storage
from frame_interpolation.errors import InputError


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = str(tmp_path / "ö file")
    with storage.written(path) as file:
        file.write(b"new")
        assert not os.path.exists(path)
        assert len(storage.temporary_files(path)) == 1
    assert os.listdir(tmp_path) == ["ö file"]
    with pytest.raises(KeyboardInterrupt):
        with storage.written(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["ö file"]
    assert (tmp_path / "ö file").read_bytes() == b"new"


def test_names_that_look_compressed_are_written_as_they_are(tmp_path):
    with storage.written(str(tmp_path / "p.gz")) as file:
        file.write(b"plain")
    assert (tmp_path / "p.gz").read_bytes() == b"plain"
    assert storage.sha256(str(tmp_path / "p.gz")).startswith("a116c9")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path, number):
    with pytest.raises(OSError) as caught:
        with storage.written(str(tmp_path / "p")):
            raise OSError(number, os.strerror(number))
    assert caught.value.filename == str(tmp_path / "p")
    assert os.listdir(tmp_path) == []


def test_the_systems_errors_come_out_of_beams(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError) as caught:
        storage.make_parent(str(tmp_path / "file" / "folder" / "p"))
    assert caught.value.filename
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        storage.write_text(str(tmp_path / "taken"), "text")
    assert sorted(os.listdir(tmp_path)) == ["file", "taken"]


def test_json_round_trip(tmp_path):
    path = str(tmp_path / "a.json")
    storage.write_json(path, {"name": "ö \udcff"})
    assert storage.read_json(path) == {"name": "ö \udcff"}
    assert "ö" in (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text("[1")
    assert storage.read_json(path) is None
    assert storage.read_json(str(tmp_path / "b.json")) is None


def test_delete_and_sizes(tmp_path):
    for name in ("p-1", "p-22", "q"):
        (tmp_path / name).write_text(name)
    assert list(storage.sizes(f"{tmp_path}/p-*").values()) == [3, 4]
    storage.delete([f"{tmp_path}/p-1", f"{tmp_path}/missing"])
    assert sorted(os.listdir(tmp_path)) == ["p-22", "q"]


@pytest.mark.parametrize("path", ["a*", "a?", "a[0]", "a@3", "", "folder/"])
def test_names_with_a_meaning_are_refused(path):
    with pytest.raises(InputError, match="output path"):
        storage.absolute(path)


def test_absolute_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert storage.absolute("a b/ö@x") == str(tmp_path / "a b/ö@x")
    assert storage.absolute("gs://bucket/p") == "gs://bucket/p"
