"""Tests of the sample dataset: its layout, annotations, determinism and refusals."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atd12k import annotations, file_layout, sample
from atd12k.cartoon import editing, films
from atd12k.errors import DatasetError

TRAIN, TEST = 3, 3


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample") / "tree"
    seen = []
    drawn = sample.draw_tree(
        root,
        seed=3,
        train_triplets=TRAIN,
        test_triplets=TEST,
        sizes=[(160, 90), (192, 128)],
        workers=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(k, TRAIN + TEST) for k in range(1, TRAIN + TEST + 1)]
    return root, drawn


def _contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def _frames(root: Path, folder: str, name: str) -> list[np.ndarray]:
    paths = sorted((root / folder / name).iterdir())
    return [np.asarray(Image.open(path)).astype(int) for path in paths]


def test_layout_is_that_of_the_dataset(tree):
    root, drawn = tree
    train = file_layout.list_triplets(str(root), file_layout.TRAIN_FOLDER)
    test = file_layout.list_triplets(str(root), file_layout.TEST_FOLDERS["540p"])
    assert {t.name for t in train} == {d.name for d in drawn if d.split == "train"}
    assert {t.name for t in test} == {d.name for d in drawn if d.split == "test"}
    assert (len(train), len(test)) == (TRAIN, TEST)
    assert not any(t.defect for t in [*train, *test])
    assert all(t.frames[1].endswith("frame2.jpg") for t in train)
    assert all(t.frames[1].endswith("frame2.png") for t in test)
    assert {path.name for path in root.iterdir()} == {
        "train_10k",
        "test_2k_540p",
        "test_2k_annotations",
    }
    assert [path.name for path in root.parent.iterdir()] == ["tree"]


def test_names_are_of_the_sample_and_films_are_not_shared(tree):
    _, drawn = tree
    for triplet in drawn:
        assert re.fullmatch(r"Sample_v1_\d_\d{6}_s[123]", triplet.name)
        assert file_layout.film_of(triplet.name) == triplet.film
        assert not file_layout.is_published_name(triplet.name)
    train = {t.film for t in drawn if t.split == "train"}
    test = {t.film for t in drawn if t.split == "test"}
    assert len(train) == 3 and len(test) == 3 and not train & test


def test_frames_have_the_sizes_asked_for(tree):
    root, drawn = tree
    sizes = set()
    for triplet in drawn:
        folder = file_layout.TRAIN_FOLDER if triplet.split == "train" else "test_2k_540p"
        frames = _frames(root, folder, triplet.name)
        assert len(frames) == 3 and len({frame.shape for frame in frames}) == 1
        (sizes.add if triplet.split == "train" else lambda size: None)(frames[0].shape)
        if triplet.split == "test":
            assert frames[0].shape == (540, 960, 3)
    assert sizes == {(90, 160, 3), (128, 192, 3)}


def test_annotations_are_read_by_the_reader_and_lie_on_whole_pixels(tree):
    root, drawn = tree
    sizes = set()
    for triplet in (t for t in drawn if t.split == "test"):
        path = root / file_layout.ANNOTATION_FOLDER / triplet.name / f"{triplet.name}.json"
        content = json.loads(path.read_text())
        assert content["level"] == triplet.level
        assert content["behavior"] == triplet.behavior in annotations.BEHAVIORS
        assert content["general_motion_type"] in annotations.GENERAL_MOTION_TYPES
        width, height = content["image_size"]
        sizes.add((width, height))
        roi = content["motion_RoI"]
        assert roi["x"] >= 0 and roi["x"] + roi["width"] <= width
        assert roi["y"] >= 0 and roi["y"] + roi["height"] <= height
        scale_x, scale_y = width / 960, height / 540
        for key, scale in (("x", scale_x), ("width", scale_x), ("y", scale_y), ("height", scale_y)):
            assert int(roi[key] // scale) * scale == roi[key]
        assert roi["width"] * roi["height"] > 0
    assert sizes == {(1920, 1080), (1280, 720)}


def test_middle_frames_are_no_averages(tree):
    root, drawn = tree
    for triplet in (t for t in drawn if t.split == "test"):
        first, middle, last = _frames(root, "test_2k_540p", triplet.name)
        changed = (np.abs(first - last) > 40).any(axis=-1)
        assert changed.mean() > 0.001
        error = np.abs((first + last) / 2 - middle)[changed].mean()
        assert error > 8


@pytest.mark.slow
def test_same_seed_same_bytes_for_any_number_of_workers(tmp_path):
    arguments = {"train_triplets": 1, "test_triplets": 1, "sizes": [(160, 90)]}
    sample.draw_tree(tmp_path / "one", seed=5, workers=1, **arguments)
    sample.draw_tree(tmp_path / "two", seed=5, workers=2, **arguments)
    sample.draw_tree(tmp_path / "other", seed=6, workers=1, **arguments)
    one = _contents(tmp_path / "one")
    assert len(one) == 3 + 3 + 1
    assert one == _contents(tmp_path / "two")
    assert not set(one.values()) & set(_contents(tmp_path / "other").values())


def test_all_levels_occur_in_the_test_films():
    levels = Counter(
        editing.choose_take(film, number, seed=0).motion.level
        for film in films.TEST_FILMS
        for number in range(sample.DEFAULT_TEST_TRIPLETS // len(films.TEST_FILMS))
    )
    assert min(levels[level] for level in (0, 1, 2)) >= 3


@pytest.mark.slow
def test_all_levels_occur_in_the_training_films():
    levels = Counter(
        editing.choose_take(film, number, seed=0).motion.level
        for film in films.TRAIN_FILMS
        for number in range(sample.DEFAULT_TRAIN_TRIPLETS // len(films.TRAIN_FILMS))
    )
    assert min(levels[level] for level in (0, 1, 2)) >= 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train_triplets": -1}, "train_triplets is -1"),
        ({"test_triplets": 10_001}, "test_triplets is 10001"),
        ({"train_triplets": 0, "test_triplets": 0}, "nothing would be drawn"),
        ({"seed": -1}, "seed is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"sizes": []}, "no size"),
        ({"sizes": [(960, 540), (32, 540)]}, "size 32x540"),
        ({"sizes": [(1920, 100)]}, "size 1920x100"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, arguments, message):
    with pytest.raises(DatasetError, match=message):
        sample.draw_tree(tmp_path / "tree", **arguments)
    assert not list(tmp_path.iterdir())


def test_an_output_in_use_is_refused_and_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DatasetError, match="is a file"):
        sample.draw_tree(tmp_path / "file")
    with pytest.raises(DatasetError, match="is not empty"):
        sample.draw_tree(tmp_path)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_is_filled_and_nothing_half_done_stays(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    arguments = {"train_triplets": 2, "test_triplets": 0, "sizes": [(128, 72)], "workers": 1}
    with pytest.raises(KeyboardInterrupt):
        sample.draw_tree(root, progress=stop, **arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["tree"] and not list(root.iterdir())
    sample.draw_tree(root, **arguments)
    assert len(list((root / "train_10k").iterdir())) == 2


def test_the_program_says_in_one_line_what_is_wrong(tmp_path):
    (tmp_path / "file").write_text("mine")
    command = [sys.executable, "-m", "atd12k.sample", "--output_dir"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"error: .* is not empty; .*\n", done.stderr)
    done = subprocess.run(
        [*command, str(tmp_path / "file" / "tree")], capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stderr.startswith("error: File exists: ")
    assert "Traceback" not in done.stderr


def test_main_draws_and_counts(tmp_path, capsys):
    arguments = ["--output_dir", str(tmp_path / "tree"), "--train_triplets", "1"]
    arguments += ["--test_triplets", "0", "--size", "128x72", "--workers", "1"]
    assert sample.main(arguments) == 0
    assert re.match(r"train: \d easy, \d medium, \d hard", capsys.readouterr().out)
    with pytest.raises(SystemExit, match="2"):
        sample.main(["--output_dir", "x", "--size", "large"])
