"""The folder of a report: pictures that are there, true and no others; names that stay text."""

import json
import math
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    line_distance,
    pictures,
    report,
    report_data,
    result_alignment,
)

_HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\">\u2028"


@pytest.fixture
def write_results(tmp_path, make_results, draw_triplet):
    """Writes results with drawn frames: `write_results(label, names, shift, **fields)`."""

    def write(label, names, *, shift=0, with_frames=True, **fields):
        folder = tmp_path / label
        folder_names = frame_store.FolderNames()
        folders = [folder_names.assign(name, i) for i, name in enumerate(names)]
        results = make_results(
            {
                "psnr": [20.0 + i + shift for i in range(len(names))],
                "chamfer": [0.001] * len(names),
            },
            name=list(names),
            roi=(8, 6, 16, 12),
            frames=folders if with_frames else "",
            **fields,
        )
        if with_frames:
            for i, name in enumerate(folders):
                frame_store.write_triplet(folder / "frames" / name, **draw_triplet(i, shift))
        folder.mkdir(exist_ok=True)
        evaluation_results.write_results(folder, results)
        return report.ReportedResult(label, folder / "results.json", folder / "frames")

    return write


@pytest.fixture
def results(write_results):
    names = ["plain", _HOSTILE, "猫"]
    return [write_results("before", names), write_results("after", names, shift=2)]


def _write(tmp_path, results, **arguments):
    return report.write_report(tmp_path / "report", title="t", results=results, **arguments)


def _data(folder):
    script = (folder / "data.js").read_text(encoding="ascii")
    literal = re.fullmatch(r"globalThis\.REPORT_DATA = JSON\.parse\((.*)\);\n", script)[1]
    return json.loads(json.loads(literal))


def _files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_everything_and_can_be_moved(tmp_path, results):
    page = report.write_report(tmp_path / "report", title="Before & <i>after</i>", results=results)
    assert page == tmp_path / "report" / "report.html"
    folder = tmp_path / "elsewhere"
    shutil.move(tmp_path / "report", folder)
    for label in ("before", "after"):
        shutil.rmtree(tmp_path / label)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<title>Before &amp; &lt;i&gt;after&lt;/i&gt;</title>" in text
    for address in re.findall(r'(?:src|href)="([^"#][^"]*)"', text):
        assert address == "data:," or (folder / address).is_file(), address
    data = _data(folder)
    assert data["triplets"]["name"] == ["plain", _HOSTILE, "猫"]
    for name in data["triplets"]["folder"]:
        held = {path.name for path in (folder / "images" / name).iterdir()}
        assert held == {
            "frame1.png", "frame3.png", "ground_truth.png", "ground_truth_small.webp",
            "flow.webp", "lines_truth.webp", "pictures.json",
            *(f"{kind}_{k}.{suffix}" for k in (0, 1) for kind, suffix in (
                ("result", "png"), ("error", "webp"), ("lines", "webp"))),
            *(f"{kind}_{k}_small.webp" for k in (0, 1) for kind in ("result", "error")),
        }  # fmt: skip


def test_no_name_can_leave_the_script(tmp_path, results):
    results[0] = results[0]._replace(label="<b>before</b>")
    folder = _write(tmp_path, results, introduction="a < b & c").parent
    script = (folder / "data.js").read_text(encoding="ascii")  # So U+2028 is written out, too.
    assert not set("<>&\u2028") & set(script) and len(script.splitlines()) == 1
    data = _data(folder)
    assert data["methods"][0]["label"] == "<b>before</b>" and data["introduction"] == "a < b & c"


def test_the_pictures_are_exact(tmp_path, results):
    folder = _write(tmp_path, results).parent / "images" / "plain"
    read = {path.name: frame_store.read_image(path) for path in folder.glob("*.[pw]*")}
    source = tmp_path / "after" / "frames" / "plain"
    np.testing.assert_array_equal(
        read["result_1.png"], frame_store.read_image(source / frame_store.ESTIMATE)
    )
    truth, estimate = read["ground_truth.png"], read["result_1.png"]
    np.testing.assert_array_equal(read["error_1.webp"], pictures.error_map(estimate, truth))
    lines = [line_distance.line_map(frame / np.float32(255)) for frame in (estimate, truth)]
    assert lines[0].any() and (lines[0] != lines[1]).any()
    np.testing.assert_array_equal(read["lines_1.webp"], pictures.line_overlay(*lines))
    np.testing.assert_array_equal(read["lines_truth.webp"], pictures.line_picture(lines[1]))
    with Image.open(folder / "result_0_small.webp") as small:
        assert small.size == (48, 36)


