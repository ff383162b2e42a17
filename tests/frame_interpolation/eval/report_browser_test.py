"""The report in a real browser: it loads from a file, answers mouse and keys, runs no name."""

import re
import shutil
import time

import pytest

from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    paired_comparison,
    preference_answers,
    report,
    report_selection,
    result_alignment,
)
from frame_interpolation.eval.gain_warning import GainWarning

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\">"
_PHONE = {"width": 390, "height": 844}
_LAPTOP = {"width": 1366, "height": 768}
_PATIENCE_S = 120.0  # For machines that do much else.


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Opens a report; every error, warning or failed request fails the test at its end."""
    contexts, troubles = [], []

    def open_it(path, *, viewport=_LAPTOP, fragment="", **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_S * 1000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and troubles.append(message.text),
        )
        page.goto(path.as_uri() + fragment)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not troubles


def _write(root, make_results, draw_triplet, *, count, drawn, labels=("before", "after")):
    names = [_HOSTILE if i == 1 else f"Japan_v2_{i % 3}_{i:06d}_s1" for i in range(count)]
    folder_names = frame_store.FolderNames()
    folders = [folder_names.assign(name, i) for i, name in enumerate(names)]
    entries = []
    for k, label in enumerate(labels):
        # The later a triplet the better it is, and the more every third one gains.
        psnr = [20.0 + 10.0 * i / count + k * (i % 3 - 0.9) for i in range(count)]
        results = make_results(
            {"psnr": psnr, "chamfer": [1e-3 / (1 + i) for i in range(count)]},
            protocol="atd12k",
            name=names,
            frame_size=(48, 36),
            roi=(8, 6, 16, 12),
            frames=[name if i < drawn else "" for i, name in enumerate(folders)],
            measures=[{"motion_px": float(i % 50)} for i in range(count)],
        )
        for i in range(drawn):
            folder = root / f"{k}" / "frames" / folders[i]
            frame_store.write_triplet(folder, **draw_triplet(i, 3 * k + 1))
        (root / f"{k}").mkdir(exist_ok=True)
        evaluation_results.write_results(root / f"{k}", results)
        entries.append((label, root / f"{k}" / "results.json", root / f"{k}" / "frames"))
    return report.write_report(root / "report", title="A <b>title</b>", results=entries)


@pytest.fixture(scope="module")
def small(tmp_path_factory, make_results, draw_triplet):
    root = tmp_path_factory.mktemp("report")
    return _write(root, make_results, draw_triplet, count=9, drawn=9)


def _open(page, link):
    """Follows a link to a triplet; the browser tells the page of the new address a little later."""
    link.click()
    page.locator("#viewer[open]").wait_for()


def _wait(page, expression, seconds=_PATIENCE_S):
    """Waits for an expression to be true; the page's policy forbids `wait_for_function`."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def _names(page):
    return page.locator("#triplets tbody th").all_text_contents()


def test_pictures_load_and_names_stay_text(open_page, small):
    page = open_page(small)
    assert page.title() == "A <b>title</b>"
    assert page.locator("h1").text_content() == "A <b>title</b>"
    assert _HOSTILE in _names(page)
    page.locator("#gallery").scroll_into_view_if_needed()
    _wait(
        page,
        "[...document.querySelectorAll('#gallery img')].some(i => i.complete && i.naturalWidth)",
    )
    hostile = page.locator("#gallery .cardname", has_text="onerror")
    assert hostile.text_content() == _HOSTILE
    _open(page, hostile)
    assert page.locator("#viewer-title").text_content() == _HOSTILE
    _wait(
        page, "[...document.querySelectorAll('#viewer .stage img')].every(i => i.naturalWidth > 0)"
    )
    assert all(page.locator("#viewer img").evaluate_all("all => all.map(i => i.alt)"))
    assert page.title() == "A <b>title</b>" and page.locator("main script").count() == 0


def test_the_folder_opens_wherever_it_was_moved(open_page, small, tmp_path):
    folder = tmp_path / "moved # to %41 & 猫"
    shutil.copytree(small.parent, folder)
    page = open_page(folder / small.name, fragment="#triplet-1")
    pictures = "[...document.querySelectorAll('#viewer .stage img')]"
    _wait(page, f"{pictures}.length > 8 && {pictures}.every(image => image.naturalWidth > 0)")


