"""Every shipped evaluation on the layout of its dataset: image files and records, equal scores."""

import io
import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from atd12k.errors import DatasetError
from frame_interpolation.errors import InputError
from frame_interpolation.eval import eval_cli

_ROOT = pathlib.Path(__file__).parents[3]
_EVALUATIONS = _ROOT / "gin_configs" / "eval"


def _frame(seed, position, size):
    random = np.random.default_rng(seed)
    ground = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
    frame = np.asarray(ground.resize(size, Image.Resampling.BICUBIC)).copy()
    left = 2 + 2 * position
    frame[3 : size[1] // 2, left : left + size[0] // 3] = (230, 60 + 20 * (seed % 8), 30)
    return Image.fromarray(frame)


def _save_triplet(files, seed, size=(40, 32)):
    for position, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        _frame(seed, position, size).save(file)


def _make_atd12k(root, *, annotated=True):
    for i in range(3):
        name = f"Disney_v4_{i % 2}_00000{i}_s1"
        for folder, suffix, size in (
            ("test_2k_540p", "png", (96, 54)),
            ("test_2k_original", "jpg", (128, 72)),
        ):
            files = [root / folder / name / f"frame{k}.{suffix}" for k in (1, 2, 3)]
            _save_triplet(files, i, size)
        if annotated:
            annotation = root / "test_2k_annotations" / name / f"{name}.json"
            annotation.parent.mkdir(parents=True)
            roi = {"x": 4.7, "y": 3.1, "width": 60.3, "height": 40.9}
            content = {"level": i, "motion_RoI": roi, "image_size": [128, 72]}
            annotation.write_text(json.dumps(content))


def _make_vimeo90k(root):
    (root / "tri_testlist.txt").parent.mkdir(parents=True)
    (root / "tri_testlist.txt").write_text("00001/0003\n00002/0003\n")
    for i, name in enumerate(("00001/0003", "00002/0003")):
        _save_triplet([root / "sequences" / name / f"im{k}.png" for k in (1, 2, 3)], i)


def _make_middlebury(root):
    for i, scene in enumerate(("Beanbags", "Walking")):
        outer, middle = root / "other-data" / scene, root / "other-gt-interp" / scene
        files = [outer / "frame10.png", middle / "frame10i11.png", outer / "frame11.png"]
        _save_triplet(files, i, (40 + 2 * i, 32))


def _make_ucf101(root):
    for i in (1, 2):
        files = ("frame_00.png", "frame_01_gt.png", "frame_02.png", "frame_01_ours.png")
        _save_triplet([root / str(i) / file for file in files], i)


def _make_xiph(root):
    root.mkdir()
    for clip in range(8):
        pictures = [_frame(clip, position, (48, 40)) for position in range(3)]
        for i in range(100):
            pictures[i % 3].save(root / f"Clip{chr(65 + clip)}-{i + 1:03d}.png", compress_level=1)


def _make_triplet_folder(root):
    for i in range(2):
        _save_triplet([root / "film" / f"t{i}" / f"{k}.jpg" for k in range(3)], i)


# By the gin file: the dataset, how its tree is made, and further flags of both programs.
_CASES = {
    "atd12k_test": ("atd12k", _make_atd12k, {"test_frames": "original"}),
    "vimeo90k": ("vimeo90k", _make_vimeo90k, {}),
    "middlebury": ("middlebury", _make_middlebury, {}),
    "ucf101": ("ucf101", _make_ucf101, {}),
    "xiph_2k": ("xiph", _make_xiph, {}),
    "xiph_4k": ("xiph", _make_xiph, {"scale_factor": 1, "center_crop_factor": 2}),
    "natural_motion": ("triplet_folder", _make_triplet_folder, {}),
}


def _evaluate(name, tmp_path, place, **choices):
    bindings = ["evaluation.max_examples = 3", *choices.pop("gin_bindings", ())]
    return eval_cli.run(
        gin_config=str(_EVALUATIONS / f"{name}.gin"),
        gin_bindings=bindings,
        output_dir=str(tmp_path / place),
        **{"baseline": "average", **choices},
    )


def _build(root, output, dataset, **options):
    from beam_jobs.build_tfrecord import build_tfrecord

    split = {"split": "test"} if dataset in ("atd12k", "vimeo90k") else {}
    manifest = build_tfrecord(
        dataset=dataset, input_dir=str(root), output=str(output), num_shards=2, **split, **options
    )
    return [f"evaluation.tfrecord = '{output}@2'"], manifest


def test_every_shipped_evaluation_has_a_case():
    assert {path.stem for path in _EVALUATIONS.glob("*.gin")} == set(_CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", _CASES)
def test_image_files_and_records_give_the_same_scores(tmp_path, name):
    dataset, make, flags = _CASES[name]
    make(tmp_path / "tree")
    files, folder = _evaluate(
        name, tmp_path, "files", dataset=dataset, input_dir=str(tmp_path / "tree"), **flags
    )
    bindings, manifest = _build(tmp_path / "tree", tmp_path / "records", dataset, **flags)
    records, _ = _evaluate(name, tmp_path, "records", gin_bindings=bindings)
    assert [t.values for t in files.triplets] == [t.values for t in records.triplets]
    same = ("name", "key", "film", "level", "roi", "frame_size", "frame_marks", "measures")
    for one, other in zip(files.triplets, records.triplets, strict=True):
        assert [getattr(one, field) for field in same] == [getattr(other, field) for field in same]
    assert files.dataset["records"] == records.dataset["records"] == manifest["records"]
    assert all(triplet.values["psnr"] is not None for triplet in files.triplets)
    assert (folder / "results.csv").read_bytes() == (
        tmp_path / "records" / "batch_eval" / folder.name / "results.csv"
    ).read_bytes()

    # What the results say of the data.
    assert records.dataset["dataset"] == files.dataset["dataset"] == dataset
    assert records.dataset["split"] == files.dataset["split"]
    shards = records.dataset["shards"]
    assert [shard["sha256"] for shard in shards.values()] == [
        shard["sha256"] for shard in manifest["shards"]
    ]
    assert sum(shard["records"] for shard in shards.values()) == manifest["records"]
    readme = (tmp_path / "records" / "batch_eval" / folder.name / "readme.txt").read_text()
    for name, shard in shards.items():
        assert f"    {name}: {shard}\n" in readme
    for version in ("python", "tensorflow", "numpy", "pillow", "opencv-python-headless"):
        assert files.environment[version] not in ("", "unknown")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "webp", "quality": 100},
        {"encoding": "webp", "quality": 90},
        {"encoding": "jpeg"},
        {"resize": "24x20"},
        {"resize": "20x16", "encoding": "png"},
    ],
    ids=str,
)
def test_resized_and_recoded_records(tmp_path, options):
    _make_vimeo90k(tmp_path / "tree")
    bindings, _ = _build(tmp_path / "tree", tmp_path / "records", "vimeo90k", **options)
    coded, _ = _evaluate("vimeo90k", tmp_path, "coded", gin_bindings=bindings)
    plain, _ = _evaluate(
        "vimeo90k", tmp_path, "plain", dataset="vimeo90k", input_dir=str(tmp_path / "tree")
    )
    size = tuple(map(int, options.get("resize", "40x32").split("x")))
    assert [triplet.frame_size for triplet in coded.triplets] == [size] * 2
    exact = [t.values for t in coded.triplets] == [t.values for t in plain.triplets]
    assert exact == (options.get("quality") == 100)
    assert coded.dataset["options"]["encoding"] == options.get("encoding", "keep")


