"""Evaluations from records to files: values, resuming, refusing, hostile names, bad records."""

import csv
import errno
import json
import math
import os

import numpy as np
import pytest

from frame_interpolation.datasets import tfrecord
from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results, evaluator, frame_store, metrics, protocols
from frame_interpolation.eval.evaluation_example import RecordSource

_ANNOTATION = Annotation(
    level=1,
    motion_roi=(2, 2, 20, 16),
    image_size=(32, 24),
    general_motion_type=("translation",),
    behavior=("walking", "eating"),
)
_HOSTILE = "<script>alert(1)</script>/../x y"


def _average(x0, x1):
    return 0.5 * x0 + 0.5 * x1


def _evaluate(tmp_path, records, interpolator=_average, **changes):
    arguments = {
        "source": RecordSource(records),
        "method": evaluator.Method(
            description={"kind": "callable", "fingerprint": "average"},
            load=lambda: evaluator.predictor_of(interpolator),
        ),
        "output_dir": tmp_path / "results",
        "experiment": "test",
        "protocol": protocols.find("film"),
        "metric_names": ("psnr", "l1"),
        "config": "experiment.name = 'test'\n",
    }
    return evaluator.evaluate(**{**arguments, **changes})


@pytest.fixture
def records(tmp_path, write_records):
    names = ["a", "b", "same", "same", _HOSTILE, "猫 walks"]
    triplets = [
        {
            "name": name,
            "path": f"test/folder/{'equal' if i % 2 else name.replace('/', '_')}",
            "annotation": Annotation(i % 3, (2, 2, 20 - 4 * (i == 5) * 3, 16), (32, 24)),
            "film": f"film_{i // 3}",
        }
        for i, name in enumerate(names)
    ]
    return write_records(tmp_path / "records", triplets)


def test_scores_and_files(tmp_path, records):
    names = ("l1", "psnr", "ssim", "psnr_roi", "ssim_roi")
    results, was_finished = _evaluate(tmp_path, records, metric_names=names)
    assert not was_finished
    folder = tmp_path / "results"
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.gin",
        "readme.txt",
        "results.csv",
        "results.json",
        "results.md",
        "results.tex",
    ]

    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        table = list(csv.reader(file))
    assert table[0] == ["key", *names]
    assert [line[0] for line in table[1:]] == [
        "a",
        "equal",
        "same",
        "equal",
        "<script>alert(1)<_script>_.._x y",
        "equal",
        "mean",
    ]
    # The last triplet's region is 8 px wide: no 11x11 window, an empty cell.
    assert table[6][5] == "" and all(table[6][1:5])
    column = np.array([float(line[2]) for line in table[1:-1]])
    assert float(table[-1][2]) == pytest.approx(column.mean(), rel=1e-12)
    assert float(table[-1][5]) == pytest.approx(np.mean([float(line[5]) for line in table[1:6]]))

    example = next(iter(RecordSource(records).read(1, 2)))
    x0, y, x1 = (frame.astype(np.float32) / 255 for frame in (example.x0, example.y, example.x1))
    estimate = 0.5 * x0 + 0.5 * x1
    assert results.triplets[1].values["psnr"] == pytest.approx(
        metrics.find("psnr").measure(estimate, y)
    )
    crop = np.s_[2:18, 2:22]
    assert results.triplets[1].values["ssim_roi"] == pytest.approx(
        metrics.find("ssim").measure(estimate[crop], y[crop])
    )

    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert content["protocol"]["name"] == "film" and content["protocol"]["version"] == 1
    assert [triplet["name"] for triplet in content["triplets"]][2:5] == ["same", "same", _HOSTILE]
    assert content["triplets"][1]["roi"] == [2, 2, 20, 16]
    assert content["groups"]["roi"]["scores"]["ssim_roi"]["missing"] == 1
    assert content["groups"]["level/hard"]["triplets"] == 2
    assert content["dataset"]["records"] == 6 and content["model"]["fingerprint"] == "average"
    assert content["environment"]["tensorflow"]
    assert evaluation_results.read_results(folder / "results.json") == results
    readme = (folder / "readme.txt").read_text(encoding="utf-8")
    assert "ssim_roi: missing for 1 of 6 triplets" in readme