def test_names_of_methods_films_and_groups_stay_text(open_page, tmp_path, make_results):
    labels = (_HOSTILE, f"<svg onload='{_HOSTILE}'>")
    model = {"kind": "test", "path": _HOSTILE, "fingerprint": _HOSTILE}
    results = make_results(
        {"psnr": [20.0, 21.0, 22.0]}, name=_HOSTILE, film=_HOSTILE, behavior=(_HOSTILE,),
        remarks=(_HOSTILE,), model=model,
    )  # fmt: skip
    aligned = result_alignment.align([(label, results) for label in labels])
    page = open_page(
        report.write_aligned_report(
            tmp_path / "report",
            title=_HOSTILE,
            aligned=aligned,
            frames_dirs={},
            introduction=_HOSTILE,
        )
    )
    assert page.locator("#means tbody th").nth(1).text_content() == labels[1]
    page.locator("#groups select").select_option(label="film")
    assert page.locator("#groups tbody th").all_text_contents() == [_HOSTILE]
    page.locator("#filters summary").click()
    _open(page, page.locator("#triplets tbody a").first)
    assert _HOSTILE in page.locator("#viewer").text_content()
    assert page.title() == _HOSTILE
    assert page.locator("img[src=x], svg[onload], main script").count() == 0


def test_warnings_list_what_to_check(open_page, tmp_path, make_results):
    aligned = result_alignment.align([("before", make_results({"psnr": [20.0, 21.0]}))])
    warnings = [
        GainWarning(label, "before", 3.0, ("Leakage: <b>not</b> checked.", "Metric definition: x."))
        for label in ("after", _HOSTILE)
    ]
    page = open_page(
        report.write_aligned_report(
            tmp_path / "report", title="t", aligned=aligned, frames_dirs={}, warnings=warnings
        )
    )
    assert page.locator(".warning summary").all_text_contents() == [w.headline for w in warnings]
    first = page.locator(".warning").first
    assert not first.locator("li").first.is_visible()  # Two warnings are folded, one is not.
    first.locator("summary").click()
    assert first.locator("li").first.is_visible()
    assert first.locator("li").all_text_contents() == list(warnings[0].checks)


def test_means_are_those_of_the_results(open_page, small):
    page = open_page(small)
    results = evaluation_results.read_results(small.parent.parent / "1" / "results.json")
    row = page.locator("#means tbody tr", has_text="after")
    value = row.locator(".value").first.text_content()
    assert value == f"{results.groups['whole'].scores['psnr'].mean:.3f}"
    interval = results.groups["whole"].scores["psnr"].film_interval
    assert f"{interval[0]:.3f} – {interval[1]:.3f}" in row.text_content()


def test_sorting_searching_and_filtering(open_page, small):
    page = open_page(small)
    first = _names(page)
    header = page.locator("#triplets th", has=page.locator('[data-column="method-1"]'))
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    values = [float(v) for v in page.locator("#triplets tbody td:last-child").all_text_contents()]
    assert values == sorted(values) and len(values) == 9
    page.keyboard.press("Enter")  # The header has kept the focus.
    values = [float(v) for v in page.locator("#triplets tbody td:last-child").all_text_contents()]
    assert values == sorted(values, reverse=True)
    page.keyboard.press("/")
    page.keyboard.type("v2_2_")
    assert sorted(_names(page)) == sorted(name for name in first if "v2_2_" in name)
    page.locator("#search").fill("")
    page.locator("#filters summary").click()
    page.locator("#filter-0").select_option(label="medium (3)")
    assert page.locator("#selected").text_content() == "3 of 9 triplets"
    assert len(_names(page)) == page.locator("#gallery .cards li").count() == 3
    assert "Means over 3 triplets" in page.locator("#means caption").text_content()
    page.locator("#filter-clear").click()
    assert page.locator("#selected").text_content() == "9 of 9 triplets"
    page.locator("#metric").select_option(index=1)
    assert "Chamfer" in page.locator("#triplets caption").text_content()


