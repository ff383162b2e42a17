import hashlib
import json
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from atd12k.errors import DatasetError
from beam_jobs.build_tfrecord import build_tfrecord
from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.eval import protocols

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


def decoded(output, name):
    index = tfrecord.build_index(f"{output}@2", allow_foreign=False)
    parsed = tf_example.parse(index.read(index.names.index(name)))
    return parsed, tf_example.decode_frames(parsed)


def test_vimeo90k_with_a_triplet_that_is_not_there(write_triplet, tmp_path):
    root, names = tmp_path / "in", ("im1.png", "im2.png", "im3.png")
    for name in ("00001/0002", "00002/0002"):
        write_triplet(root / "sequences" / name, names=names)
    (root / "tri_testlist.txt").write_text("00001/0002\r\n\r\n00001/0003\r\n00002/0002\r\n")
    with pytest.raises(InputError, match=r"1 of 3 .*'00001/0003': missing_frame, 'im1.png'"):
        build(root, tmp_path / "p", "test", dataset="vimeo90k")
    manifest = build(root, tmp_path / "p", "test", dataset="vimeo90k", max_rejects=1)
    assert manifest["names"] == ["00001/0002", "00002/0002"]
    assert manifest["rejects"] == {"missing_frame": 1}
    (line,) = (tmp_path / "p.rejects.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "triplet": "00001/0003", "reason": "missing_frame", "detail": "'im1.png' is missing"
    }  # fmt: skip
    parsed, _ = decoded(tmp_path / "p", "00002/0002")
    assert parsed["path"].numpy() == b"sequences/00002/0002"


def test_middlebury_and_ucf101(write_triplet, tmp_path):
    root = tmp_path / "middlebury"
    write_triplet(root / "other-data" / "Venus", names=("frame10.png", "frame11.png"))
    write_triplet(root / "other-gt-interp" / "Venus", names=("frame10i11.png",), seed=1)
    assert build(root, tmp_path / "m", None, dataset="middlebury")["names"] == ["Venus"]
    parsed, _ = decoded(tmp_path / "m", "Venus")
    middle = (root / "other-gt-interp" / "Venus" / "frame10i11.png").read_bytes()
    assert parsed["frame_1/encoded"].numpy() == middle
    for n in ("2", "10"):
        names = ("frame_00.png", "frame_01_gt.png", "frame_01_ours.png", "frame_02.png")
        write_triplet(tmp_path / "ucf" / n, names=names)
    assert build(tmp_path / "ucf", tmp_path / "u", None, dataset="ucf101")["names"] == ["2", "10"]


def test_xiph_2k_and_4k(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (800, 4, 8, 3), np.uint8)
    (tmp_path / "in").mkdir()
    for i, frame in enumerate(pixels):
        Image.fromarray(frame).save(tmp_path / "in" / f"{i:03d}.png", compress_level=0)
    manifest = build(tmp_path / "in", tmp_path / "2k", None, dataset="xiph")
    assert manifest["records"] == 392 and manifest["options"]["scale_factor"] == 2
    light = (pixels / 255.0) ** 2.2
    means = light.reshape(800, 2, 2, 4, 2, 3).mean((2, 4)) ** (1 / 2.2) * 255
    _, frames = decoded(tmp_path / "2k", "103")  # The 2nd triplet of the 2nd clip.
    for key, number in (("x0", 102), ("y", 103), ("x1", 104)):
        assert np.abs(frames[key].numpy() - means[number]).max() < 0.51
    manifest = build(
        tmp_path / "in", tmp_path / "4k", None, dataset="xiph", scale_factor=1, center_crop_factor=2
    )
    assert "scale_factor" not in manifest["options"]
    _, frames = decoded(tmp_path / "4k", "103")
    np.testing.assert_array_equal(frames["y"], pixels[103, 1:3, 2:6])


