"""The page of a preference study: no names, and in a browser keys, download and resume."""

import csv
import json
import re
import shutil

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    preference_pairs,
    preference_study,
)

_HOSTILE = "</script><script>document.title='hacked'</script>"
_LABELS = ("first_method", "second_method")


@pytest.fixture
def write_folders(make_results, tmp_path):
    """Two results with pictures of six triplets, of which the last has equal pictures."""

    def write(size=(48, 32)):
        arguments = []
        for number, label in enumerate(_LABELS):
            folder = tmp_path / label
            folder.mkdir()
            names = [f"t{i}" for i in range(6)]
            results = make_results(
                {"psnr": [30.0 + number] * 6},
                name=[_HOSTILE, *names[1:]],
                frames=names,
                identity={"model": f"model {label}"},
            )
            for i, name in enumerate(names):
                frame_store.write_triplet(
                    folder / "frames" / name,
                    x0=_scene(size, 0.2), truth=_scene(size, 0.4), x1=_scene(size, 0.6),
                    estimate=_scene(size, 0.35 + 0.1 * number * (i < 5)),
                )  # fmt: skip
            evaluation_results.write_results(folder, results)
            arguments.append(f"{label}={folder}")
        return arguments

    return write


def _scene(size, position):
    """A disc that moves to the right over a ramp."""
    width, height = size
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    frame = np.stack([0.3 + 0.4 * x, 0.5 + 0 * x, 0.8 - 0.4 * y], axis=-1)
    frame[(x - position) ** 2 + (y - 0.5) ** 2 < 0.03] = (0.9, 0.3, 0.2)
    return frame


def test_nothing_in_the_page_or_its_files_names_a_method_or_triplet(write_folders, tmp_path):
    page = preference_study.run(results=write_folders(), output_dir=str(tmp_path / "out"), pairs=9)
    text = page.read_text()
    assert not any(word in text for word in (*_LABELS, "hacked", "t1"))
    assert text.count("</script>") == 2
    files = {file.name for file in (page.parent / "images").iterdir()}
    assert all(re.fullmatch(r"[0-9a-f]{20}\.png", name) for name in files)
    assert {path.name for path in page.parent.iterdir()} == {"index.html", "images"}
    shown = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    used = [pair[place] for pair in shown["pairs"] for place in ("first", "left", "right", "last")]
    assert {name.removeprefix("images/") for name in used} == files
    assert preference_pairs.KEY_NAME not in text


def test_the_key_says_what_was_shown_where(write_folders, tmp_path, capsys):
    page = preference_study.run(results=write_folders(), output_dir=str(tmp_path / "out"), pairs=9)
    key = preference_pairs.read_key(tmp_path / "out" / "key.json")
    assert "Only 5 pairs differ; 9 were asked for." in capsys.readouterr().out
    assert len(key.pairs) == 5 and ("t5", 0) not in {pair.triplet for pair in key.pairs}
    assert key.models == {label: f"model {label}" for label in _LABELS}
    for pair in key.pairs:
        assert {pair.left, pair.right} == set(_LABELS)
        folder = "t0" if pair.triplet[0] == _HOSTILE else pair.triplet[0]
        for place, label in (("left", pair.left), ("right", pair.right)):
            copied = page.parent / "images" / preference_pairs.picture_name(pair, place)
            source = tmp_path / label / "frames" / folder / "frame2.png"
            np.testing.assert_array_equal(
                frame_store.read_image(copied), frame_store.read_image(source)
            )


def test_order_and_sides_follow_the_seed(write_folders, tmp_path):
    arguments = {"results": write_folders(), "pairs": 5}
    keys = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        preference_study.run(**arguments, seed=seed, output_dir=str(tmp_path / name))
        keys.append(preference_pairs.read_key(tmp_path / name / "key.json"))
    assert keys[0] == keys[1]
    assert [pair.triplet for pair in keys[0].pairs] != [pair.triplet for pair in keys[2].pairs]
    assert not {pair.pair for pair in keys[0].pairs} & {pair.pair for pair in keys[2].pairs}


def test_several_methods_are_shown_equally_often_on_both_sides(make_results):
    from frame_interpolation.eval import result_alignment

    results = [(label, make_results({"psnr": [1.0] * 60})) for label in "abc"]
    key = preference_pairs.draw_pairs(
        result_alignment.align(results), number=120, seed=3, differ=lambda *_: True
    )
    methods = [tuple(sorted((pair.left, pair.right))) for pair in key.pairs]
    assert all(methods.count(pair) == 40 for pair in (("a", "b"), ("a", "c"), ("b", "c")))
    assert len({(pair.triplet, *sorted((pair.left, pair.right))) for pair in key.pairs}) == 120
    swapped = sum(pair.left > pair.right for pair in key.pairs)
    assert 40 < swapped < 80


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": 0}, "number of pairs is 0"),
        ({"one": True}, "needs two results"),
        ({"twice": True}, "holds a study already"),
        ({"pictures": False}, "has no pictures of triplet"),
    ],
)
def test_what_makes_no_study_is_refused(write_folders, tmp_path, change, message):
    results = write_folders()
    if change.get("pictures") is False:
        shutil.rmtree(tmp_path / _LABELS[1] / "frames")
    arguments = {"results": results[: 1 if change.get("one") else 2], "pairs": 3}
    arguments |= {"output_dir": str(tmp_path / "out")}
    if change.get("twice"):
        preference_study.run(**arguments)
    with pytest.raises(InputError, match=message):
        preference_study.run(**{**arguments, "pairs": change.get("pairs", 3)})