def test_groups_are_sorted_and_filtered(open_page, small):
    page = open_page(small)
    groups = page.locator("#groups tbody th")
    page.locator("#groups select").select_option(label="film")
    assert groups.all_text_contents() == ["film0", "film1", "film2"]
    page.locator('#groups [data-sort="0"]').click()
    assert groups.all_text_contents() == ["film2", "film1", "film0"]  # The best first.
    page.keyboard.press("Enter")
    assert groups.all_text_contents() == ["film0", "film1", "film2"]
    assert "all triplets" in page.locator("#groups caption").text_content()
    # A group is a filter of the whole page, and stays in sight among the others of its grouping.
    groups.locator("button", has_text="film2").focus()
    page.keyboard.press("Enter")
    assert page.locator("#selected").text_content() == "3 of 9 triplets"
    assert groups.count() == 3 and page.locator("#groups tbody .value").first.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "film2"
    page.locator("#groups select").select_option(label="level")
    assert "the 3 triplets" in page.locator("#groups caption").text_content()
    assert groups.all_text_contents() == ["hard"]  # Films and levels of the drawn data coincide.
    page.locator("#groups select").select_option(label="film")
    groups.locator("button", has_text="film2").click()
    assert page.locator("#selected").text_content() == "9 of 9 triplets"


def test_paired_differences_and_people(open_page, tmp_path, make_results):
    values = {"before": [20.0, 21.0, 22.0, None], "after": [21.0, 21.0, 21.5, 30.0]}
    aligned = result_alignment.align(
        [(label, make_results({"psnr": psnr})) for label, psnr in values.items()]
    )
    tested = paired_comparison.PairedComparison(
        label="after", baseline="before", metric="psnr", pairs=3, missing=1, infinite=0, equal=1,
        better=1, worse=1, mean_difference=0.5 / 3, interval=(-0.5, 1.0), film_interval=(-0.4, 0.9),
        p_value=0.75, corrected_p=1.0,
    )  # fmt: skip
    share = preference_answers.Proportion(0, 0, None)
    found = preference_answers.Preferences(
        study="s", participants=1, answers=2,
        methods=(
            preference_answers.MethodPreference("before", "after", share, 2),
            preference_answers.MethodPreference(
                _HOSTILE, "after", preference_answers.proportion(3, 4), 0
            ),
        ),
        metrics=(preference_answers.MetricAgreement("psnr", share, 2),),
    )  # fmt: skip
    page = open_page(
        report.write_aligned_report(
            tmp_path / "report",
            title="t",
            aligned=aligned,
            frames_dirs={},
            differences=[tested],
            preferences=found,
        )
    )
    cells = page.locator("#differences tbody td")
    assert cells.all_text_contents() == [
        "+0.167−0.400 to +0.9001 missing", "1", "1", "1", "", "0.750", "1.000",
    ]  # fmt: skip
    page.locator("#baseline").select_option(label="after")
    assert cells.first.text_content().startswith("−0.167") and cells.count() == 5
    assert "against before" in page.locator("#differences").text_content()
    page.locator("#baseline").select_option(label="before")
    page.locator("#filters summary").click()
    page.locator("#filter-0").select_option(label="easy (2)")
    assert cells.first.text_content() == "+1.0001 missing"
    rows = page.locator("#people tbody tr")
    assert rows.nth(0).locator("td").all_text_contents() == ["after", "–", "0", "2"]
    assert rows.nth(1).locator("th").text_content() == _HOSTILE
    assert rows.nth(1).locator("td").nth(1).text_content().startswith("75.0 %")
    assert rows.nth(2).locator("td").all_text_contents() == ["–", "0", "2"]
    links = page.locator("#links a").all_text_contents()
    assert links[:3] == ["Means", "Differences", "People"] and "Natural" not in links


def test_the_gallery_shows_the_most_improved_and_a_sample_by_seed(open_page, small):
    page = open_page(small)
    names = page.locator("#gallery .cardname")
    page.locator("#gallery label", has_text="most improved").click()
    improved = names.all_text_contents()
    assert len(improved) == 6 and "_000002_" in improved[0]
    page.locator("#gallery label", has_text="most damaged").click()
    assert len(names.all_text_contents()) == 3
    page.locator("#gallery label", has_text="random").click()
    for seed in (1, 2):
        page.locator("#seed").fill(str(seed))
        page.locator("#seed").press("Enter")
        ranks = [int(re.search(r"_0000(\d\d)_", name)[1]) if "Japan" in name else 1
                 for name in names.all_text_contents()]  # fmt: skip
        assert ranks == report_selection.random_order(9, seed)


