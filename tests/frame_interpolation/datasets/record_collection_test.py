import os

import pytest

from frame_interpolation.datasets import record_collection, tfrecord
from frame_interpolation.errors import InputError


def _write(path, records):
    with open(path, "wb") as file:
        writer = tfrecord.ShardWriter(file)
        for record in records:
            writer.write(record, name="")
    return str(path)


def test_several_datasets_are_numbered_through(tmp_path):
    first = _write(tmp_path / "a", [b"0", b"1"])
    second = _write(tmp_path / "b", [b"2"])
    third = _write(tmp_path / "c", [b"3", b"4", b"5"])
    records = record_collection.open_records([first, second, third], binding="x.files")
    assert len(records) == 6
    assert [records.read(i) for i in range(6)] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert records.location(2) == f"{second!r} at offset 0"
    assert records.location(4) == f"{third!r} at offset 17"
    assert records.name(4) == records.location(4)  # Foreign files tell no names.
    for i in (-1, 6):
        with pytest.raises(IndexError):
            records.read(i)


def test_names_come_from_the_index():
    index = tfrecord.Index(("s",), [0, 0], [0, 20], [4, 4], names=("left", "right"))
    assert record_collection.RecordCollection([index, index]).name(3) == "right"


def test_no_dataset_says_which_binding_to_set():
    with pytest.raises(InputError, match=r"--gin_bindings \"training_dataset.files = \['PATH@N'\]"):
        record_collection.open_records([], binding="training_dataset.files")


def test_a_missing_dataset_names_binding_and_path(tmp_path):
    with pytest.raises(InputError, match=r"^eval_datasets.files: .*nowhere"):
        record_collection.open_records([str(tmp_path / "nowhere@3")], binding="eval_datasets.files")


def test_relative_paths_may_start_at_the_repository_root(tmp_path, monkeypatch):
    _write(tmp_path / "a", [b"0"])
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    monkeypatch.setattr(record_collection, "REPOSITORY_ROOT", tmp_path)
    assert len(record_collection.open_records(["a"], binding="x.files")) == 1


def test_a_file_that_goes_away_is_named(tmp_path):
    path = _write(tmp_path / "a", [b"0"])
    records = record_collection.open_records([path], binding="x.files")
    os.remove(path)
    with pytest.raises(InputError, match=r"Cannot read the record in .*a' at offset 0: No such"):
        records.read(0)


def test_a_damaged_record_names_shard_and_offset(tmp_path):
    path = _write(tmp_path / "a", [b"first", b"second"])
    records = record_collection.open_records([path], binding="x.files")
    with open(path, "r+b") as file:
        file.seek(21 + 14)
        file.write(b"X")
    assert records.read(0) == b"first"
    with pytest.raises(InputError, match=r"a' at offset 21 is damaged"):
        records.read(1)