def test_a_file_that_is_no_key_is_refused(tmp_path):
    path = tmp_path / "key.json"
    for text in ("", "[]", "[" * 100_000, '{"format": "other", "format_version": 1}'):
        path.write_text(text)
        with pytest.raises(InputError, match="is no key of a preference study"):
            preference_pairs.read_key(path)


@pytest.mark.parametrize(
    "change",
    [
        {"models": ["a"]},
        {"models": {"a": None}},
        {"study": 5},
        {"pairs": []},
        {"pairs": [{"pair": 3, "triplet": ["t", 0], "left": "a", "right": "b"}]},
        {"pairs": [{"pair": "p", "triplet": ["t", 1e999], "left": "a", "right": "b"}]},
        {"pairs": [{"pair": "p", "triplet": ["t", 0], "left": ["a"], "right": "b"}]},
        {"pairs": [{"pair": "p", "triplet": ["t", 0], "left": "a", "right": "a"}]},
        {"pairs": [{"pair": "p", "triplet": ["t", 0], "left": "a", "right": "b"}] * 2},
    ],
)
def test_a_key_with_something_else_in_it_is_refused(tmp_path, change):
    pair = preference_pairs.PreferencePair("p", ("t", 0), "a", "b")
    path = tmp_path / "key.json"
    key = preference_pairs.StudyKey("s", 1, {"a": "m", "b": "n"}, (pair,))
    preference_pairs.write_key(path, key)
    assert preference_pairs.read_key(path) == key
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match="is no key of a preference study"):
        preference_pairs.read_key(path)


@pytest.mark.browser
@pytest.mark.slow
def test_a_participant_answers_by_key_and_downloads_the_answers(write_folders, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed.")
    path = preference_study.run(
        results=write_folders((192, 108)), output_dir=str(tmp_path / "out"), pairs=4
    )
    key = preference_pairs.read_key(tmp_path / "out" / "key.json")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)  # For machines that do much else.
        problems = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path.as_uri())
        ready = "button[data-answer]:not([disabled])"

        def press(name):
            page.wait_for_selector(ready)
            page.keyboard.press(name)

        page.wait_for_selector(ready)
        assert page.inner_text("#position") == "pair 1 of 4"
        assert page.title() == "Which one is better?"
        seen = set()
        for _ in range(200):
            seen.add(page.inner_text("#stage-left >> xpath=../h2/span[2]"))
            if len(seen) == 3:
                break
            page.wait_for_timeout(100)
        assert seen == {"first frame", "result", "last frame"}
        press("ArrowLeft")
        press("ArrowRight")
        press("u")  # Takes the second answer back.
        page.wait_for_selector(ready)
        assert page.inner_text("#position") == "pair 2 of 4"
        press("t")
        page.reload()  # Resumes where it was.
        page.wait_for_selector(ready)
        assert page.inner_text("#position") == "pair 3 of 4"
        page.keyboard.press("m")
        page.keyboard.down("1")
        assert page.inner_text("#stage-right >> xpath=../h2/span[2]") == "first frame"
        page.keyboard.up("1")
        assert page.inner_text("#stage-right >> xpath=../h2/span[2]") == "result"
        press("ArrowRight")
        page.wait_for_selector(ready)
        page.click("text=No difference")
        page.wait_for_selector("#end-view", state="visible")
        with page.expect_download() as download:
            page.keyboard.press("d")
        download.value.save_as(tmp_path / "answers.csv")
        assert download.value.suggested_filename.startswith(f"answers_{key.study}_")
        page.on("dialog", lambda dialog: dialog.accept())
        page.click("#restart")
        page.wait_for_selector(ready)
        assert page.inner_text("#position") == "pair 1 of 4"
        browser.close()
    assert problems == []
    with open(tmp_path / "answers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows] == ["left", "tie", "right", "tie"]
    assert [row["pair"] for row in rows] == [pair.pair for pair in key.pairs]
    assert [row["view"] for row in rows] == ["motion", "motion", "still", "still"]
    assert {row["study"] for row in rows} == {key.study}
    assert len({row["participant"] for row in rows}) == 1


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_without_its_pictures_says_so_and_takes_no_answer(write_folders, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed.")
    path = preference_study.run(results=write_folders(), output_dir=str(tmp_path / "out"), pairs=2)
    shutil.rmtree(path.parent / "images")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(path.as_uri())
        page.wait_for_selector("#problem", state="visible")
        page.keyboard.press("ArrowLeft")
        assert page.inner_text("#position") == "pair 1 of 2"
        assert page.is_disabled("button[data-answer=left]") and page.is_disabled("#download")
        browser.close()
