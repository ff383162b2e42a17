import io
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from beam_jobs import statistics_report, triplet_statistics
from beam_jobs.build_tfrecord import build_tfrecord
from beam_jobs.dataset_statistics import dataset_statistics
from frame_interpolation.datasets.frame_options import FrameError
from frame_interpolation.datasets.triplet import natural_key
from frame_interpolation.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]


def encoded(pixels, image_format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format, **options)
    return file.getvalue()


def panned(step_px, size=(360, 640), brightness=1.0):
    """Three frames of smooth noise that moves to the right by a number of pixels a frame."""
    height, width = size
    noise = np.random.default_rng(0).normal(size=(height // 4, (width + 200) // 4))
    texture = ndimage.zoom(ndimage.gaussian_filter(noise, 1.5), 4, order=1)
    texture = (128 + 100 * texture / np.abs(texture).max()).astype(np.uint8)
    frames = [texture[:height, 100 - k * step_px : 100 - k * step_px + width] for k in (0, 1, 2)]
    return [(brightness * np.stack([frame] * 3, -1)).astype(np.uint8) for frame in frames]


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_a_known_motion_in_pixels_of_the_frames(image_format):
    measured = triplet_statistics.measure([encoded(f, image_format) for f in panned(10)])
    assert (measured["width"], measured["height"]) == (640, 360)
    assert measured["motion_mean_px"] == pytest.approx(20, abs=1.5)
    assert measured["motion_p95_px"] == pytest.approx(20, abs=2)
    assert measured["motion_p95_share"] == pytest.approx(20 / 640, abs=0.003)
    assert measured["moving_share"] > 0.95 and measured["at_limit_share"] < 0.05
    assert measured["brightness"] == pytest.approx(0.5, abs=0.05)
    assert measured["ssim"] < 0.9


def test_equal_frames_and_a_change_of_brightness():
    still = encoded(panned(0)[0])
    measured = triplet_statistics.measure([still] * 3)
    assert measured["ssim"] == 1.0 and measured["brightness_change"] == 0.0
    assert measured["motion_mean_px"] == measured["moving_share"] == 0.0
    darker = encoded(panned(0, brightness=0.5)[0])
    change = triplet_statistics.measure([still, still, darker])["brightness_change"]
    assert change == pytest.approx(-0.25, abs=0.02)


def test_small_and_bad_frames():
    tiny = encoded(np.zeros((5, 7, 3), np.uint8))
    assert triplet_statistics.measure([tiny] * 3)["ssim"] is None
    with pytest.raises(FrameError, match="7x5, 7x5, 640x360"):
        triplet_statistics.measure([tiny, tiny, encoded(panned(0)[0])])
    with pytest.raises(FrameError, match="frame_1 is no image"):
        triplet_statistics.measure([tiny, b"", tiny])
    with pytest.raises(FrameError, match="frame_0 is damaged"):
        cut = encoded(panned(0)[0], "JPEG")[:2000]
        triplet_statistics.measure([cut, encoded(panned(0)[0]), encoded(panned(0)[0])])


def rows(values):
    row = {"width": 4, "height": 3} | dict.fromkeys(triplet_statistics.METRICS, 0.5)
    return [row | {"motion_p95_px": float(value)} for value in values]


def test_the_summary():
    measured = rows(range(101))
    measured[0] |= {"ssim": None, "width": 8}
    summary = statistics_report.summarise(measured)
    motion = summary["motion_p95_px"]
    assert (motion["count"], motion["mean"], motion["min"], motion["max"]) == (101, 50, 0, 100)
    assert [motion[f"p{p}"] for p in (5, 25, 50, 75, 95)] == [5, 25, 50, 75, 95]
    assert summary["ssim"]["count"] == 100
    assert summary["sizes"] == {"4x3": 100, "8x3": 1}
    nothing = statistics_report.summarise([row | {"ssim": None} for row in measured])
    assert nothing["ssim"] == {"count": 0}


@pytest.mark.parametrize("ssim", [0.5, None])
def test_the_page_is_a_picture(ssim):
    measured = [row | {"ssim": ssim} for row in rows(range(20))]
    page = statistics_report.draw(measured, statistics_report.summarise(measured), title="ö")
    with Image.open(io.BytesIO(page)) as image:
        assert image.format == "PNG" and image.size == (1400, 800)


def test_a_dataset_and_its_records_measure_the_same(atd12k_root, tmp_path):
    of_files = dataset_statistics(
        dataset="atd12k", input_dir=str(atd12k_root), split="test", output=str(tmp_path / "a" / "s")
    )
    assert of_files["measured"] == 3 and of_files["summary"]["sizes"] == {"16x12": 3}
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["s.json", "s.png"]
    assert json.loads((tmp_path / "a" / "s.json").read_text()) == of_files
    build_tfrecord(
        dataset="atd12k", input_dir=str(atd12k_root), split="test", output=str(tmp_path / "test")
    )
    of_records = dataset_statistics(records=f"{tmp_path}/test@1", output=str(tmp_path / "b"))
    assert of_records["triplets"] == of_files["triplets"]
    assert of_records["source"] == {"records": f"{tmp_path}/test@1"}


def test_rejects_limits_and_overwriting(atd12k_root, tmp_path):
    names = [path.name for path in (atd12k_root / "train_10k").iterdir()]
    names.sort(key=natural_key)
    (atd12k_root / "train_10k" / names[0] / "frame1.jpg").write_bytes(b"")
    (atd12k_root / "train_10k" / names[4] / "frame2.jpg").unlink()
    common = {
        "dataset": "triplet_folder",
        "input_dir": str(atd12k_root / "train_10k"),
        "output": str(tmp_path / "s"),
    }
    statistics = dataset_statistics(**common, max_triplets=3)
    assert [row["name"] for row in statistics["triplets"]] == [names[8]]
    assert [reject["triplet"] for reject in statistics["rejects"]] == [names[0], names[4]]
    assert [reject["reason"] for reject in statistics["rejects"]] == [
        "damaged_frame",
        "not_three_frames",
    ]
    with pytest.raises(InputError, match=r"s\.json' is there already; pass --overwrite"):
        dataset_statistics(**common)
    assert dataset_statistics(**common, overwrite=True)["measured"] == 10
    with pytest.raises(InputError, match=f"none of 1 triplets can be measured.*{names[0]}"):
        dataset_statistics(**common, overwrite=True, max_triplets=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either --records or --dataset"),
        ({"records": "a@1", "dataset": "xiph"}, "either --records or --dataset"),
        ({"records": "a@1", "split": "test"}, "--input_dir and --split are of --dataset"),
        ({"dataset": "xiph"}, "--dataset needs --input_dir"),
        ({"records": "/nowhere/a@1"}, "lacks 1 of 1 shards"),
        ({"dataset": "xiph", "input_dir": "/nowhere"}, "is not a folder"),
        ({"max_triplets": -1}, "--max_triplets is -1"),
        ({"workers": 0}, "--workers is 0"),
    ],
)
def test_wrong_flags_leave_no_trace(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        dataset_statistics(output=str(tmp_path / "out" / "s"), **options)
    assert not (tmp_path / "out").exists()


def test_the_command(atd12k_root, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "beam_jobs.dataset_statistics", "--dataset=triplet_folder"),
            *(f"--input_dir={atd12k_root}/train_10k", f"--output={tmp_path}/s"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "12 triplets, 0 rejects" in done.stdout and "sizes: 12 of 16x12" in done.stdout