@pytest.mark.slow
def test_both_sizes_of_atd12k_are_scored_at_960x540(tmp_path):
    _make_atd12k(tmp_path / "tree")
    for test_frames in ("540p", "test_2k_original"):
        results, _ = _evaluate(
            "atd12k_test", tmp_path, test_frames, input_dir=str(tmp_path / "tree"),
            test_frames=test_frames,
        )  # fmt: skip
        assert [triplet.frame_size for triplet in results.triplets] == [(960, 540)] * 3
        # int(4.7 // (128 / 960)) and so on; float32, as in records, changes none of them here.
        assert [triplet.roi for triplet in results.triplets] == [(35, 23, 452, 306)] * 3
        assert results.dataset["options"]["test_frames"] == test_frames.removeprefix("test_2k_")
        assert not any(
            triplet.remarks and "annot" in triplet.remarks[0] for triplet in results.triplets
        )


def test_a_copy_without_annotations(tmp_path):
    _make_atd12k(tmp_path / "tree", annotated=False)
    arguments = {"input_dir": str(tmp_path / "tree")}
    with pytest.raises(DatasetError, match=r"no folder 'test_2k_annotations'.*--allow_missing_ann"):
        _evaluate("atd12k_test", tmp_path, "a", **arguments)
    arguments["allow_missing_annotations"] = True
    with pytest.raises(InputError, match=r"none of the 3 triplets has an.*metrics = \['psnr'"):
        _evaluate("atd12k_test", tmp_path, "b", **arguments)
    results, _ = _evaluate(
        "atd12k_test", tmp_path, "c", gin_bindings=["evaluation.metrics = ['psnr']"], **arguments
    )
    assert [triplet.level for triplet in results.triplets] == [None] * 3


def test_a_copy_that_lacks_one_annotation(tmp_path, capsys):
    _make_atd12k(tmp_path / "tree")
    (file,) = (tmp_path / "tree" / "test_2k_annotations").glob("Disney_v4_1_*/*.json")
    file.unlink()
    arguments = {"input_dir": str(tmp_path / "tree")}
    with pytest.raises(DatasetError, match="Disney_v4_1_000001_s1"):
        _evaluate("atd12k_test", tmp_path, "a", **arguments)
    results, _ = _evaluate(
        "atd12k_test", tmp_path, "a", allow_missing_annotations=True, **arguments
    )
    assert [t.values["psnr_roi"] is None for t in results.triplets] == [False, False, True]
    assert results.groups["roi"].without_roi == 1
    assert "1 of 3 triplets have no region of interest" in capsys.readouterr().out


