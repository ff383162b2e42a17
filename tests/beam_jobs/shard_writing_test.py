import dataclasses
import json
import os

import numpy as np
import pytest
from PIL import Image

from beam_jobs import shard_writing
from beam_jobs.shard_plan import ShardTask
from beam_jobs.shard_writing import write_shard
from frame_interpolation.datasets import tf_example, tfrecord, triplet_folder


@pytest.fixture
def task(tmp_path, write_triplet):
    for i in range(4):
        write_triplet(tmp_path / "in" / f"t {i} ö", seed=i)
    triplets = triplet_folder.list_triplets(str(tmp_path / "in"))
    (tmp_path / "out").mkdir()
    return ShardTask(str(tmp_path / "out" / "p-00000-of-00001"), 0, "f", tuple(triplets))


def records(task):
    return [tf_example.parse(_read(task.path, *where)) for where in tfrecord.scan(task.path)]


def _read(path, offset, length):
    with open(path, "rb") as file:
        file.seek(offset + 12)
        return file.read(length)


def relisted(task):
    """The task as the next run of the job makes it."""
    root = os.path.dirname(os.path.dirname(task.triplets[0].frames[0]))
    return dataclasses.replace(task, triplets=tuple(triplet_folder.list_triplets(root)))


def test_records_hold_the_files_bytes_in_order(task):
    sidecar = write_shard(task)
    assert sidecar["names"] == [f"t {i} ö" for i in range(4)]
    assert sidecar["rejects"] == [] and sidecar["conversions"] == {}
    with open(f"{task.path}.json", encoding="utf-8") as file:
        assert json.load(file) == sidecar
    for triplet, record in zip(task.triplets, records(task), strict=True):
        assert record["triplet/name"].numpy().decode() == triplet.name
        assert record["path"].numpy().decode() == triplet.path
        for i, path in enumerate(triplet.frames):
            with open(path, "rb") as file:
                assert record[f"frame_{i}/encoded"].numpy() == file.read()
    assert sorted(os.listdir(os.path.dirname(task.path))) == [
        "p-00000-of-00001",
        "p-00000-of-00001.json",
    ]


def test_a_finished_shard_is_kept_and_any_other_written_anew(task):
    write_shard(task)
    with open(task.path, "rb") as file:
        content = file.read()

    def rewritten():
        before = os.stat(task.path).st_ino
        write_shard(task)
        with open(task.path, "rb") as file:
            assert file.read() == content
        return os.stat(task.path).st_ino != before

    assert not rewritten()
    with open(task.path, "r+b") as file:  # Same size, another byte.
        file.seek(100)
        file.write(bytes([content[100] ^ 1]))
    assert rewritten()
    with open(task.path, "ab") as file:
        file.write(b"x")
    assert rewritten()
    os.rename(task.path, f"{task.path}.gone")
    write_shard(task)
    os.unlink(f"{task.path}.json")
    assert rewritten()
    with open(f"{task.path}.json", "w") as file:
        file.write('{"fingerprint": "f"')
    assert rewritten()
    write_shard(dataclasses.replace(task, fingerprint="g"))
    assert rewritten()


def damage_missing(folder):
    (folder / "frame2.png").unlink()


def damage_truncated(folder):
    path = folder / "frame2.png"
    path.write_bytes(path.read_bytes()[:-20])


def damage_empty(folder):
    (folder / "frame3.png").write_bytes(b"")


def damage_size(folder):
    Image.new("RGB", (17, 12)).save(folder / "frame1.png")


def damage_depth(folder):
    Image.fromarray(np.zeros((12, 16), np.uint16)).save(folder / "frame1.png")


@pytest.mark.parametrize(
    ("damage", "reason", "detail"),
    [
        (damage_missing, "not_three_frames", "2 images in the folder"),
        (damage_truncated, "damaged_frame", "'frame2.png' is"),
        (damage_empty, "empty_frame", "'frame3.png'"),
        (damage_size, "unequal_sizes", "17x12, 16x12, 16x12"),
        (damage_depth, "unsupported_frame", "'frame1.png' has 16 bits"),
    ],
)
def test_bad_triplets_are_left_out_and_listed_until_they_are_mended(
    task, damage, reason, detail, tmp_path, write_triplet
):
    damage(tmp_path / "in" / "t 1 ö")
    task = relisted(task)
    sidecar = write_shard(task)
    (reject,) = sidecar["rejects"]
    assert reject["triplet"] == "t 1 ö" and reject["reason"] == reason
    assert detail in reject["detail"]
    assert sidecar["names"] == ["t 0 ö", "t 2 ö", "t 3 ö"]
    assert shard_writing.is_sidecar_of(sidecar, task)
    write_triplet(tmp_path / "in" / "t 1 ö")
    assert write_shard(relisted(task))["rejects"] == []
    assert len(records(task)) == 4


def test_a_frame_that_vanishes_after_the_listing_is_a_reject(task, tmp_path):
    damage_missing(tmp_path / "in" / "t 0 ö")
    (reject,) = write_shard(task)["rejects"]
    assert reject == {
        "triplet": "t 0 ö",
        "reason": "missing_frame",
        "detail": "'frame2.png' is missing",
    }


def test_converted_frames_are_counted(task, tmp_path):
    for name in ("frame1.png", "frame3.png"):
        Image.new("L", (16, 12), 7).save(tmp_path / "in" / "t 2 ö" / name)
    assert write_shard(task)["conversions"] == {"greyscale": 2}
    frames = tf_example.decode_frames(records(task)[2])
    assert (frames["x0"].numpy() == 7).all() and frames["x0"].shape == (12, 16, 3)


def test_a_sidecar_accounts_for_every_triplet(task):
    sidecar = write_shard(task)
    assert shard_writing.is_sidecar_of(sidecar, task)
    for change in (
        {"fingerprint": "g"},
        {"names": sidecar["names"][1:]},
        {"names": sidecar["names"][::-1]},
        {"rejects": [{"triplet": "another"}]},
    ):
        assert not shard_writing.is_sidecar_of(sidecar | change, task)
    assert not shard_writing.is_sidecar_of({}, task)


def test_an_empty_shard_is_a_file_of_no_bytes(task):
    sidecar = write_shard(dataclasses.replace(task, triplets=()))
    assert sidecar["records"] == 0 and os.path.getsize(task.path) == 0