def test_a_second_report_keeps_what_is_true_and_removes_the_rest(tmp_path, results, write_results):
    folder = _write(tmp_path, results).parent / "images"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.webp")}
    (folder / "mine").mkdir()  # Not a folder of the report.
    stale = folder / "plain" / "error_7.webp"
    shutil.copy(folder / "plain" / "error_0.webp", stale)
    other = [
        write_results(label, ["plain", "new"], shift=label == "after")
        for label in ("before", "after")
    ]
    _write(tmp_path, other)
    assert sorted(path.name for path in folder.iterdir()) == ["mine", "new", "plain"]
    assert not stale.exists()
    _write(tmp_path, other)
    again = {path: path.stat().st_mtime_ns for path in folder.rglob("*.webp")}
    _write(tmp_path, other)
    assert again == {path: path.stat().st_mtime_ns for path in folder.rglob("*.webp")}
    # Frames that were written anew are drawn anew.
    shared = folder / "plain" / "error_0.webp"
    assert again[shared] != before[shared]


def test_a_damaged_or_unfinished_folder_is_drawn_again(tmp_path, results):
    folder = _write(tmp_path, results).parent / "images" / "plain"
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "flow.webp").write_bytes(b"")
    (folder / "lines_1.webp").unlink()
    (folder / ".error_0.1.tmp.webp").write_bytes(b"")
    _write(tmp_path, results)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_frames_are_copied_where_they_cannot_be_linked(tmp_path, results, monkeypatch):
    def refuse(source, target):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    folder = _write(tmp_path, results).parent / "images" / "plain"
    source = tmp_path / "before" / "frames" / "plain" / frame_store.FIRST
    assert (folder / "frame1.png").read_bytes() == source.read_bytes()


def test_of_many_triplets_the_extremes_get_pictures(tmp_path, write_results):
    names = [f"t{i}" for i in range(12)]
    folder = _write(tmp_path, [write_results("one", names)], max_triplets=3).parent
    data = _data(folder)
    shown = [i for i, name in enumerate(data["triplets"]["folder"]) if name is not None]
    assert len(shown) == 3 and {0, 11} <= set(shown)
    assert len(data["scores"][0][0]) == 12
    assert len(list((folder / "images").iterdir())) == 3


def test_results_without_pictures_are_shown_by_their_scores(tmp_path, write_results):
    names = ["a", "b"]
    some = [
        write_results("drawn", names, shift=1),
        write_results("scored", names, with_frames=False),
    ]
    data = _data(_write(tmp_path, some[::-1]).parent)
    assert data["triplets"]["folder"] == ["a", "b"]
    assert data["triplets"]["pictured"] == [[1], [1]]
    assert any(note.startswith("scored: evaluated without pictures") for note in data["notes"])
    folder = _write(tmp_path, some[1:]).parent
    assert _data(folder)["triplets"]["folder"] == [None, None]
    assert not list((folder / "images").iterdir())