def test_jpeg_is_read_as_the_protocol_says(tmp_path):
    _make_atd12k(tmp_path / "tree")
    root = tmp_path / "tree"
    files = [
        [folder / f"frame{k}.jpg" for k in (1, 2, 3)]
        for folder in sorted((root / "test_2k_original").iterdir())
    ]

    def published_frame(file):
        return np.asarray(Image.open(file).resize((960, 540), Image.Resampling.LANCZOS))

    def film_frame(file):
        return tf.io.decode_image(file.read_bytes()).numpy()

    def psnr(first, middle, last):
        mean = (first / 255.0 + last / 255.0) / 2
        return -10 * np.log10(np.mean((mean - middle / 255.0) ** 2))

    arguments = {"input_dir": str(root), "test_frames": "original"}
    published, _ = _evaluate("atd12k_test", tmp_path, "published", **arguments)
    expected = [psnr(*map(published_frame, triplet)) for triplet in files]
    assert [t.values["psnr"] for t in published.triplets] == pytest.approx(expected, abs=1e-5)
    films, _ = _evaluate(
        "atd12k_test", tmp_path, "film", gin_bindings=["evaluation.protocol = 'film'"], **arguments
    )
    expected = [psnr(*map(film_frame, triplet)) for triplet in files]
    assert [t.values["psnr"] for t in films.triplets] == pytest.approx(expected, abs=1e-5)
    # The frames are known again all the same, as leakage has it.
    for one, other in zip(published.triplets, films.triplets, strict=True):
        assert one.frame_marks == other.frame_marks


def test_training_frames_of_atd12k_can_be_evaluated_without_records(tmp_path):
    for i, name in enumerate(("Disney_v4_0_000001_s1", "Japan_v2_0_000002_s1")):
        folder = tmp_path / "tree" / "train_10k" / name
        _save_triplet([folder / f"frame{k}.jpg" for k in (1, 2, 3)], i, (96, 54))
    results, _ = _evaluate(
        "atd12k_test", tmp_path, "out", input_dir=str(tmp_path / "tree"), split="train",
        gin_bindings=["evaluation.metrics = ['psnr']"],
    )  # fmt: skip
    assert results.dataset["split"] == "train" and 1 <= len(results.triplets) <= 2
    assert results.dataset["options"]["validation_share"] == 0.1


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"input_dir": "nowhere"}, DatasetError, "'nowhere' is not a folder"),
        ({"input_dir": ".", "dataset": "kitti"}, InputError, "'kitti', expected one of atd12k, "),
        ({"input_dir": ".", "split": "dev"}, InputError, "atd12k is 'dev', expected one of train"),
        ({"input_dir": ".", "test_frames": "4k"}, InputError, "'4k', expected one of 540p, orig"),
        (
            {"input_dir": ".", "dataset": "vimeo90k", "split": "val"},
            InputError,
            "'val', expected one of train, test",
        ),
    ],
)
def test_data_that_cannot_be_used(tmp_path, choices, error, message):
    with pytest.raises(error, match=message):
        _evaluate("atd12k_test", tmp_path, "out", **choices)


def test_a_stopped_evaluation_of_files_goes_on_and_changed_files_are_refused(tmp_path, monkeypatch):
    _make_atd12k(tmp_path / "tree")
    arguments = {"input_dir": str(tmp_path / "tree")}
    whole, _ = _evaluate("atd12k_test", tmp_path, "whole", **arguments)

    from frame_interpolation.eval.methods import floors

    calls = []

    def stops_at_the_third(x0, x1):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.5 * x0 + 0.5 * x1

    monkeypatch.setitem(floors.FLOORS, "average", stops_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        _evaluate("atd12k_test", tmp_path, "stopped", **arguments)
    results, _ = _evaluate("atd12k_test", tmp_path, "stopped", **arguments)
    # Both that were predicted before the interruption had been scored.
    assert results.triplets == whole.triplets and len(calls) == 4
    assert results.environment["resumed_after"] == 2

    file = next((tmp_path / "tree" / "test_2k_540p").glob("*/frame1.png"))
    _frame(77, 0, (96, 54)).save(file)
    with pytest.raises(InputError, match=r"records was .*--overwrite"):
        _evaluate("atd12k_test", tmp_path, "stopped", **arguments)


def test_progress_is_shown(tmp_path, monkeypatch):
    _make_atd12k(tmp_path / "tree")
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    _evaluate("atd12k_test", tmp_path, "out", input_dir=str(tmp_path / "tree"))
    assert "reading: 3/3" in stream.getvalue() and "evaluating: 3/3" in stream.getvalue()
    assert os.listdir(tmp_path / "out" / "batch_eval") == ["atd12k_test"]
