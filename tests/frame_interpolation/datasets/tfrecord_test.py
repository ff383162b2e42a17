import concurrent.futures
import json
import logging
import pathlib
import resource
import struct
import time

import numpy as np
import pytest

from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError

RECORDS = [b"", b"a", b"record two", bytes(range(256)) * 300]


def write_output(path, shards=(RECORDS[:1], RECORDS[1:]), finished=True):
    """Writes an output as the job does: shards, sidecars, manifest."""
    summaries = []
    for i, records in enumerate(shards):
        shard = tfrecord.shard_path(str(path), i, len(shards))
        with open(shard, "wb") as file:
            writer = tfrecord.ShardWriter(file)
            for k, record in enumerate(records):
                writer.write(record, name=f"{i}-{k}")
        summary = {"fingerprint": "f", **writer.summary()}
        pathlib.Path(tfrecord.sidecar_path(shard)).write_text(json.dumps(summary))
        summaries.append(summary)
    if finished:
        manifest = {"fingerprint": "f", "shards": summaries}
        pathlib.Path(tfrecord.manifest_path(str(path))).write_text(json.dumps(manifest))
    return f"{path}@{len(shards)}"


def write_foreign(path, records=RECORDS):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return str(path)


def test_frames_are_those_of_tensorflow(tmp_path):
    foreign = pathlib.Path(write_foreign(tmp_path / "foreign"))
    assert foreign.read_bytes() == b"".join(map(tfrecord.frame_record, RECORDS))


def test_tensorflow_reads_what_the_writer_writes(tmp_path):
    import tensorflow as tf

    write_output(tmp_path / "p")
    shards = tfrecord.expand(f"{tmp_path}/p@2")
    assert [r.numpy() for r in tf.data.TFRecordDataset(shards)] == RECORDS


def test_own_output_is_indexed_from_its_sidecars(tmp_path):
    index = tfrecord.build_index(write_output(tmp_path / "p"))
    assert len(index) == 4
    assert [index.read(i) for i in range(4)] == RECORDS == list(index)
    assert index.names == ("0-0", "1-0", "1-1", "1-2")
    assert index.shard.tolist() == [0, 1, 1, 1]
    assert index.length.tolist() == [len(record) for record in RECORDS]
    assert index.manifest["fingerprint"] == "f"
    assert index.shard.dtype == np.int32 and index.offset.dtype == index.length.dtype == np.int64


def test_manifest_tells_the_number_of_shards(tmp_path):
    spec = write_output(tmp_path / "p")
    assert tfrecord.expand(str(tmp_path / "p")) == tfrecord.expand(spec)
    assert list(tfrecord.build_index(str(tmp_path / "p"))) == RECORDS


def test_empty_shards_are_passed_over(tmp_path):
    index = tfrecord.build_index(write_output(tmp_path / "p", ([], RECORDS, [])))
    assert list(index) == RECORDS


def test_foreign_files_are_scanned_with_one_warning(tmp_path, golden_dir, caplog):
    with caplog.at_level(logging.WARNING):
        index = tfrecord.build_index(f"{golden_dir}/reference_triplets.tfrecord@2")
    assert len(index) == 4 and index.names is None and index.manifest is None
    assert len(caplog.records) == 1 and "no manifest" in caplog.text
    assert list(tfrecord.build_index(write_foreign(tmp_path / "f"))) == RECORDS
    with pytest.raises(InputError, match="no manifest"):
        tfrecord.build_index(str(tmp_path / "f"), allow_foreign=False)


def test_index_agrees_with_a_scan(tmp_path):
    spec = write_output(tmp_path / "p")
    index = tfrecord.build_index(spec)
    for i, shard in enumerate(tfrecord.expand(spec)):
        here = index.shard == i
        expected = list(zip(index.offset[here], index.length[here], strict=True))
        assert list(tfrecord.scan(shard)) == expected


def test_threads_read_the_right_records(tmp_path):
    records = [str(i).encode() * (i + 1) for i in range(200)]
    index = tfrecord.build_index(write_output(tmp_path / "p", (records[:77], records[77:])))
    order = np.random.default_rng(0).permutation(np.tile(np.arange(200), 5))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(index.read, order)) == [records[i] for i in order]


@pytest.mark.parametrize("i", [-1, 4])
def test_reading_out_of_range(tmp_path, i):
    with pytest.raises(IndexError):
        tfrecord.build_index(write_output(tmp_path / "p")).read(i)


@pytest.mark.parametrize("cut", [1, 4, 20, 76800])
def test_a_cut_foreign_file_names_shard_and_offset(tmp_path, cut):
    path = pathlib.Path(write_foreign(tmp_path / "f"))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(InputError, match=r"f' is cut: .* at offset 59"):
        tfrecord.build_index(str(path))