def test_scores_and_groups(tmp_path, write_results):
    names = ["a", "b", "c", "d"]
    fields = {
        "remarks": [(), ("chamfer: empty line map (truth)",), (), ()],
        "measures": [{"motion_px": 3.0}, {"motion_px": 30.0}, {"motion_px": 30.0}, {}],
    }
    result = write_results("one", names, **fields)
    content = json.loads(result.results_json.read_text())
    content["triplets"][2]["values"]["psnr"] = "inf"
    content["triplets"][3]["values"]["psnr"] = None
    result.results_json.write_text(json.dumps(content))
    data = _data(_write(tmp_path, [result]).parent)
    assert data["scores"][0][0] == [20.0, 21.0, "inf", None]
    assert data["metrics"][1]["unit"] == "×1e-5" and data["scores"][1][0] == [100.0] * 4
    assert data["intervals"]["whole"][1][0][0] == [100.0, 100.0]
    groupings = {grouping["title"]: grouping for grouping in data["groupings"]}
    level = groupings["level"]
    assert level["values"] == ["easy", "medium", "hard"] and level["members"] == [
        [0],
        [1],
        [2],
        [0],
    ]
    assert "motion [px]" in groupings
    assert data["measures"][0]["values"] == [3.0, 30.0, 30.0, None]
    notes = " ".join(data["notes"])
    assert "infinite" in notes and "missing" in notes and "empty line map (truth): 1 of 4" in notes
    (low, high), _ = data["intervals"]["whole"][0][0]
    assert 20.0 <= low <= high <= 21.0
    assert len(data["intervals"]["groups"]) == len(data["groupings"])
    assert data["triplets"]["remarks"][1] == [[0, "chamfer: empty line map (truth)"]]


def test_the_bar_of_a_report(tmp_path, results):
    with pytest.raises(InputError, match=r"baseline 'other' is not among"):
        _write(tmp_path, results, baseline="other")
    data = _data(_write(tmp_path, results, baseline="after").parent)
    assert data["baseline"] == 1


def test_results_of_other_triplets_are_refused(tmp_path, results, write_results):
    other = write_results("other", ["plain", "x", "y"], records="else")
    with pytest.raises(InputError, match="different triplets"):
        _write(tmp_path, [results[0], other])


def test_a_missing_picture_is_named(tmp_path, results):
    (tmp_path / "after" / "frames" / "plain" / "frame2.png").unlink()
    with pytest.raises(InputError, match=r"plain/frame2.png' of triplet 'plain' is missing"):
        _write(tmp_path, results)
    assert not (tmp_path / "report" / "report.html").exists()


def test_a_picture_of_another_size_is_named(tmp_path, results):
    path = tmp_path / "after" / "frames" / "plain" / "frame2.png"
    frame_store.write_image(path, np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(InputError, match=r"20x10, but the truth of 'plain' is 48x36"):
        _write(tmp_path, results)


def test_paired_differences_keep_their_place_and_unit(tmp_path, results):
    from frame_interpolation.eval import method_comparison

    aligned = result_alignment.align(
        [(one.label, evaluation_results.read_results(one.results_json)) for one in results]
    )
    compared = method_comparison.compare(aligned, baseline="after").main.differences
    data = report_data.build(aligned, {}, title="t", baseline="after", differences=compared)
    found = data["differences"]
    assert found["baseline"] == 1 and len(found["rows"]) == len(data["metrics"]) == 2
    (before, after), (chamfer, _) = found["rows"]
    assert after is None and before["intervals"][0] == [-2.0, -2.0]
    assert before["p"] is None and before["p_text"] == "-" and before["reason"]
    assert chamfer["intervals"][0] == [0.0, 0.0]
    assert report_data.build(aligned, {}, title="t")["differences"] is None


def test_natural_video_and_preferences(tmp_path, results, write_results):
    from frame_interpolation.eval import preference_answers as answers

    natural = result_alignment.align(
        [("before", evaluation_results.read_results(results[0].results_json))]
    )
    share = answers.Proportion(7, 10, (0.4, 0.9))
    data = report_data.build(
        natural,
        {},
        title="t",
        natural=[natural],
        preferences=answers.Preferences(
            study="s",
            participants=2,
            answers=12,
            methods=(answers.MethodPreference("after", "before", share, 2),),
            metrics=(answers.MetricAgreement("psnr", share, 1),),
        ),
    )
    assert data["natural"][0]["rows"][0]["means"][0] == 21.0
    row = data["preferences"]["rows"][0]
    assert (row["share"], row["interval"], row["answers"]) == (0.7, [0.4, 0.9], 10)
    assert json.dumps(data, allow_nan=False)
    assert not math.isnan(data["preferences"]["agreement"][0]["share"])
