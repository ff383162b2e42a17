"""Reading `results.json`: what it held, and files that are cut, changed or of another version."""

import json
import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results


@pytest.fixture
def results(make_results):
    return make_results({"psnr": [20.0, math.inf, None], "l1": [0.1, 0.0, 0.2]})


@pytest.fixture
def path(results, tmp_path):
    evaluation_results.write_results(tmp_path, results)
    return tmp_path / "results.json"


def test_what_was_written_is_read(results, path):
    assert evaluation_results.read_results(path) == results


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("format_version", 99, "format version 99"),
        ("format", "other", "does not hold results"),
        ("protocol/version", 0, "version 0 of protocol 'film'"),
        ("protocol", "film", "not complete"),
        ("identity", None, "not complete"),
        ("identity", {"protocol": "film"}, "not complete"),
        ("identity/protocol", ["film"], "not complete"),
        ("identity/protocol", "of_tomorrow", "another version: There is no protocol 'of_tomorrow'"),
        ("identity/metrics", ["sharpness"], "another version: There is no metric 'sharpness'"),
        ("identity/metrics", ["psnr", "ie"], "lacks values"),
        ("identity/metrics", 5, "not complete"),
        ("model", "a path", "not complete"),
        ("dataset", None, "not complete"),
        ("triplets", [{}], "not complete"),
        ("triplets", {"a": 1}, "not complete"),
        ("triplets/0/values", {"psnr": math.nan, "l1": 0.0}, "a value is not a number"),
        ("triplets/0/values", {"psnr": "high", "l1": 0.0}, "not complete"),
        ("triplets/0/values", {"psnr": [1], "l1": 0.0}, "not complete"),
        ("triplets/0/name", 5, "name, group, mark or remark of 5 is no text"),
        ("triplets/0/behavior", [None], "is no text"),
        ("triplets/0/level", "hard", "level, box or measure .* is no number"),
        ("triplets/0/roi", [1, 2], r"roi is \(1, 2\), expected 4 numbers"),
        ("triplets/0/measures", {"motion_px": "far"}, "is no number"),
        ("triplets/0/measures", [1], "not complete"),
        ("triplets/0/values", [], "lacks values"),
        ("triplets/0/frame_marks", ["00:00"] * 3, "no proper mark"),
    ],
)
def test_what_was_changed_is_refused_by_name(path, place, value, message):
    content = json.loads(path.read_text())
    *outer, last = place.split("/")
    inner = content
    for name in outer:
        inner = inner[int(name) if name.isdigit() else name]
    inner[last] = value
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"results\.json'.*{message}"):
        evaluation_results.read_results(path)


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-20], lambda text: b"\xff\xfe", lambda _: b""]
)
def test_a_cut_file_is_refused(path, spoil):
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputError, match="not valid JSON; evaluate again"):
        evaluation_results.read_results(path)
