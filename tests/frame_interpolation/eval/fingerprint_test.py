"""Fingerprints: equal for equal content under any path, different for any other."""

import shutil

import numpy as np
import pytest

from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint


def test_a_copied_model_has_the_same_fingerprint(toy_model_path, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(toy_model_path, copy)
    assert fingerprint.of_saved_model(copy) == fingerprint.of_saved_model(toy_model_path)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("variables/variables.data-00000-of-00001", "variables_sha256"),
        ("saved_model.pb", "graph_sha256"),
    ],
)
def test_one_byte_more_is_another_model(toy_model_path, tmp_path, file, changed):
    copy = tmp_path / "copy"
    shutil.copytree(toy_model_path, copy)
    with open(copy / file, "ab") as opened:
        opened.write(b"\0")
    before, after = map(fingerprint.of_saved_model, (toy_model_path, copy))
    assert {name for name in before if before[name] != after[name]} == {"fingerprint", changed}


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="no SavedModel at"):
        fingerprint.of_saved_model(tmp_path)


def test_records(tmp_path, write_records):
    first, second = [{"name": "a"}, {"name": "b"}], [{"name": "a"}, {"name": "c"}]
    paths = [
        write_records(tmp_path / name, triplets)
        for name, triplets in (("one", first), ("two", first), ("three", second))
    ]
    one, two, three = (fingerprint.of_records(tfrecord.build_index(path)) for path in paths)
    assert one == two and one["records"] == 2 and one["manifest_fingerprint"] is None
    assert one["records_sha256"] != three["records_sha256"]


def test_the_number_of_shards_does_not_matter(tmp_path, write_records):
    triplets = [
        {"name": str(i), "frames": [np.full((8, 8, 3), 20 * i, np.uint8)] * 3} for i in range(5)
    ]
    whole = write_records(tmp_path / "whole", triplets)
    for shard, members in enumerate((triplets[:2], triplets[2:])):
        write_records(tmp_path / f"parts-{shard:05d}-of-00002", members)
    parts = tfrecord.build_index(str(tmp_path / "parts@2"))
    assert fingerprint.of_records(parts) == fingerprint.of_records(tfrecord.build_index(whole))


def test_records_in_memory_have_the_fingerprint_of_those_in_files(tmp_path, write_records):
    index = tfrecord.build_index(write_records(tmp_path / "r", [{"name": "a"}, {"name": "b"}]))
    marks = [fingerprint.record_mark(record) for record in index]
    assert fingerprint.of_record_marks(marks) == fingerprint.of_records(index)["records_sha256"]


def test_a_checkpoint_is_known_by_its_files(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for number in (1, 10):
            for suffix in ("index", "data-00000-of-00001"):
                (tmp_path / folder / f"ckpt-{number}.{suffix}").write_text(f"{suffix} {number}")
    one, two = (fingerprint.of_checkpoint(tmp_path / name / "ckpt-1") for name in ("one", "two"))
    assert one == two != fingerprint.of_checkpoint(tmp_path / "one" / "ckpt-10")
    (tmp_path / "two" / "ckpt-1.index").write_text("changed")
    assert fingerprint.of_checkpoint(tmp_path / "two" / "ckpt-1") != one
    with pytest.raises(InputError, match=r"no checkpoint at .*ckpt-2"):
        fingerprint.of_checkpoint(tmp_path / "one" / "ckpt-2")


def test_files_count_by_name_and_content_alone(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    same = fingerprint.of_files({"n": tmp_path / "a"})
    assert same == fingerprint.of_files({"n": tmp_path / "b"})
    assert same != fingerprint.of_files({"m": tmp_path / "a"})
    assert fingerprint.of_texts(["ab", "c"]) != fingerprint.of_texts(["a", "bc"])