def test_one_triplet_is_read_as_annotated(tmp_path, write_records):
    records = write_records(
        tmp_path / "records", [{"name": "a", "film": "f", "annotation": _ANNOTATION}]
    )
    (row,) = _evaluate(tmp_path, records)[0].triplets
    assert (row.level, row.film, row.image_size) == (1, "f", (32, 24))
    assert row.motion_roi == (2, 2, 20, 16)
    assert row.general_motion_type == ("translation",)
    assert row.behavior == ("walking", "eating")


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, records):
    whole, _ = _evaluate(tmp_path / "whole", records)
    seen = []

    def dies_at_the_fourth(x0, x1):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(x0)
        return _average(x0, x1)

    with pytest.raises(KeyboardInterrupt):
        _evaluate(tmp_path, records, dies_at_the_fourth)
    assert not (tmp_path / "results" / "results.json").exists()
    journal = tmp_path / "results" / "results.partial.jsonl"
    scored = len(journal.read_text().splitlines()) - 1
    journal.write_bytes(journal.read_bytes() + b'{"index": 3, "sha')

    calls = []

    def counts(x0, x1):
        calls.append(len(x0))
        return _average(x0, x1)

    resumed, _ = _evaluate(tmp_path, records, counts)
    assert sum(calls) == 6 - scored
    assert resumed.triplets == whole.triplets
    assert resumed.environment["resumed_after"] == scored
    assert not journal.exists()


def test_what_a_killed_run_was_writing_is_removed(tmp_path, records):
    frames = tmp_path / "results" / "frames" / "a"
    frames.mkdir(parents=True)
    # By the names that `write_text` and `write_image` give a file until it is whole.
    for path in (tmp_path / "results" / ".results.csv.7.tmp", frames / ".frame2.7.tmp.png"):
        path.write_bytes(b"half of it")
    _evaluate(tmp_path, records, output_frames=True)
    assert len(list(frames.iterdir())) == 4
    assert not [path for path in tmp_path.rglob("*") if ".tmp" in path.name]


def test_a_finished_one_is_not_run_again(tmp_path, records):
    first, _ = _evaluate(tmp_path, records, batch_size=3)

    def load():
        raise AssertionError("The model must not be loaded.")

    method = evaluator.Method({"kind": "callable", "fingerprint": "average"}, load)
    again, was_finished = _evaluate(tmp_path, records, method=method)
    assert was_finished and again == first
    # All examples asked for by number are the same evaluation.
    assert _evaluate(tmp_path, records, method=method, max_examples=6)[1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"metric_names": ("psnr",)}, "metrics was"),
        ({"max_examples": 2}, "triplets was 6 and is 2"),
        ({"protocol": protocols.find("atd12k")}, "protocol was 'film' and is 'atd12k'"),
        ({"output_frames": True}, "output_frames was False and is True"),
        (
            {"method": evaluator.Method({"fingerprint": "other"}, lambda: None)},
            "model was 'average' and is 'other'",
        ),
    ],
)
def test_another_evaluation_in_the_folder_is_refused(tmp_path, records, changes, named):
    _evaluate(tmp_path, records)
    before = (tmp_path / "results" / "results.json").read_bytes()
    with pytest.raises(InputError, match=f"{named}.*--overwrite"):
        _evaluate(tmp_path, records, **changes)
    assert (tmp_path / "results" / "results.json").read_bytes() == before


