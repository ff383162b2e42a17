"""The report: one folder, true addresses, escaped names, and a page that a browser can show."""

import html.parser
import json
import re
import shutil
import subprocess
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluator, frame_store, pictures, protocols, report
from frame_interpolation.eval.evaluation_example import RecordSource

_HOSTILE = "\"><script>document.title = 'hacked'</script><img src=x onerror=alert(1)>"


class _Page(html.parser.HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, name, attribute):
        return [attributes.get(attribute) for tag, attributes in self.tags if tag == name]


@pytest.fixture
def results(tmp_path, write_records):
    """Results before and after of three triplets, one with a hostile name."""
    records = write_records(
        tmp_path / "records",
        [
            {"name": name, "annotation": Annotation(level, (8, 6, 16, 12), (32, 24))}
            for level, name in enumerate(["plain", _HOSTILE, "猫"])
        ],
    )
    written = []
    for label, weight in (("before", 0.0), ("after", 0.5)):
        folder = tmp_path / label
        evaluator.evaluate(
            source=RecordSource(records),
            method=evaluator.Method(
                {"fingerprint": label, "path": f"models/{label}"},
                lambda w=weight: evaluator.predictor_of(lambda a, b: (1 - w) * a + w * b),
            ),
            output_dir=folder,
            experiment="test",
            protocol=protocols.find("film"),
            metric_names=("psnr", "ssim", "psnr_roi"),
            output_frames=True,
        )
        written.append(report.ReportedResult(label, folder / "results.json", folder / "frames"))
    return written


def test_the_folder_holds_all_that_the_page_names(tmp_path, results):
    page_path = report.write_report(tmp_path / "report", title="Before & after", results=results)
    assert page_path == tmp_path / "report" / "report.html"
    shutil.move(tmp_path / "report", tmp_path / "elsewhere")
    for label in ("before", "after"):
        shutil.rmtree(tmp_path / label)
    folder = tmp_path / "elsewhere"
    page = _Page((folder / "report.html").read_text(encoding="utf-8"))
    addresses = [*page.all("img", "src"), *page.all("a", "href")]
    assert len(addresses) == 3 * 2 * (3 + 2 * 2)
    for address in addresses:
        assert not re.match(r"[a-z]+:|/|\.\.", address)
        assert (folder / unquote(address)).is_file()
    assert all(alt for alt in page.all("img", "alt"))
    named = {unquote(address) for address in addresses}
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert held == named | {"report.html"}


def test_names_from_files_stay_text(tmp_path, results):
    results[0] = results[0]._replace(label="<b>before</b>")
    path = report.write_report(
        tmp_path / "report", title="<i>title</i>", results=results, introduction="a < b & c"
    )
    text = path.read_text(encoding="utf-8")
    page = _Page(text)
    assert not {"script", "b", "i"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    shown = "".join(page.text)
    for name in (_HOSTILE, "猫", "<b>before</b>", "<i>title</i>", "a < b & c"):
        assert name in shown


def test_tables_and_pictures(tmp_path, results):
    path = report.write_report(tmp_path / "report", title="t", results=results)
    text = path.read_text(encoding="utf-8")
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(\d+)</td>', text)
    assert rows == [("whole", "3"), ("RoI", "3"), ("easy", "1"), ("medium", "1"), ("hard", "1")]
    before = json.loads((tmp_path / "before" / "results.json").read_text())
    assert f"{before['groups']['whole']['scores']['psnr']['mean']:.3f}" in text
    # The region of 8, 6, 16, 12 in a frame of 32x24.
    assert "left: 25.000%; top: 25.000%; width: 50.000%; height: 50.000%" in text
    folder = tmp_path / "report" / "images" / "plain"
    estimate, truth = (
        frame_store.read_image(folder / name) for name in ("result_0.png", "ground_truth.png")
    )
    np.testing.assert_array_equal(
        frame_store.read_image(folder / "error_0.png"), pictures.error_map(estimate, truth)
    )
    with Image.open(folder / "result_1_small.jpg") as small:
        assert small.size == (32, 24)


def test_of_many_triplets_some_are_shown(tmp_path, results):
    path = report.write_report(tmp_path / "report", title="t", results=results, max_triplets=2)
    text = path.read_text(encoding="utf-8")
    assert text.count("<article>") == 2
    assert "Pictures of 2 of them are shown" in text


def test_results_without_pictures_are_refused(tmp_path, results):
    path = tmp_path / "before" / "results.json"
    content = json.loads(path.read_text())
    for triplet in content["triplets"]:
        triplet["frames"] = ""
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"without pictures.*--output_frames"):
        report.write_report(tmp_path / "report", title="t", results=results)
    assert not (tmp_path / "report" / "report.html").exists()


def test_a_missing_picture_is_named(tmp_path, results):
    (tmp_path / "after" / "frames" / "plain" / "frame2.png").unlink()
    with pytest.raises(InputError, match=r"plain/frame2.png' is missing"):
        report.write_report(tmp_path / "report", title="t", results=results)
    assert not (tmp_path / "report" / "report.html").exists()


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_the_page_and_runs_nothing(tmp_path, results):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed.")
    page = report.write_report(tmp_path / "report", title="Before and after", results=results)
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--window-size=1200,4000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "<title>Before and after</title>" in done.stdout
    shot = tmp_path / "page.png"
    subprocess.run(
        [*command, "--window-size=1200,4000", f"--screenshot={shot}", page.as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    with Image.open(shot) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    # The square of the frames is on the page: pictures were loaded.
    assert any(abs(r - 200) < 12 and abs(b - 40) < 12 for _, (r, _, b) in colours)
