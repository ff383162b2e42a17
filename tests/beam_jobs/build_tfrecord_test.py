import hashlib
import json
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from atd12k.errors import DatasetError
from beam_jobs.build_tfrecord import build_tfrecord
from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]


def command(*arguments, python_flags=(), **options):
    return subprocess.run(
        [sys.executable, *python_flags, "-m", "beam_jobs.build_tfrecord", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        **options,
    )


def arguments(root, output, split="train", **flags):
    values = {
        "dataset": "atd12k",
        "input_dir": root,
        "split": split,
        "output_tfrecord_filepath": output,
        "num_shards": 2,
    } | flags
    return [f"--{name}={value}" for name, value in values.items()]


def build(root, output, split="train", **options):
    return build_tfrecord(
        **{"dataset": "atd12k", "input_dir": str(root), "split": split, "output": str(output)}
        | {"num_shards": 2}
        | options
    )


def shards(output):
    return {
        path.name.replace(output.name, "", 1): path.read_bytes()
        for path in output.parent.glob(f"{output.name}-*-of-*")
        if path.suffix != ".json"
    }


def test_the_three_splits_of_atd12k(atd12k_root, tmp_path):
    out = tmp_path / "out put"
    manifests = {
        split: build(atd12k_root, out / split, split) for split in ("train", "val", "test")
    }
    assert {s: m["records"] for s, m in manifests.items()} == {"train": 9, "val": 3, "test": 3}
    names = {}
    for split, manifest in manifests.items():
        index = tfrecord.build_index(f"{out / split}@2", allow_foreign=False)
        parsed = [tf_example.parse(record) for record in index]
        names[split] = [p["triplet/name"].numpy().decode() for p in parsed]
        assert names[split] == list(index.names) == manifest["names"] == sorted(names[split])
        assert (out / f"{split}.split-{split}.txt").read_text().split() == names[split]
        for entry, shard in zip(manifest["shards"], index.shards, strict=True):
            content = pathlib.Path(shard).read_bytes()
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        levels = sorted(int(p["annotation/level"]) for p in parsed)
        assert levels == ([0, 1, 2] if split == "test" else [-1] * len(parsed))
        assert {p["frame_1/format"].numpy() for p in parsed} == {
            b"png" if split == "test" else b"jpeg"
        }
        for p in parsed:
            assert {f.shape for f in tf_example.decode_frames(p).values()} == {(12, 16, 3)}
    films = [set(manifests["train"]["films"][split]) for split in ("train", "val")]
    assert not films[0] & films[1] and not set(names["train"]) & set(names["val"])
    assert manifests["test"]["films_shared_with_test"]


def test_a_missing_and_an_empty_root_are_named(tmp_path):
    with pytest.raises(DatasetError, match="no' is not a folder; expected the one that holds"):
        build(tmp_path / "no", tmp_path / "p")
    (tmp_path / "root").mkdir()
    with pytest.raises(DatasetError, match="no folder 'train_10k'; it holds nothing"):
        build(tmp_path / "root", tmp_path / "p")


def test_the_same_bytes_from_another_copy_of_the_dataset(atd12k_root, tmp_path):
    build(atd12k_root, tmp_path / "a")
    shutil.copytree(atd12k_root, tmp_path / "copy")
    build(tmp_path / "copy", tmp_path / "b")
    assert len(shards(tmp_path / "a")) == 2
    assert shards(tmp_path / "a") == shards(tmp_path / "b")


def test_triplet_folder(write_triplet, tmp_path):
    for name in ("ten 10", "two 2", "ö"):
        write_triplet(tmp_path / "in" / name, names=("10.png", "9.png", "11.png"))
    manifest = build(tmp_path / "in", tmp_path / "p", None, dataset="triplet_folder")
    assert manifest["names"] == ["ten 10", "two 2", "ö"] and manifest["split"] == "all"


def test_a_bad_triplet_fails_the_job_by_name_and_the_next_run_completes_it(atd12k_root, tmp_path):
    name = "Disney_v4_10_000001_s1"
    frame = atd12k_root / "train_10k" / name / "frame2.jpg"
    content = frame.read_bytes()
    frame.write_bytes(content[:-30])
    with pytest.raises(InputError, match=rf"1 of \d+ triplets.*{name}.*damaged.*--max_rejects=1"):
        build(atd12k_root, tmp_path / "p", validation_share=0.0)
    frame.write_bytes(content)
    manifest = build(atd12k_root, tmp_path / "p", validation_share=0.0)
    assert manifest["records"] == 12 and name in manifest["names"]


def test_grey_and_alpha_frames_are_converted(atd12k_root, tmp_path):
    folder = atd12k_root / "train_10k" / "Disney_v4_10_000001_s1"
    Image.new("L", (16, 12)).save(folder / "frame1.jpg")
    (folder / "frame3.jpg").unlink()
    Image.new("RGBA", (16, 12), (0, 0, 0, 0)).save(folder / "frame3.png")
    manifest = build(atd12k_root, tmp_path / "p", validation_share=0.0)
    assert manifest["conversions"] == {"alpha": 1, "greyscale": 1}
    index = tfrecord.build_index(f"{tmp_path}/p@2")
    parsed = tf_example.parse(index.read(index.names.index(folder.name)))
    assert (tf_example.decode_frames(parsed)["x1"].numpy() == 255).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_rejects": -1}, "--max_rejects"),
        ({"num_shards": 0}, "--num_shards"),
        ({"dataset": "vimeo"}, "--dataset"),
        ({"runner": "Nobody"}, "--runner"),
        ({"beam_flags": ["--nothing=1"]}, "--nothing"),
        ({"split": "dev"}, "--split"),
        ({"validation_share": 2.0}, "--validation_share"),
        ({"beam_flags": ["--max_reject=1"]}, "did you mean --max_rejects"),
    ],
)
def test_wrong_flags_leave_no_trace(atd12k_root, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        build(atd12k_root, tmp_path / "out" / "p", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_permission(atd12k_root, tmp_path, monkeypatch):
    from apache_beam.io.filesystems import FileSystems

    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(FileSystems, "create", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        build(atd12k_root, tmp_path / "p")


def test_the_command(atd12k_root, tmp_path):
    output = tmp_path / "out" / "train"
    flags = [*arguments(atd12k_root, output), "--direct_num_workers=1"]
    done = command(*flags, python_flags=["-X", "importtime"])
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "apache_beam" in imported and "tensorflow" not in imported
    assert f"{output}@2: 9 records" in done.stdout
    assert "train-00001-of-00002: 5 records, 0 rejects" in done.stderr
    again = command(*arguments(atd12k_root, output))
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith("error: ") and "finished" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_wrong_value_of_a_flag_is_one_line(tmp_path):
    done = command(*arguments(tmp_path, tmp_path / "p", num_shards="two"))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ") and "num_shards" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not pathlib.Path("/proc").is_dir(), reason="needs /proc")
def test_a_folder_in_which_nobody_may_write(atd12k_root):
    with pytest.raises(OSError) as caught:  # Not even root.
        build(atd12k_root, "/proc/p")
    assert caught.value.filename.startswith("/proc/p") and caught.value.strerror


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    atd12k_root, tmp_path, write_triplet
):
    write_triplet(atd12k_root / "train_10k" / "Disney_v4_1_000009_s1", size=(300, 300))

    def limit():
        # As on a disk that gets full: a write beyond 100 kB fails.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    flags = arguments(atd12k_root, tmp_path / "p", validation_share=0.0)
    done = command(*flags, preexec_fn=limit)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("of-00002: File too large.")
    left = [path.name for path in tmp_path.glob("p*")]
    assert "p.plan.json" in left and "p.manifest.json" not in left
    assert not [name for name in left if ".tmp-" in name]
    build(atd12k_root, tmp_path / "p", validation_share=0.0)
    assert len(tfrecord.build_index(f"{tmp_path}/p@2")) == 13


def test_help_is_quick_and_needs_neither_beam_nor_tensorflow():
    start = time.monotonic()
    done = command("--help")
    assert done.returncode == 0 and "--validation_share" in done.stdout
    assert time.monotonic() - start < 2


@pytest.mark.slow
def test_several_processes_and_one_write_the_same_bytes(atd12k_root, tmp_path):
    flags = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    done = command(*arguments(atd12k_root, tmp_path / "a"), *flags)
    assert done.returncode == 0, done.stderr
    build(atd12k_root, tmp_path / "b")
    assert shards(tmp_path / "a") == shards(tmp_path / "b") != {}
    for name in ("-00000-of-00002.json", "-00001-of-00002.json"):
        sidecars = [json.loads((tmp_path / f"{p}{name}").read_text()) for p in "ab"]
        assert sidecars[0] == sidecars[1]
