"""The program: from folders of results to tables and a report, and what it refuses."""

import json
import shutil

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    compare_cli,
    evaluation_results,
    frame_content,
    frame_store,
    preference_page,
    preference_pairs,
    preference_study,
)

_PSNR = [30.0 + 0.1 * i for i in range(8)]


def _frame(seed):
    return np.kron(np.random.default_rng(seed).integers(20, 200, (6, 8, 3)), np.ones((4, 4, 1)))


@pytest.fixture
def write_folder(make_results, tmp_path):
    """Writes a result as a folder, with pictures on request; returns its path."""

    def write(folder_name, values, *, pictures=False, **fields):
        folder = tmp_path / folder_name
        folder.mkdir()
        count = len(values)
        if pictures:
            fields["frames"] = [f"t{i}" for i in range(count)]
            for i in range(count):
                frames = [_frame(4 * i + k) / 255.0 for k in range(4)]
                frame_store.write_triplet(
                    folder / "frames" / f"t{i}",
                    x0=frames[0], truth=frames[1], x1=frames[2], estimate=frames[3],
                )  # fmt: skip
        results = make_results({"psnr": values}, **fields)
        evaluation_results.write_results(folder, results)
        return folder

    return write


def test_folders_become_tables(write_folder, tmp_path, capsys):
    before = write_folder("before", _PSNR)
    after = write_folder("after", [value + 0.2 for value in _PSNR])
    out = tmp_path / "out"
    compare_cli.run(
        results=[f"before={before}", f"after={after / 'results.json'}"],
        natural=[f"before={before}", f"after={before}"],
        output_dir=str(out),
    )
    shown = capsys.readouterr()
    assert "Paired differences to before, 8 triplets" in shown.out and "+0.200" in shown.out
    assert "Natural video: test: 8 triplets" in shown.out
    assert "No report: no result has pictures" in shown.err
    assert shown.out.startswith((out / "comparison.txt").read_text()[:300])
    assert not (out / "report").exists()


def test_an_intersection_has_its_size_in_the_title_and_a_report(write_folder, tmp_path, capsys):
    first = write_folder("a", _PSNR, pictures=True)
    other = write_folder("b", _PSNR[:3], pictures=True, name=["t5", "t0", "t1"], level=[2, 0, 1])
    arguments = {"results": [f"a={first}", f"b={other}"], "output_dir": str(tmp_path / "out")}
    with pytest.raises(InputError, match="give --intersection"):
        compare_cli.run(**arguments)
    compare_cli.run(**arguments, intersection=True)
    report = tmp_path / "out" / "report"
    page = (report / "report.html").read_text() + (report / "data.js").read_text()
    title = "intersection of 3 triplets (of a 8, b 3)"
    assert title in page and title in capsys.readouterr().out
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["main"]["is_intersection"] and content["main"]["triplets"] == 3


def test_test_frames_among_the_training_records_are_named(
    write_folder, write_records, tmp_path, capsys
):
    frames = [[_frame(3 * i + k).astype(np.uint8) for k in range(3)] for i in range(8)]
    marks = [tuple(map(frame_content.mark, three)) for three in frames]
    records = write_records(tmp_path / "train", [{"name": "stolen", "frames": frames[5]}])
    before = write_folder("before", _PSNR, frame_marks=marks)
    after = write_folder("after", [value + 3 for value in _PSNR], frame_marks=marks)
    comparison = compare_cli.run(
        results=[f"before={before}", f"after={after}"],
        output_dir=str(tmp_path / "out"),
        training_records=[records],
    )
    shown = capsys.readouterr().out
    assert "WARNING: after gains 3.000 dB PSNR over before" in shown
    assert "same frame: test triplet t5, frame 1: frame 1 of stolen" in shown
    assert comparison.leakage.hits[0].test_name == "t5"


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([], "nothing to compare"),
        (["{before}"], "write NAME=PATH"),
        (["={before}"], "write NAME=PATH"),
        (["a\nb={before}"], "write NAME=PATH on one line"),
        (["a={before}", "a={before}"], "Two results have the name 'a'"),
        (["a={before}/missing"], "there is no"),
        (["a={folder}"], "holds no finished results.*did you mean '.*before'"),
    ],
)
def test_what_cannot_be_read_is_refused(write_folder, tmp_path, results, message):
    before = write_folder("before", _PSNR)
    results = [text.format(before=before, folder=tmp_path) for text in results]
    with pytest.raises(InputError, match=message):
        compare_cli.run(results=results, output_dir=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_results_of_another_protocol_version_or_definition_are_refused(write_folder, tmp_path):
    before = write_folder("before", _PSNR)
    arguments = {"results": [f"a={before}", f"b={tmp_path / 'b'}"], "output_dir": str(tmp_path)}
    for change, message in (
        (lambda content: content["protocol"].update(version=7), "version 7 of protocol 'film'"),
        (
            lambda content: content["identity"].update(protocol_version=8),
            "version 8 of protocol 'film', expected 1",
        ),
        (lambda content: content["protocol"].update(name="atd12k"), "of protocol 'atd12k'"),
        (lambda content: content["metrics"].update(psnr="other"), "psnr has another definition"),
    ):
        shutil.copytree(before, tmp_path / "b", dirs_exist_ok=True)
        content = json.loads((before / "results.json").read_text())
        change(content)
        (tmp_path / "b" / "results.json").write_text(json.dumps(content))
        with pytest.raises(InputError, match=message):
            compare_cli.run(**arguments)


def test_preferences_of_people_are_read(write_folder, tmp_path, capsys):
    results = []
    for label, level in (("a", 0.2), ("b", 0.6)):
        fields = {"pictures": True, "identity": {"model": label}}
        folder = write_folder(label, [value + level for value in _PSNR], **fields)
        results.append(f"{label}={folder}")
        for number in range(8):
            picture = folder / "frames" / f"t{number}" / "frame2.png"
            frame_store.write_image(picture, np.full((24, 32, 3), int(200 * level), np.uint8))
    preference_study.run(results=results, output_dir=str(tmp_path / "study"), pairs=8)
    key = preference_pairs.read_key(tmp_path / "study" / "key.json")
    rows = [",".join(preference_page.CSV_COLUMNS)]
    for pair in key.pairs:
        answer = "left" if pair.left == "b" else "right"
        rows.append(f"{key.study},p1,{pair.pair},{answer},still,1.0,2026-01-01T00:00:00.000Z")
    answers = tmp_path / "answers.csv"
    answers.write_text("\n".join(rows))
    arguments = {"results": results, "output_dir": str(tmp_path / "out"), "write_report": False}
    with pytest.raises(InputError, match="name it by --preference_key"):
        compare_cli.run(**arguments, preferences=[str(answers)])
    shutil.copy(tmp_path / "study" / "key.json", tmp_path)
    compare_cli.run(**arguments, preferences=[str(answers)])
    shown = capsys.readouterr().out
    assert "Preferences of people, 8 answers of 1 participants" in shown and "0/8" in shown
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["preferences"]["metrics"][0]["agreed"]["count"] == 8


@pytest.mark.parametrize(
    ("pictures", "asked", "written"),
    [
        (False, None, False),
        (True, None, True),
        (True, False, False),
        (False, True, True),
    ],
)
def test_a_report_is_written_when_there_are_pictures_or_on_request(
    write_folder, tmp_path, pictures, asked, written
):
    before = write_folder("before", _PSNR[:2], pictures=pictures)
    compare_cli.run(results=[f"a={before}"], output_dir=str(tmp_path / "o"), write_report=asked)
    assert (tmp_path / "o" / "report" / "report.html").exists() == written