def test_the_slider_moves_by_mouse_and_keys(open_page, small):
    page = open_page(small)
    _open(page, page.locator("#gallery a.card").first)
    page.keyboard.press("2")
    divider = page.locator(".slide")
    clip = "document.querySelector('#viewer img.over').style.clipPath"
    assert divider.input_value() == "50" and "50%" in page.evaluate(clip)
    page.keyboard.press("ArrowRight")
    assert divider.input_value() == "51" and "49%" in page.evaluate(clip)
    box = page.locator("#viewer .frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert abs(int(float(divider.input_value())) - 25) <= 1
    assert re.search(r"7[456](\.\d+)?%", page.evaluate(clip))
    before = page.locator("#viewer .stage img.over").get_attribute("src")
    page.locator("#pick-a").select_option(label="last frame")
    assert page.locator("#viewer .stage img.over").get_attribute("src") != before
    divider.focus()
    page.keyboard.press("n")
    assert page.locator("#viewer .viewername p").text_content().startswith("2 of 9")


def test_keys_go_between_triplets_views_and_maps(open_page, small):
    page = open_page(small)
    _open(page, page.locator("#triplets tbody a").nth(3))
    place = page.locator("#viewer .viewername p")
    assert place.text_content().startswith("4 of 9")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert place.text_content().startswith("5 of 9")
    assert page.url.endswith("#triplet-4")
    page.locator("#viewer button", has_text="Blink").click()
    page.keyboard.press("ArrowRight")
    assert place.text_content().startswith("6 of 9")
    assert page.locator("#mode-blink").get_attribute("aria-pressed") == "true"
    page.keyboard.press("p")
    page.keyboard.press("1")
    page.keyboard.press("e")
    shown = page.locator("#viewer .stage img").first
    assert shown.get_attribute("src").endswith("error_1.webp")
    page.keyboard.press("l")
    assert shown.get_attribute("src").endswith("lines_1.webp")
    page.keyboard.press("m")
    assert shown.get_attribute("src").endswith("lines_0.webp")
    page.keyboard.press("f")
    assert shown.get_attribute("src").endswith("flow.webp")
    page.keyboard.press("r")
    roi = page.locator("#viewer .roi").bounding_box()
    frame = page.locator("#viewer .frame").bounding_box()
    assert roi["width"] / frame["width"] == pytest.approx(16 / 48, abs=0.01)
    assert (roi["y"] - frame["y"]) / frame["height"] == pytest.approx(6 / 36, abs=0.01)
    page.keyboard.press("?")
    assert page.locator("#help[open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0 and "#" not in page.url
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")
    _open(page, page.locator("#triplets tbody a").nth(2))
    page.go_back()
    _wait(page, "document.querySelectorAll('dialog[open]').length === 0")


def test_blinking_changes_by_itself_and_stops(open_page, small):
    page = open_page(small, fragment="#triplet-2")
    assert page.locator("#viewer .viewername h2").text_content() == "Japan_v2_2_000002_s1"
    page.keyboard.press("3")
    frame = page.locator("#viewer .frame")
    first = frame.get_attribute("data-shown")
    _wait(page, f"document.querySelector('#viewer .frame').dataset.shown !== '{first}'")
    page.keyboard.press(" ")
    assert page.locator("#blink-play").text_content() == "Play"
    still = frame.get_attribute("data-shown")
    page.wait_for_timeout(1600)
    assert frame.get_attribute("data-shown") == still
    page.locator("text=Show the other").click()
    assert frame.get_attribute("data-shown") != still


def test_nothing_blinks_by_itself_for_who_wants_less_motion(open_page, small):
    page = open_page(small, fragment="#triplet-0", reduced_motion="reduce")
    page.keyboard.press("3")
    assert page.locator("#blink-play").text_content() == "Play"


def test_a_point_of_a_plot_opens_its_triplet(open_page, small):
    page = open_page(small)
    for number, plot in enumerate(("#plot-measure", "#plot-methods")):
        canvas = page.locator(plot)
        canvas.scroll_into_view_if_needed()
        x, y, triplet = page.evaluate(
            f"(({{px, py, i}}) => [px, py, i])(Report.plots[{number}].points()[4])"
        )
        canvas.click(position={"x": x, "y": y})
        name = page.locator("#viewer-title").text_content()
        assert name == page.evaluate(f"REPORT_DATA.triplets.name[{triplet}]")
        page.keyboard.press("Escape")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#plots .tip:visible").count() == 1
    page.keyboard.press("Enter")
    page.locator("#viewer[open]").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(open_page, small, scheme):
    page = open_page(small, viewport=_PHONE, color_scheme=scheme)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    _open(page, page.locator("#gallery a.card").first)
    score = page.locator("#triplets tbody tr").first.locator("td").last.bounding_box()
    assert score["x"] + score["width"] <= _PHONE["width"]  # Two scores stand beside the name.
    viewer = "(v => v.scrollWidth - v.clientWidth)(document.getElementById('viewer'))"
    for key in "123":
        page.keyboard.press(key)
        assert page.evaluate(viewer) <= 0
    page.keyboard.press("Escape")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert brightness > 230 if scheme == "light" else brightness < 50
    page.locator("#theme").click()
    switched = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert switched != background


def test_two_thousand_triplets_stay_quick(open_page, tmp_path, make_results, draw_triplet):
    labels = [f"method {k}" for k in range(5)]
    path = _write(tmp_path, make_results, draw_triplet, count=2000, drawn=30, labels=labels)
    page = open_page(path)
    seconds = _busy_seconds(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    loaded_s = seconds()
    assert page.evaluate("document.querySelectorAll('*').length") < 3000
    # Of the pictures only thumbnails are read, and those only that the reader comes near to.
    page.locator("#gallery .cards li").first.scroll_into_view_if_needed()
    read = "[...document.images].filter(image => image.naturalWidth > 0).map(image => image.src)"
    _wait(page, f"{read}.length > 2")
    assert all(address.endswith("_small.webp") for address in page.evaluate(read))
    assert len(page.evaluate(read)) <= 3 * 24
    assert page.evaluate("[...document.images].every(image => image.loading === 'lazy')")
    seconds = _busy_seconds(page)
    page.locator('[data-column="method-4"]').click()
    page.locator("#metric").select_option(index=1)
    page.locator("#groups tbody button").first.click()
    page.locator("#search").fill("1998")
    assert len(_names(page)) == 1
    acted_s = seconds()
    assert loaded_s < 4 and acted_s < 4, (loaded_s, acted_s)


def _busy_seconds(page):
    """Returns a function that says how long the page has computed since; waiting does not count."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def total():
        found = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in found if metric["name"] == "TaskDuration")

    start = total()
    return lambda: total() - start


def test_one_result_without_pictures_groups_or_measures(open_page, tmp_path, make_results):
    folder = tmp_path / "one"
    folder.mkdir()
    values = {"psnr": [None, float("inf"), 20.0], "psnr_roi": [None, None, None]}
    results = make_results(values, film="", level=None, identity={"records": "d"})
    evaluation_results.write_results(folder, results)
    entries = [("only", folder / "results.json", folder / "frames")]
    path = report.write_report(tmp_path / "report", title="t", results=entries)
    page = open_page(path, fragment="#triplet-1")
    assert "holds no pictures" in page.locator("#viewer .stage").text_content()
    for key in ("2", "3", "m", "e", " ", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    cells = page.locator("#means tbody td").all_text_contents()
    assert cells[0].startswith("20.000") and "1 infinite, 1 missing" in cells[0]
    assert cells[1] == "–"
    page.locator("#gallery label", has_text="random").click()
    assert page.locator("#gallery .cards li").count() == 3
    shown = [page.locator("#triplets tbody td:last-child").nth(i).text_content() for i in range(3)]
    assert shown == ["–", "∞", "20.000"]