def test_a_cut_in_a_length_field_names_shard_and_offset(tmp_path):
    path = pathlib.Path(write_foreign(tmp_path / "f"))
    path.write_bytes(path.read_bytes()[: 59 + 5])
    with pytest.raises(InputError, match=r"f' is cut: at offset 59"):
        tfrecord.build_index(str(path))


def test_a_cut_own_shard_is_refused(tmp_path):
    spec = write_output(tmp_path / "p")
    shard = pathlib.Path(tfrecord.expand(spec)[1])
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"p-00001-of-00002' is \d+ bytes long, expected \d+"):
        tfrecord.build_index(spec)


def test_a_shard_cut_after_indexing_is_noticed_on_reading(tmp_path):
    spec = write_output(tmp_path / "p")
    index = tfrecord.build_index(spec)
    shard = pathlib.Path(tfrecord.expand(spec)[1])
    shard.write_bytes(shard.read_bytes()[:-1])
    assert index.read(2) == RECORDS[2]
    with pytest.raises(InputError, match=r"00001-of-00002' is cut: the record at offset 43"):
        index.read(3)


@pytest.mark.parametrize(("where", "message"), [(43, "no record at offset"), (60, "damaged")])
def test_a_flipped_bit_is_noticed(tmp_path, where, message):
    spec = write_output(tmp_path / "p")
    shard = pathlib.Path(tfrecord.expand(spec)[1])
    content = bytearray(shard.read_bytes())
    content[where] ^= 1
    shard.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        tfrecord.build_index(spec).read(3)
    assert "00001-of-00002" in str(caught.value) and "offset 43" in str(caught.value)


def test_what_is_no_tfrecord_is_refused(tmp_path):
    (tmp_path / "f").write_bytes(b"\x1f\x8b" + b"not a record" * 9)
    with pytest.raises(InputError, match="not an uncompressed TFRecord"):
        tfrecord.build_index(str(tmp_path / "f"))


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(InputError, match="no records"):
        tfrecord.build_index(str(tmp_path / "f"))


def test_unfinished_output_is_refused(tmp_path):
    spec = write_output(tmp_path / "p", finished=False)
    with pytest.raises(InputError, match="not finished"):
        tfrecord.build_index(spec)
    plan = tmp_path / "p.plan.json"
    plan.write_text('{"fingerprint": "g"}')
    with pytest.raises(InputError, match="not finished"):
        tfrecord.build_index(spec)
    write_output(tmp_path / "p")
    with pytest.raises(InputError, match="not finished"):  # Being overwritten.
        tfrecord.build_index(spec)
    plan.write_text('{"fingerprint": "f"}')  # Killed between manifest and the end: finished.
    assert list(tfrecord.build_index(spec)) == RECORDS


def test_one_shard_of_an_output_is_not_taken_for_all_of_it(tmp_path):
    spec = write_output(tmp_path / "p")
    with pytest.raises(InputError, match="PATH@N"):
        tfrecord.build_index(tfrecord.expand(spec)[0])


def test_mixed_outputs_are_refused(tmp_path):
    spec = write_output(tmp_path / "p")
    write_output(tmp_path / "p", (RECORDS[1:], RECORDS[:1]), finished=False)
    with pytest.raises(InputError, match="mixed"):
        tfrecord.build_index(spec)


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"fingerprint": 1}'])
def test_a_broken_manifest_is_refused(tmp_path, content):
    spec = write_output(tmp_path / "p")
    (tmp_path / "p.manifest.json").write_text(content)
    with pytest.raises(InputError, match=r"manifest\.json"):
        tfrecord.build_index(spec)


def test_missing_sidecar_is_refused(tmp_path):
    spec = write_output(tmp_path / "p")
    (tmp_path / "p-00000-of-00002.json").unlink()
    with pytest.raises(InputError, match=r"p-00000-of-00002\.json' is missing"):
        tfrecord.build_index(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("q", "no records at"), ("p@3", "has 2 shards, expected 3"), ("q@2", "lacks 2 of 2"),
     ("p@0", "1 to 99999"), ("p@100000", "1 to 99999")],
)  # fmt: skip
def test_wrong_names(tmp_path, spec, message):
    write_output(tmp_path / "p")
    with pytest.raises(InputError, match=message):
        tfrecord.build_index(f"{tmp_path}/{spec}")


def test_missing_shard_is_named(tmp_path):
    spec = write_output(tmp_path / "p")
    (tmp_path / "p-00001-of-00002").unlink()
    with pytest.raises(InputError, match=r"lacks 1 of 2 shards.*p-00001-of-00002"):
        tfrecord.build_index(spec)