def test_a_full_disk_leaves_nothing_that_looks_complete(tmp_path, records, monkeypatch):
    real = evaluation_results.write_text

    def full(path, text):
        if path.name == "results.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, text)

    monkeypatch.setattr(evaluation_results, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        _evaluate(tmp_path, records)
    assert not (tmp_path / "results" / "results.json").exists()
    monkeypatch.undo()

    def not_again(x0, x1):
        raise AssertionError("Everything was scored before the disk was full.")

    results, was_finished = _evaluate(tmp_path, records, not_again)
    assert not was_finished and len(results.triplets) == 6


def test_files_appear_under_their_names_only_when_whole(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    evaluation_results.write_text(path, "old\n")

    def fails(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="full"):
        evaluation_results.write_text(path, "new\n")
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]
    assert path.read_text() == "old\n"


def test_other_records_are_refused_and_moved_ones_are_not(tmp_path, records, write_records):
    _evaluate(tmp_path, records)
    (tmp_path / "records").rename(tmp_path / "moved")
    assert _evaluate(tmp_path, str(tmp_path / "moved"))[1]
    other = write_records(tmp_path / "other", [{"name": str(i)} for i in range(6)])
    with pytest.raises(InputError, match="records was"):
        _evaluate(tmp_path, other)


def test_overwrite_starts_anew(tmp_path, records):
    _evaluate(tmp_path, records, output_frames=True)
    (tmp_path / "results" / "frames" / "stale").mkdir()
    results, was_finished = _evaluate(tmp_path, records, overwrite=True, max_examples=2)
    assert not was_finished and len(results.triplets) == 2
    assert not (tmp_path / "results" / "frames").exists()


def test_overwrite_takes_nothing_from_an_evaluation_that_is_running(tmp_path, records):
    def is_overwritten(x0, x1):
        with pytest.raises(InputError, match="Another evaluation is writing"):
            _evaluate(tmp_path, records, overwrite=True)
        return _average(x0, x1)

    running, _ = _evaluate(tmp_path, records, is_overwritten, output_frames=True)
    assert _evaluate(tmp_path, records)[0].triplets == running.triplets
    assert len(list((tmp_path / "results" / "frames").iterdir())) == len(running.triplets)


def test_frames_that_a_model_does_not_take_are_named(tmp_path, records):
    def takes_none(x0, x1):
        raise InputError("Too small.")

    with pytest.raises(InputError, match=r"^Triplet 'a': Too small\.$"):
        _evaluate(tmp_path, records, takes_none)


def test_a_model_that_does_not_load_costs_no_results(tmp_path, records):
    _evaluate(tmp_path, records)

    def load():
        raise InputError("The model cannot be loaded.")

    method = evaluator.Method({"fingerprint": "broken"}, load)
    with pytest.raises(InputError, match="cannot be loaded"):
        _evaluate(tmp_path, records, method=method, overwrite=True)
    assert _evaluate(tmp_path, records)[1]


def test_a_table_of_another_program_is_not_replaced(tmp_path, records):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "results.csv").write_text("key,psnr\n")
    with pytest.raises(InputError, match="not written by this program"):
        _evaluate(tmp_path, records)
    assert (tmp_path / "results" / "results.csv").read_text() == "key,psnr\n"


def test_frames_of_triplets_with_equal_and_hostile_names(tmp_path, records):
    results, _ = _evaluate(tmp_path, records, output_frames=True)
    frames = tmp_path / "results" / "frames"
    folders = [triplet.frames for triplet in results.triplets]
    assert sorted(path.name for path in frames.iterdir()) == sorted(folders)
    assert len(set(folders)) == 6 and folders[:4] == ["a", "b", "same", "same-000003"]
    for example, folder in zip(RecordSource(records).read(0, 6), folders, strict=True):
        for name, frame in (
            ("frame1.png", example.x0),
            ("ground_truth.png", example.y),
            ("frame3.png", example.x1),
        ):
            np.testing.assert_array_equal(frame_store.read_image(frames / folder / name), frame)
    # Who asks for no pictures is served by results with pictures.
    assert _evaluate(tmp_path, records)[1]