def test_resized_frames_keep_their_annotation_in_original_pixels(atd12k_root, tmp_path):
    build(atd12k_root, tmp_path / "a", "test", test_frames="original", resize="16x10")
    build(atd12k_root, tmp_path / "b", "test", test_frames="original")
    name = "Disney_v4_2_000102_s1"
    (resized, frames), (original, _) = (decoded(tmp_path / p, name) for p in "ab")
    assert frames["y"].shape == (10, 16, 3) and resized["frame_1/format"].numpy() == b"png"
    assert (resized["frame_1/width"].numpy(), resized["frame_1/height"].numpy()) == (16, 10)
    for key in ("annotation/motion_roi", "annotation/image_size"):
        np.testing.assert_array_equal(resized[key], original[key])
    # The protocol's rule gives the same box on frames of this size, whatever they were before.
    box = protocols.scale_region(
        resized["annotation/motion_roi"].numpy(), resized["annotation/image_size"].numpy(), (16, 10)
    )
    assert box == (0, 0, 5, 3)  # (1, 2, 10, 9) of 32x24, floored by 2 and 2.4.


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, b"jpeg"), ({"encoding": "png"}, b"png"), ({"encoding": "webp", "quality": 100}, b"webp")],
)
def test_lossless_encodings_hold_the_same_pixels(atd12k_root, tmp_path, options, expected):
    name = "Japan_v2_0_000000_s1"
    manifest = build(atd12k_root, tmp_path / "p", validation_share=0.0, **options)
    assert manifest["options"]["encoding"] == options.get("encoding", "keep")
    parsed, frames = decoded(tmp_path / "p", name)
    assert {parsed[f"frame_{i}/format"].numpy() for i in range(3)} == {expected}
    with Image.open(atd12k_root / "train_10k" / name / "frame2.jpg") as image:
        pillow = np.asarray(image)
    # TensorFlow's decoder of JPEG and Pillow's differ a little.
    difference = np.abs(frames["y"].numpy().astype(int) - pillow)
    assert difference.max() <= (9 if expected == b"jpeg" else 0)


def test_other_options_on_the_same_path_are_refused(atd12k_root, tmp_path):
    frame = atd12k_root / "train_10k" / "Disney_v4_10_000001_s1" / "frame2.jpg"
    content = frame.read_bytes()
    frame.write_bytes(b"")
    common = {"root": atd12k_root, "output": tmp_path / "p", "validation_share": 0.0}
    with pytest.raises(InputError, match="--max_rejects"):
        build(**common, encoding="jpeg", quality=90)
    frame.write_bytes(content)
    for options in ({}, {"encoding": "jpeg"}, {"encoding": "jpeg", "quality": 90, "resize": "8x6"}):
        with pytest.raises(InputError, match=r"unfinished output with options \{.*'quality': 90"):
            build(**common, **options)
    assert build(**common, encoding="jpeg", quality=90)["records"] == 12
    with pytest.raises(InputError, match=r"is finished.*'quality': 90.* instead of"):
        build(**common)
    assert build(**common, overwrite=True)["options"]["encoding"] == "keep"


@pytest.mark.slow
def test_two_jobs_at_once_on_one_path_do_not_mix(atd12k_root, tmp_path):
    encodings = ("png", "jpeg")
    jobs = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "beam_jobs.build_tfrecord", f"--encoding={encoding}"),
                *arguments(atd12k_root, tmp_path / "p"),
            ],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for encoding in encodings
    ]
    errors = [job.communicate()[1] for job in jobs]
    statuses = [job.returncode for job in jobs]
    assert sorted(statuses) == [0, 1], errors
    winner = encodings[statuses.index(0)]
    refusal = errors[statuses.index(1)].splitlines()[-1]
    assert refusal.startswith("error: ")
    assert "another job (process" in refusal or "is finished" in refusal
    index = tfrecord.build_index(f"{tmp_path}/p@2", allow_foreign=False)
    formats = {tf_example.parse(record)["frame_1/format"].numpy().decode() for record in index}
    assert formats == {winner} and index.manifest["options"]["encoding"] == winner
    assert not [
        path.name for path in tmp_path.iterdir() if "lock" in path.name or "tmp" in path.name
    ]


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
        ({"encoding": "bmp"}, "--encoding"),
        ({"quality": 80}, "--quality=80 has no meaning"),
        ({"resize": "960"}, "--resize is '960'"),
        ({"workers": 0}, "--workers"),
        ({"split": "test", "center_crop_factor": 2}, "--center_crop_factor=2 would leave"),
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


@pytest.mark.slow
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
    done = command(*arguments(atd12k_root, tmp_path / "a"), "--workers=2")
    assert done.returncode == 0, done.stderr
    build(atd12k_root, tmp_path / "b")
    assert shards(tmp_path / "a") == shards(tmp_path / "b") != {}
    for name in ("-00000-of-00002.json", "-00001-of-00002.json"):
        sidecars = [json.loads((tmp_path / f"{p}{name}").read_text()) for p in "ab"]
        assert sidecars[0] == sidecars[1]