def test_where_damage_is_tolerated_what_comes_before_it_is_read(tmp_path, caplog):
    path = tmp_path / "foreign"
    framed = [tfrecord.frame_record(record) for record in RECORDS]
    path.write_bytes(framed[0] + b"broken length field" + framed[1])
    with pytest.raises(InputError, match=f"no record at offset {len(framed[0])}"):
        tfrecord.build_index(str(path))
    index = tfrecord.build_index(str(path), tolerate_damage=True)
    assert list(index) == RECORDS[:1]
    assert "Taking the 1 records before" in caplog.text


def test_where_damage_is_tolerated_a_cut_shard_keeps_its_records_numbers(tmp_path, caplog):
    spec = write_output(tmp_path / "p", [RECORDS])
    shard = tmp_path / "p-00000-of-00001"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(InputError, match="it is cut"):
        tfrecord.build_index(spec)
    index = tfrecord.build_index(spec, tolerate_damage=True)
    assert len(index) == len(RECORDS) and index.read(0) == RECORDS[0]
    with pytest.raises(InputError, match="is cut"):
        index.read(len(RECORDS) - 1)


# ------------------------------------------------------------------------------- large data


def test_offsets_beyond_4_gib(tmp_path):
    far = 5 * 2**30
    path = tmp_path / "large"
    framing = len(tfrecord.frame_record(b""))
    with path.open("wb") as file:
        # A record of 5 GiB, of which only the length stands on the disk.
        length = struct.pack("<Q", far - framing)
        header = length + struct.pack("<I", tfrecord._masked_crc(length))
        file.write(header)
        file.seek(far)
        for record in RECORDS:
            file.write(tfrecord.frame_record(record))
    assert path.stat().st_blocks * 512 < 2**30, "the file system has no sparse files"
    index = tfrecord.build_index(str(path))
    assert len(index) == 1 + len(RECORDS)
    assert index.length[0] == far - framing and index.offset[1] == far
    assert [index.read(1 + i) for i in range(len(RECORDS))] == RECORDS
    assert index.location(1).endswith(f"at offset {far}")


def test_thousands_of_shards_need_few_open_files(tmp_path):
    count = 2000
    spec = write_output(tmp_path / "p", [[b"%d" % i] for i in range(count)])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(list(pathlib.Path("/proc/self/fd").iterdir()))
    start = time.process_time()
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 20, hard))
    try:
        index = tfrecord.build_index(spec)
        read = [index.read(i) for i in range(count)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert time.process_time() - start < 5.0
    assert read == [b"%d" % i for i in range(count)]


# ------------------------------------------------------------------------------ remote files


@pytest.fixture
def remote(tmp_path):
    """A folder in the file system in memory that TensorFlow ships; `copy` puts files there."""
    import tensorflow as tf

    folder = f"ram://{tmp_path.name}"
    tf.io.gfile.makedirs(folder)

    def copy():
        for path in tmp_path.iterdir():
            with tf.io.gfile.GFile(f"{folder}/{path.name}", "wb") as file:
                file.write(path.read_bytes())
        return folder

    yield copy
    tf.io.gfile.rmtree(folder)


def test_remote_output_is_read_like_a_local_one(tmp_path, remote):
    local = tfrecord.build_index(write_output(tmp_path / "p", (RECORDS[:1], RECORDS[1:], [])))
    folder = remote()
    for spec in (f"{folder}/p@3", f"{folder}/p"):
        index = tfrecord.build_index(spec)
        assert list(index) == RECORDS
        assert index.names == local.names
        np.testing.assert_array_equal(index.offset, local.offset)
    assert index.location(1) == f"'{folder}/p-00001-of-00003' at offset 0"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(index.read, [0, 1, 2, 3] * 20)) == RECORDS * 20


def test_remote_foreign_files_are_scanned(tmp_path, remote):
    write_foreign(tmp_path / "foreign")
    assert list(tfrecord.build_index(f"{remote()}/foreign")) == RECORDS


def test_remote_mistakes_are_named(tmp_path, remote):
    write_output(tmp_path / "p")
    (tmp_path / "p-00001-of-00002").unlink()
    folder = remote()
    with pytest.raises(InputError, match=r"lacks 1 of 2 shards, the first is .*p-00001"):
        tfrecord.build_index(f"{folder}/p@2")
    with pytest.raises(InputError, match="no records at 'ram://nowhere/q'"):
        tfrecord.build_index("ram://nowhere/q")
    index = tfrecord.Index((f"{folder}/gone",), np.zeros(1, int), np.zeros(1, int), np.ones(1, int))
    with pytest.raises(FileNotFoundError) as error:
        index.read(0)
    assert error.value.filename == f"{folder}/gone"


def test_an_unknown_scheme_is_an_os_error():
    with pytest.raises(OSError, match="tensorflow-io") as error:
        tfrecord.build_index("nosuch://bucket/p@2")
    assert error.value.filename.startswith("nosuch://")
