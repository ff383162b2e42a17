import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from frame_interpolation import errors
from frame_interpolation.datasets import moving_layers, natural_motion, photographs, triplet_folder

_PROGRAM = [sys.executable, "-m", "frame_interpolation.datasets.natural_motion"]


@pytest.fixture(scope="module")
def photograph_dir(tmp_path_factory) -> pathlib.Path:
    """Twelve smooth random pictures, some of each split."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for i in range(12):
        noise = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
        noise.resize((160, 120), Image.Resampling.BICUBIC).save(folder / f"picture {i}.png")
    assert len({photographs.split_of(p.name) for p in folder.iterdir()}) == 2
    return folder


def _files(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _run(photograph_dir, output_dir, **options):
    defaults = {"triplets": 3, "size": 32}
    return natural_motion.run(
        photograph_dir=photograph_dir, output_dir=output_dir, **(defaults | options)
    )


def test_writes_what_the_triplet_folder_dataset_reads(photograph_dir, tmp_path):
    assert _run(photograph_dir, tmp_path) == 3
    triplets = triplet_folder.list_triplets(str(tmp_path))
    assert [t.name for t in triplets] == ["000000", "000001", "000002"]
    for triplet in triplets:
        assert not triplet.defect
        assert [pathlib.Path(f).name for f in triplet.frames] == list(natural_motion.FRAME_NAMES)
        for frame in triplet.frames:
            with Image.open(frame) as image:
                assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (32, 32))
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_the_number_of_workers_changes_nothing(photograph_dir, tmp_path):
    _run(photograph_dir, tmp_path / "one", triplets=10)
    _run(photograph_dir, tmp_path / "two", triplets=10, workers=2)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_triplets_differ_by_index_seed_and_split(photograph_dir, tmp_path):
    _run(photograph_dir, tmp_path / "a", triplets=2)
    _run(photograph_dir, tmp_path / "b", triplets=1, seed=1)
    _run(photograph_dir, tmp_path / "c", triplets=1, split="test")
    frames = {
        path.read_bytes()
        for path in (
            tmp_path / "a/000000/frame1.jpg",
            tmp_path / "a/000001/frame1.jpg",
            tmp_path / "b/000000/frame1.jpg",
            tmp_path / "c/000000/frame1.jpg",
        )
    }
    assert len(frames) == 4


@pytest.mark.parametrize("split", photographs.SPLITS)
def test_a_split_reads_its_own_photographs_only(photograph_dir, tmp_path, monkeypatch, split):
    read = []
    real = photographs.read_photograph
    monkeypatch.setattr(photographs, "read_photograph", lambda p: read.append(p) or real(p))
    _run(photograph_dir, tmp_path, split=split)
    assert read
    assert {photographs.split_of(path.name) for path in read} == {split}
    settings = json.loads((tmp_path / natural_motion.SETTINGS_NAME).read_text())
    assert {photographs.split_of(name) for name in settings["photographs"]} == {split}


def test_a_stopped_run_goes_on_and_gives_the_same(photograph_dir, tmp_path, monkeypatch):
    _run(photograph_dir, tmp_path / "whole")
    real, calls = moving_layers.render_triplet, []

    def stop_at_the_second(scene):
        calls.append(scene)
        frames = real(scene)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return frames

    with monkeypatch.context() as patch:
        patch.setattr(moving_layers, "render_triplet", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            _run(photograph_dir, tmp_path / "parts")
    assert len(triplet_folder.list_triplets(str(tmp_path / "parts"))) == 1
    assert _run(photograph_dir, tmp_path / "parts") == 2
    assert _files(tmp_path / "whole") == _files(tmp_path / "parts")


def test_more_triplets_extend_a_folder(photograph_dir, tmp_path):
    _run(photograph_dir, tmp_path, triplets=1)
    assert _run(photograph_dir, tmp_path, triplets=3) == 2


def test_a_folder_of_other_settings_is_refused(photograph_dir, tmp_path):
    _run(photograph_dir, tmp_path, triplets=1)
    before = _files(tmp_path)
    with pytest.raises(errors.InputError, match="other settings or photographs"):
        _run(photograph_dir, tmp_path, seed=7)
    assert _files(tmp_path) == before


def test_a_folder_of_something_else_is_refused(photograph_dir, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(errors.InputError, match="is not empty"):
        _run(photograph_dir, tmp_path)
    assert list(_files(tmp_path)) == ["letter.txt"]


def test_a_bad_photograph_folder_is_one_sentence_and_status_1(tmp_path):
    command = [*_PROGRAM, f"--photographs={tmp_path / 'none'}", f"--output_dir={tmp_path / 'out'}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "is not a folder" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_input_error_passes_from_the_worker_processes(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    (folder / "flower.jpg").write_bytes(b"\xff\xd8 cut")
    with pytest.raises(errors.InputError, match=r"flower\.jpg cannot be read as an image"):
        _run(folder, tmp_path / "out", triplets=2, workers=2)
