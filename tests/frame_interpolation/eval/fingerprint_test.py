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
