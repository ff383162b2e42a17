import errno
import os

import pytest
from apache_beam.io.aws import s3io
from apache_beam.io.aws.clients.s3 import fake_client
from apache_beam.io.filesystems import FileSystems

from beam_jobs import storage
from beam_jobs.build_tfrecord import build_tfrecord
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


def test_temporary_files_are_those_of_one_output(tmp_path):
    unique = "0" * 32
    own = ["p-00000-of-00001", "p-00000-of-00001.json", "p.plan.json", "p.manifest.json"]
    own += ["p.rejects.jsonl", "p.split-train.txt"]
    other = ["p2-00000-of-00001", "p.v2-00000-of-00001", "p-x.plan.json", "q.plan.json"]
    for name in own + other:
        (tmp_path / f"{name}.tmp-{unique}").write_text("")
    (tmp_path / "p-00000-of-00001").write_text("")
    found = storage.temporary_files(str(tmp_path / "p"))
    assert sorted(found) == sorted(str(tmp_path / f"{name}.tmp-{unique}") for name in own)


@pytest.fixture
def bucket(monkeypatch):
    """Beam's own s3:// file system on the store in memory that it is tested with."""
    client = fake_client.FakeS3Client()
    create = s3io.S3IO.__init__
    monkeypatch.setattr(s3io.S3IO, "__init__", lambda self, **_: create(self, client=client))
    monkeypatch.setattr(FileSystems, "_pipeline_options", None)
    return client


def contents(bucket, prefix):
    return {
        key.removeprefix(prefix): bucket.get_file("bucket", key).contents
        for _, key in bucket.files
        if key.startswith(prefix)
    }


@pytest.mark.parametrize("folder", ["", "out/of here/"])
def test_everything_goes_through_the_file_system_of_the_path(bucket, folder, atd12k_root, tmp_path):
    bad = next((atd12k_root / "train_10k").glob("Disney_v4_2_*")) / "frame1.jpg"
    bad.write_bytes(b"")
    flags = {"dataset": "atd12k", "input_dir": str(atd12k_root), "split": "train"}
    flags |= {"num_shards": 7, "max_rejects": 1}
    path = f"s3://bucket/{folder}train"
    before = sorted(os.listdir(tmp_path))
    manifest = build_tfrecord(**flags, output=path)
    assert sorted(os.listdir(tmp_path)) == before
    with pytest.raises(InputError, match="is finished"):
        build_tfrecord(**flags, output=path)
    build_tfrecord(**flags, output=str(tmp_path / "local" / "train"))
    local = {file.name: file.read_bytes() for file in (tmp_path / "local").iterdir()}
    assert len(local) == 7 + 7 + 4  # Shards, sidecars; two lists, rejects, manifest.
    stored = contents(bucket, folder)
    for name in local.keys() - {"train.manifest.json"}:
        assert stored[name] == local[name], name
    assert stored.keys() == local.keys()
    assert storage.read_json(f"{path}.manifest.json") == manifest


def test_an_unfinished_output_in_a_bucket_is_completed(bucket, write_triplet, tmp_path):
    for i in range(6):
        write_triplet(tmp_path / "in" / f"t{i}", seed=i)
    flags = {"dataset": "triplet_folder", "input_dir": str(tmp_path / "in"), "num_shards": 3}
    path = "s3://bucket/out/p"
    (tmp_path / "in" / "t3" / "frame1.png").rename(tmp_path / "frame")
    with pytest.raises(InputError, match="1 of 6 triplets"):
        build_tfrecord(**flags, output=path)
    bucket.add_file(fake_client.FakeFile("bucket", f"out/p-00001-of-00003.tmp-{'0' * 32}", b"half"))
    (tmp_path / "frame").rename(tmp_path / "in" / "t3" / "frame1.png")
    kept = bucket.get_file("bucket", "out/p-00000-of-00003")
    assert build_tfrecord(**flags, output=path)["records"] == 6
    assert bucket.get_file("bucket", "out/p-00000-of-00003") is kept
    expected = [f"p-0000{i}-of-00003{end}" for i in range(3) for end in ("", ".json")]
    assert sorted(contents(bucket, "out/")) == sorted([*expected, "p.manifest.json"])
    assert build_tfrecord(**flags, output=path, overwrite=True)["records"] == 6
    assert bucket.get_file("bucket", "out/p-00000-of-00003") is not kept
