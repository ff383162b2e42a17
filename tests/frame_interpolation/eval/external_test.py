"""AnimeInterp and ToonCrafter from the export to the table, with stand-ins for their programs."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    animeinterp_files,
    evaluation_results,
    external,
    external_export,
    frame_store,
    protocols,
)
from frame_interpolation.eval.evaluation_example import RecordSource

_STAND_INS = pathlib.Path(__file__).parent / "stand_ins"
_NAMES = ("Disney_v4_1_000001_s1", "../a name with ä", "Japan_v2_0_000002_s2")
_BINDINGS = ("evaluation.metrics = ['psnr', 'psnr_roi']", "evaluation.difficulty = False")
_SIDE = protocols.find("atd12k_512x320")
_MAIN = protocols.find("atd12k")


@pytest.fixture
def records(tmp_path, write_records):
    roi = (20, 20, 90, 70)
    regions = (roi, (0, 0, 0.5, 0.5), roi)  # The second is too small for SSIM's window.
    return write_records(
        tmp_path / "records",
        [
            {"name": name, "size": (128, 72), "annotation": Annotation(i, region, (128, 72))}
            for i, (name, region) in enumerate(zip(_NAMES, regions, strict=True))
        ],
    )


@pytest.fixture
def checkout(tmp_path):
    """A folder that has the programs of both repositories where they have them."""
    places = {
        "animeinterp.py": "test_anime_sequence_one_by_one.py",
        "segment_matching.py": "models/sgm_model/gen_sgm.py",
        "tooncrafter.py": "scripts/evaluation/inference.py",
    }
    root = tmp_path / "check out"
    for stand_in, place in places.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_STAND_INS / stand_in, root / place)
    return root


def _run_commands(folder, variable, checkout):
    tools = checkout.parent / "tools"
    tools.mkdir(exist_ok=True)
    if not (tools / "python").exists():
        (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (tools / "python").chmod(0o755)
    environment = {
        **os.environ,
        variable: str(checkout),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["sh", str(folder / "commands.sh")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr


def _collect(folder, method, **changes):
    arguments = {"method": method, "export_dir": str(folder), "gin_bindings": _BINDINGS}
    return external.collect(**{**arguments, **changes})


def _psnr(estimate, truth):
    return float(-10 * np.log10(np.mean((np.float64(estimate) - truth) ** 2)))


def _write_flows(folder, names, shape=(2, 27, 48)):
    for name in names:
        (folder / name).mkdir(parents=True)
        for file in animeinterp_files.FLOW_FILES:
            np.save(folder / name / file, np.ones(shape, np.float32))
    return folder


@pytest.mark.slow
def test_animeinterp_from_export_to_table(tmp_path, records, checkout, capsys):
    folder = tmp_path / "export"
    flows = _write_flows(tmp_path / "flows", _NAMES[:1])
    external.export(
        method="animeinterp", export_dir=str(folder), tfrecord=records, flows_dir=str(flows)
    )
    text = (folder / "COMMANDS.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "Flows are missing** for 2 of 3 triplets" in text
    assert "1 of 3 triplets have no annotation with which" in text and repr(_NAMES[1]) in text

    _run_commands(folder, "ANIMEINTERP", checkout)
    # Computing what was missing has left the flows that were there alone.
    assert np.load(flows / _NAMES[0] / "guide_flo13.npy").shape == (2, 27, 48)

    results = _collect(folder, "animeinterp")
    assert list(results) == ["animeinterp", "animeinterp_512x320"]
    for i, example in enumerate(RecordSource(records).read(0, 3)):
        frames = [np.rint(255 * _MAIN.prepare(frame)) for frame in (example.x0, example.x1)]
        estimate = np.uint8((frames[0] + frames[1]) / 2).astype(np.float32) / 255
        truth = _MAIN.prepare(example.y)
        for name, protocol in (("animeinterp", _MAIN), ("animeinterp_512x320", _SIDE)):
            scored = results[name].triplets[i]
            assert scored.name == _NAMES[i]
            assert scored.values["psnr"] == pytest.approx(
                _psnr(protocol.finish(estimate), protocol.finish(truth)), abs=1e-4
            )
    assert results["animeinterp_512x320"].triplets[0].frame_size == (512, 288)
    assert results["animeinterp_512x320"].triplets[0].roi == (80, 80, 360, 280 - 72)
    read = evaluation_results.read_results(folder / "batch_eval" / "animeinterp" / "results.json")
    assert read.model["method"] == "AnimeInterp"
    assert "512x288" in (folder / "comparison_512x320" / "readme.txt").read_text()
    # The published figures stand beside the scores of their protocol alone.
    assert "published" in (folder / "comparison" / "comparison.md").read_text()
    assert "published" not in (folder / "comparison_512x320" / "comparison.md").read_text()


def test_flows_that_are_there_are_linked_and_others_refused(tmp_path, records):
    flows = _write_flows(tmp_path / "flows", [_NAMES[0], _NAMES[2]])
    arguments = {"method": "animeinterp", "tfrecord": records, "flows_dir": str(flows)}
    external.export(export_dir=str(tmp_path / "export"), max_examples=1, **arguments)
    flow = tmp_path / "export/test_2k_pre_calc_sgm_flows" / _NAMES[0] / "guide_flo31.npy"
    assert flow.is_symlink() and np.load(flow).shape == (2, 27, 48)
    assert "gen_sgm" not in (tmp_path / "export/commands.sh").read_text()
    external.export(export_dir=str(tmp_path / "copy"), max_examples=1, copy_flows=True, **arguments)
    assert not (tmp_path / "copy" / flow.relative_to(tmp_path / "export")).is_symlink()

    np.save(flows / _NAMES[0] / "guide_flo31.npy", np.ones((27, 48, 2), np.float32))
    with pytest.raises(InputError, match=r"guide_flo31.npy' holds float32 of shape \(27, 48, 2\)"):
        external.export(export_dir=str(tmp_path / "wrong"), max_examples=1, **arguments)
    (flows / _NAMES[0] / "guide_flo13.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match="damaged"):
        external.export(export_dir=str(tmp_path / "cut"), max_examples=1, **arguments)


def test_frames_of_another_size_or_format_are_listed(tmp_path, records, caplog):
    folder = tmp_path / "export"
    exported = external.export(method="animeinterp", export_dir=str(folder), tfrecord=records)
    for name, size in zip(exported.exported, ((960, 540), (1280, 720), (96, 54)), strict=True):
        (folder / "results" / name).mkdir()
        Image.new("RGB", size).save(folder / "results" / name / "frame2.png")
    whole = folder / "results" / exported.exported[0] / "frame2.png"
    whole.write_bytes(whole.read_bytes()[:20])
    with pytest.raises(
        InputError, match="3 of 3 outputs cannot be used, expected 960x540"
    ) as error:
        _collect(folder, "animeinterp")
    assert "1280x720" in str(error.value) and "no image" in str(error.value)
    shutil.rmtree(folder / "results" / exported.exported[1])
    (folder / "results" / "of something else").mkdir()
    with pytest.raises(InputError, match=r"1 of 3 triplets have no output.*a_name_with"):
        _collect(folder, "animeinterp")


def test_settings_have_a_name_that_the_script_can_import():
    # It strips the letters of '.py' from the end, and imports what is left.
    name = animeinterp_files.SETTINGS_FILE
    assert name.rstrip(".py") == name.removesuffix(".py") and name[:-3].isidentifier()


@pytest.mark.slow
def test_tooncrafter_from_export_to_tables(tmp_path, records, checkout, toy_model_path, caplog):
    folder = tmp_path / "export"
    exported = external.export(
        method="tooncrafter", export_dir=str(folder), tfrecord=records, part_size=2
    )
    parts = sorted((folder / "prompts").iterdir())
    assert [len((part / "prompts.txt").read_text().splitlines()) for part in parts] == [2, 1]
    image = np.asarray(Image.open(parts[0] / f"{exported.exported[0]}_frame1.png"))
    assert image.shape == (320, 512, 3)
    assert not image[:16].any() and not image[-16:].any() and image[16:-16].any()

    _run_commands(folder, "TOONCRAFTER", checkout)
    (folder / "results/part_000/samples_separate/stray_frame1_sample0.mp4").write_bytes(b"")
    predicted = tmp_path / "predicted"
    folder_names = frame_store.FolderNames()
    for i, example in enumerate(RecordSource(records).read(0, 3)):
        truth = frame_store.to_bytes(_MAIN.prepare(example.y))
        place = predicted / folder_names.assign(example.name, i)
        place.mkdir(parents=True)
        frame_store.write_image(place / "frame2.png", truth)

    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="3 of 3 triplets have no prediction"):
        _collect(folder, "tooncrafter", beside=[f"empty={tmp_path / 'empty'}"])
    assert not (folder / "batch_eval").exists()  # Known before anything is scored.
    beside = [f"film={toy_model_path}", f"truth={predicted}"]
    results = _collect(folder, "tooncrafter", beside=beside)
    assert "1 outputs are of no exported triplet" in caplog.text
    labels = ["tooncrafter_frame7", "tooncrafter_frame8", "film", "truth"]
    side = [f"{label}_512x320" for label in labels]
    assert sorted(results) == sorted([*side, *labels[:2]])
    table = (folder / "comparison_512x320" / "comparison.txt").read_text()
    assert all(label in table for label in labels)
    assert "lossy" in (folder / "comparison_512x320" / "readme.txt").read_text()
    assert table.startswith("Side table, ATD-12K at 512x320: 3 triplets, protocol atd12k_512x320")
    assert "note: tooncrafter_frame7, tooncrafter_frame8: Decoded from lossy video" in table
    assert "frame 7 is at 7/15 and frame 8 at 8/15" in table

    example = next(iter(RecordSource(records).read(0, 1)))
    x0, y, x1 = (_MAIN.prepare(frame) for frame in (example.x0, example.y, example.x1))
    assert results["truth_512x320"].triplets[0].values["psnr"] == float("inf")
    for label, time in (("tooncrafter_frame7", 7 / 15), ("tooncrafter_frame8", 8 / 15)):
        estimate = _SIDE.finish(x0) * (1 - time) + _SIDE.finish(x1) * time
        expected = _psnr(estimate, _SIDE.finish(y))
        at_side = results[f"{label}_512x320"]
        assert at_side.triplets[0].values["psnr"] == pytest.approx(expected, abs=2.0)
        assert at_side.triplets[0].frame_size == (512, 288)
        assert results[label].triplets[0].frame_size == (960, 540)
        assert "lossy" in at_side.model["video"] and at_side.model["time"] == time

    # A second collection goes on with what lies there, whatever is asked besides.
    again = _collect(folder, "tooncrafter")
    assert again["tooncrafter_frame7"].triplets == results["tooncrafter_frame7"].triplets


def test_what_is_missing_or_damaged_is_listed(tmp_path, records, checkout, caplog):
    folder = tmp_path / "export"
    external.export(method="tooncrafter", export_dir=str(folder), tfrecord=records)
    with pytest.raises(InputError, match=r"3 of 3 triplets have no output.*COMMANDS.md says"):
        _collect(folder, "tooncrafter")
    _run_commands(folder, "TOONCRAFTER", checkout)
    videos = sorted((folder / "results/part_000/samples_separate").iterdir())
    videos[1].unlink()
    with pytest.raises(InputError, match=r"1 of 3 triplets have no output.*'00001__a_name_with_'"):
        _collect(folder, "tooncrafter")
    results = _collect(folder, "tooncrafter", allow_missing=True)
    assert "They are left out" in caplog.text
    names = [triplet.name for triplet in results["tooncrafter_frame8_512x320"].triplets]
    assert names == [_NAMES[0], _NAMES[2]]
    for video in (videos[0], videos[2]):
        video.write_bytes(video.read_bytes()[:-500])
    with pytest.raises(InputError, match="2 of 2 videos cannot be used") as error:
        _collect(folder, "tooncrafter", allow_missing=True)
    assert videos[0].name in str(error.value) and videos[2].name in str(error.value)


def test_exports_that_cannot_be_used(tmp_path, records, write_records):
    folder = tmp_path / "export"
    arguments = {"method": "tooncrafter", "export_dir": str(folder)}
    with pytest.raises(InputError, match="neither of --tfrecord and --input_dir"):
        external.export(**arguments)
    with pytest.raises(InputError, match=r"holds no names\.json"):
        _collect(folder, "tooncrafter")
    external.export(**arguments, tfrecord=records, max_examples=1)
    with pytest.raises(InputError, match="is not empty"):
        external.export(**arguments, tfrecord=records)
    (folder / "results" / "kept").touch()
    external.export(**arguments, tfrecord=records, max_examples=2, overwrite=True)
    assert (folder / "results" / "kept").exists()
    assert len(list((folder / "prompts" / "part_000").iterdir())) == 5
    with pytest.raises(InputError, match="an export for 'tooncrafter', not for 'animeinterp'"):
        _collect(folder, "animeinterp")
    other = write_records(tmp_path / "other", [{"name": "x", "size": (128, 72)}] * 3)
    with pytest.raises(InputError, match="not the one that"):
        _collect(folder, "tooncrafter", tfrecord=other)
    fields = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    assert [triplet["name"] for triplet in fields["triplets"]] == list(_NAMES[:2])
    (folder / "names.json").write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        external_export.read(folder, method="tooncrafter")


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (["no folder"], "expected NAME=FOLDER"),
        (["../x=."], "expected NAME=FOLDER"),
        (["tooncrafter_frame7=."], "twice, or as the method"),
        (["a=missing"], "there is no folder"),
    ],
)
def test_what_stands_beside_has_a_name_and_a_folder(beside, message):
    from frame_interpolation.eval import external_outputs

    with pytest.raises(InputError, match=message):
        external_outputs.named_folders(beside, taken={"tooncrafter_frame7"})
