"""Triplets of records: names, subsets, and what a dataset's description says."""

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.evaluation_example import RecordSource, SubsetSource


@pytest.fixture
def source(tmp_path, write_records):
    return RecordSource(write_records(tmp_path / "r", [{"name": n} for n in "abca"]))


def test_names_of_foreign_records_are_read(source):
    assert list(source.names(4)) == ["a", "b", "c", "a"] and list(source.names(1)) == ["a"]


def test_the_description_holds_digests_of_the_files(source):
    shard = source.description["shards"]["r"]
    assert shard["records"] == 4 and len(shard["sha256"]) == 64
    assert source.description["records"] == 4


def test_a_subset_is_numbered_anew_and_says_what_it_lacks(source):
    subset = SubsetSource(source, [1, 3], stop=4, reason="no predictions")
    examples = list(subset.read(0, 2))
    assert [(e.index, e.name) for e in examples] == [(0, "b"), (1, "a")]
    assert [e.offset for e in examples] == [e.offset for e in list(source.read(0, 4))[1::2]]
    assert len(subset) == 2 and list(subset.names(2)) == ["b", "a"]
    assert subset.description["left_out"] == ["a", "c"] and subset.description["kept"] == 2
    assert subset.description["records_sha256"] != source.description["records_sha256"]
    first = SubsetSource(source, [0], stop=3, reason="")
    assert first.description["left_out"] == ["b", "c"]


def test_a_record_that_is_no_triplet_is_named(tmp_path):
    from frame_interpolation.datasets import tfrecord

    (tmp_path / "r").write_bytes(tfrecord.frame_record(b"not an example"))
    for use in (lambda source: source.names(1), lambda source: next(source.read(0, 1))):
        with pytest.raises(InputError, match=r"/r' at offset 0 is not a triplet"):
            use(RecordSource(str(tmp_path / "r")))