def test_a_resumed_run_gives_the_same_folders(tmp_path, records):
    whole, _ = _evaluate(tmp_path / "whole", records, output_frames=True)
    _evaluate(tmp_path, records, output_frames=True)
    folder = tmp_path / "results"
    content = json.loads((folder / "results.json").read_text())
    lines = [{"identity": content["identity"]}, *content["triplets"][:3]]
    (folder / "results.json").unlink()
    (folder / "results.partial.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    resumed, _ = _evaluate(tmp_path, records, output_frames=True)
    assert resumed.triplets == whole.triplets


def test_batches_change_nothing_and_keep_the_order(tmp_path, write_records):
    sizes = [(32, 24), (32, 24), (32, 24), (40, 27), (40, 27), (32, 24), (32, 24)]
    records = write_records(
        tmp_path / "records",
        [{"name": f"t{i}", "size": size} for i, size in enumerate(sizes)],
    )
    shapes = []

    def records_shapes(x0, x1):
        shapes.append(x0.shape[:3])
        return _average(x0, x1)

    single, _ = _evaluate(tmp_path / "single", records)
    batched, _ = _evaluate(tmp_path / "batched", records, records_shapes, batch_size=2)
    assert shapes == [(2, 24, 32), (1, 24, 32), (2, 27, 40), (2, 24, 32)]
    assert batched.triplets == single.triplets


def test_max_examples_counts_triplets(tmp_path, records):
    assert len(_evaluate(tmp_path / "two", records, max_examples=2)[0].triplets) == 2
    assert len(_evaluate(tmp_path / "many", records, max_examples=99)[0].triplets) == 6


def test_protocol_atd12k_interpolates_and_scores_at_its_size(tmp_path, write_records):
    annotation = Annotation(0, (100, 50, 333, 201), (1280, 720))
    records = write_records(
        tmp_path / "records",
        [{"name": "a", "size": (1280, 720), "annotation": annotation}],
    )
    shapes = []

    def records_shapes(x0, x1):
        shapes.append((x0.shape, x0.dtype))
        return _average(x0, x1) + 1e-7  # Not representable in 8 bits.

    results, _ = _evaluate(
        tmp_path,
        records,
        records_shapes,
        protocol=protocols.find("atd12k"),
        metric_names=("psnr", "ssim_atd12k", "ssim_atd12k_roi"),
        output_frames=True,
    )
    assert shapes == [((1, 540, 960, 3), np.float32)]
    (row,) = results.triplets
    assert row.frame_size == (960, 540) and row.roi == (75, 37, 249, 150)
    picture = frame_store.read_image(tmp_path / "results" / "frames" / "a" / "frame2.png")
    assert picture.shape == (540, 960, 3)


def test_identical_estimates_are_counted(tmp_path, write_records):
    still = [np.full((24, 32, 3), 99, np.uint8)] * 3
    records = write_records(
        tmp_path / "records", [{"name": "still", "frames": still}, {"name": "moving"}]
    )
    results, _ = _evaluate(tmp_path, records)
    assert results.triplets[0].values["psnr"] == math.inf
    table = (tmp_path / "results" / "results.csv").read_text().splitlines()
    assert table[1] == "still,inf,0.0"
    assert float(table[3].split(",")[1]) == results.triplets[1].values["psnr"]
    json.loads(
        (tmp_path / "results" / "results.json").read_text(),
        parse_constant=lambda name: pytest.fail(f"{name} is no JSON"),
    )
    assert "psnr: 1 of 2 estimates equal the truth" in (
        tmp_path / "results" / "readme.txt"
    ).read_text(encoding="utf-8")


def test_region_metrics_need_annotations(tmp_path, write_records):
    records = write_records(tmp_path / "records", [{"name": "plain"}, {"name": "other"}])
    with pytest.raises(InputError, match=r"psnr_roi need.*none of the 2 triplets has an annot"):
        _evaluate(tmp_path, records, metric_names=("psnr", "psnr_roi"))
    assert not (tmp_path / "results" / "config.gin").exists()


def test_single_triplets_without_annotation_are_counted(tmp_path, write_records):
    triplets = [{"name": "plain"}, {"name": "annotated", "annotation": _ANNOTATION}]
    records = write_records(tmp_path / "records", triplets)
    results, _ = _evaluate(tmp_path, records, metric_names=("psnr", "psnr_roi"))
    first, second = results.triplets
    assert first.roi is None and first.values["psnr_roi"] is None and first.values["psnr"] > 0
    assert results.groups["roi"].scores["psnr_roi"].mean == second.values["psnr_roi"]
    note = "1 of 2 triplets have no region of interest; the means of the region are those of the"
    for file in ("readme.txt", "results.md", "results.json"):
        assert note in (tmp_path / "results" / file).read_text(encoding="utf-8")


def test_regions_that_leave_their_image_are_counted_or_refused(tmp_path, write_records):
    regions = [(2, 2, 20, 16), (20, 2, 20, 16)]
    triplets = [
        {"name": f"t{i}", "annotation": Annotation(1, region, (32, 24))}
        for i, region in enumerate(regions)
    ]
    records = write_records(tmp_path / "records", triplets)
    results, _ = _evaluate(tmp_path, records, metric_names=("psnr", "psnr_roi"))
    assert [triplet.remarks for triplet in results.triplets] == [(), (protocols.CLIPPED,)]
    assert results.triplets[1].roi == (20, 2, 12, 16)
    notes = json.loads((tmp_path / "results" / "results.json").read_text())["notes"]
    assert f"{protocols.CLIPPED}: 1 of 2 triplets." in notes

    lost = {"name": "lost", "annotation": Annotation(1, (40, 2, 9, 9), (32, 24))}
    records = write_records(tmp_path / "other", [lost])
    with pytest.raises(InputError, match=r"triplet 'lost': motion_RoI .* has no area"):
        _evaluate(tmp_path / "lost", records)


def test_difficulty_is_measured_unless_it_is_not_asked_for(tmp_path, records):
    without, _ = _evaluate(tmp_path / "without", records, measure_difficulty=False)
    assert all(triplet.measures == {} for triplet in without.triplets)
    with pytest.raises(InputError, match="difficulty was None and is 1"):
        _evaluate(tmp_path / "without", records)
    measured, _ = _evaluate(tmp_path, records)
    assert all("flat_share" in triplet.measures for triplet in measured.triplets)
    assert any(name.startswith("motion_px/") for name in measured.groups)
    # Who asks for no measures is served by results that have them.
    assert _evaluate(tmp_path, records, measure_difficulty=False)[1]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_estimates_that_are_not_finite_are_refused(tmp_path, records, bad):
    def diverged(x0, x1):
        estimate = _average(x0, x1)
        estimate[0, 0, 0, 0] = bad
        return estimate

    with pytest.raises(InputError, match="'a' has 1 values that are not finite"):
        _evaluate(tmp_path, records, diverged)


def test_estimates_of_another_size_are_refused(tmp_path, records):
    with pytest.raises(InputError, match=r"shape \(1, 23, 32, 3\).*'a'"):
        _evaluate(tmp_path, records, lambda x0, x1: x0[:, 1:])


def test_a_cut_file_is_refused(tmp_path, records):
    with open(records, "r+b") as file:
        file.truncate(len((tmp_path / "records").read_bytes()) - 40)
    with pytest.raises(InputError, match=r"records.*is cut.*offset"):
        _evaluate(tmp_path, records)


def test_a_record_that_is_no_triplet_is_named(tmp_path):
    with open(tmp_path / "records", "wb") as file:
        tfrecord.ShardWriter(file).write(b"not an example", name="x")
    with pytest.raises(InputError, match="records' at offset 0 is not a triplet"):
        _evaluate(tmp_path, str(tmp_path / "records"))


def test_a_damaged_picture_is_named(tmp_path, write_records):
    from frame_interpolation.datasets import tf_example

    frame = tf_example.EncodedFrame(b"\x89PNG\r\n\x1a\n, cut", "png", 32, 24)
    with open(tmp_path / "records", "wb") as file:
        record = tf_example.encode([frame] * 3, path="test/x", name="x")
        tfrecord.ShardWriter(file).write(record, name="x")
    with pytest.raises(InputError, match="at offset 0 is not a triplet of images"):
        _evaluate(tmp_path, str(tmp_path / "records"))


def test_the_references_records_can_be_evaluated(tmp_path, golden_dir):
    results, _ = _evaluate(tmp_path, f"{golden_dir / 'reference_triplets.tfrecord'}@2")
    assert len(results.triplets) == 4
    assert all(triplet.level is None and triplet.roi is None for triplet in results.triplets)
    assert all(triplet.values["psnr"] > 5 for triplet in results.triplets)
