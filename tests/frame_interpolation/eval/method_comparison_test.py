"""The comparison: published rows, natural video, warnings of gains, and the files."""

import csv
import dataclasses
import io
import json
import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    comparison_files,
    comparison_tables,
    leakage,
    method_comparison,
    result_alignment,
    text_table,
)

_BASE = [30.0 + 0.1 * i for i in range(12)]


def _align(**results):
    return result_alignment.align(list(results.items()))


def _gain(gain_db):
    return [value + gain_db * (1 + 0.01 * i) for i, value in enumerate(_BASE)]


def _compare(make_results, gain_db, **arguments):
    aligned = _align(
        before=make_results({"psnr": _BASE, "ssim": [0.9] * 12}),
        after=make_results({"psnr": _gain(gain_db), "ssim": [0.9] * 12}),
    )
    return method_comparison.compare(aligned, **arguments)


def test_differences_are_to_the_baseline_and_corrected_over_all_blocks(make_results):
    natural = _align(
        before=make_results({"psnr": _BASE}, records="n"),
        after=make_results({"psnr": _gain(-1.0)}, records="n"),
    )
    alone = _compare(make_results, 0.3)
    found = _compare(make_results, 0.3, natural=[natural])
    psnr, ssim = found.main.differences
    assert (psnr.label, psnr.baseline, ssim.reason) == ("after", "before", "no triplet differs")
    assert psnr.corrected_p == pytest.approx(2 * psnr.p_value)
    assert alone.main.differences[0].corrected_p == pytest.approx(psnr.p_value)
    (cost,) = found.natural[0].differences
    assert cost.mean_difference < -1 and cost.corrected_p == pytest.approx(2 * cost.p_value)
    reverse = _compare(make_results, 0.3, baseline="after")
    assert reverse.main.differences[0].label == "before"
    with pytest.raises(InputError, match="'other' is not among the results before, after"):
        _compare(make_results, 0.3, baseline="other")


@pytest.mark.parametrize("gain_db", [0.6, 3.0])
def test_a_large_gain_is_met_with_what_to_check(make_results, gain_db):
    (warning,) = _compare(make_results, gain_db).warnings
    assert warning.label == "after" and warning.gain_db > gain_db
    text = " ".join([warning.headline, *warning.checks])
    for words in ("Leakage", "--training_records", "ssim_atd12k", "protocol film", "resized"):
        assert words in text
    assert "8 bits" in text and "12 triplets" in text


@pytest.mark.parametrize("gain_db", [-2.0, 0.0, 0.4])
def test_a_small_gain_or_a_loss_is_not_warned_of(make_results, gain_db):
    assert _compare(make_results, gain_db).warnings == ()


def test_the_warning_tells_what_the_search_found(make_results):
    hit = leakage.LeakageHit("same frame", "t3", 2, "train9", 1, "train@4")
    report = leakage.LeakageReport(("train@4",), 100, 12, 0, (hit,), ("film1",))
    (warning,) = _compare(make_results, 1.0, leakage=report).warnings
    assert "test triplet t3, frame 2: frame 1 of train9 in train@4" in warning.checks[0]


@pytest.mark.parametrize(("protocol", "rows"), [("atd12k", 9), ("film", 0)])
def test_published_rows_stand_beside_their_own_protocol_only(make_results, protocol, rows):
    results = make_results(
        {"psnr": _BASE, "ssim": [0.9] * 12, "chamfer": [9.505e-5] * 12, "psnr_roi": _BASE},
        protocol=protocol,
    )
    comparison = method_comparison.compare(_align(ours=results))
    table = comparison_tables.tables_of(comparison)[0]
    published = [row for row in table.rows if "(published)" in text_table.text_of(row[0])]
    assert len(published) == rows
    assert table.headings[2:5] == ("PSNR [dB] ↑", "SSIM (FILM) ↑", "Chamfer [×1e-5] ↓")
    assert text_table.text_of(table.rows[0][4]) == "9.505"
    notes = " ".join(table.notes)
    assert ("Super SloMo" in notes) == ("not comparable" in notes) == (rows > 0)
    # A published figure is shown also where nothing of ours stands beside it.
    assert ("Not scored here: ssim_atd12k, lpips_unscaled." in table.notes) == (rows > 0)
    assert len(table.headings) == (7 if rows else 5)
    if rows:
        assert published[0] == (
            "AnimeInterp (published)", "2000", "29.675", "-", "5.564", "0.9584", "5.059",
        )  # fmt: skip
        assert list(map(text_table.text_of, table.rows[0][5:])) == ["-", "-"]


def test_tables_name_groups_and_mark_the_best(make_results):
    comparison = _compare(make_results, 0.3)
    means, groups, differences = comparison_tables.tables_of(comparison)
    assert [row[2].is_best for row in means.rows] == [False, True]
    assert {text_table.text_of(row[0]) for row in groups.rows} >= {"level: easy", "level: hard"}
    assert not any(text_table.text_of(row[0]).startswith("film") for row in groups.rows)
    assert differences.rows[0][:2] == ("after", "PSNR [dB] ↑")
    assert text_table.text_of(differences.rows[0][2]).startswith("+0.3")
    assert "after: no test of ssim, for no triplet differs." in differences.notes
    assert not any(row[3].is_best for row in means.rows)  # All have the same SSIM.


def test_a_column_that_a_result_lacks_is_empty_and_said(make_results):
    aligned = _align(
        before=make_results({"psnr": _BASE, "ie": _BASE, "l1": _BASE}),
        after=make_results({"psnr": _BASE}),
    )
    comparison = method_comparison.compare(aligned)
    table = comparison_tables.tables_of(comparison)[0]
    assert [text_table.text_of(row[3]) for row in table.rows] == ["30.550", "-"]
    assert not any(row[3].is_best for row in table.rows)
    assert "after: evaluated without ie, l1." in table.notes
    assert [found.metric for found in comparison.main.differences] == ["psnr"]


def test_the_files_hold_everything(make_results, tmp_path):
    hostile = 'a|b & <i>"'
    values = [*_BASE[:10], None, math.inf]
    aligned = _align(
        **{
            "before": make_results({"psnr": _BASE}, protocol="atd12k"),
            hostile: make_results({"psnr": values}, protocol="atd12k"),
        }
    )
    comparison = method_comparison.compare(aligned)
    comparison_files.write_comparison(tmp_path / "out", comparison)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "comparison.txt", "comparison.md", "comparison.tex", "comparison.csv",
        "differences.csv", "triplet_differences.csv", "comparison.json",
    }  # fmt: skip
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["baseline"] == "before" and len(content["main"]["published"]) == 9
    assert content["main"]["differences"][0]["infinite"] == 1
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "comparison.csv").read_text())))
    whole = [row for row in rows if (row["group"], row["method"]) == ("whole", hostile)]
    assert [(row["count"], row["infinite"], row["missing"]) for row in whole] == [("10", "1", "1")]
    assert sum(row["kind"] == "published" for row in rows) == 9 * 4
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "out" / "triplet_differences.csv").read_text()))
    )
    assert [row["triplet"] for row in rows] == [f"t{i}" for i in range(12)]
    assert [row["psnr"] for row in rows] == ["0.0"] * 10 + ["", "inf"]
    assert {row["label"] for row in rows} == {hostile} and rows[1]["film"] == "film1"
    assert r"a\|b &amp; \<i\>" in (tmp_path / "out" / "comparison.md").read_text()
    assert r"b \& \textless{}i" in (tmp_path / "out" / "comparison.tex").read_text()
    text = (tmp_path / "out" / "comparison.txt").read_text()
    assert "left out are 1 pairs with a missing value; 1 with one infinite value" in text


def test_natural_results_are_sorted_by_dataset(make_results):
    sets = {
        name: make_results({"psnr": _BASE}, records=name, name=[f"{name}{i}" for i in range(12)])
        for name in ("vimeo", "xiph")
    }
    results = [("a", sets["vimeo"]), ("a", sets["xiph"]), ("b", sets["xiph"])]
    results.append(("b", sets["vimeo"]))
    results = [
        (label, dataclasses.replace(r, experiment=r.identity["records"])) for label, r in results
    ]
    found = method_comparison.align_natural(results, [{}] * 4)
    assert [(of.labels, of.results[0][1].experiment) for of in found] == [
        (("a", "b"), "vimeo"), (("a", "b"), "xiph"),
    ]  # fmt: skip
    main = _align(a=make_results({"psnr": _BASE}), b=make_results({"psnr": _BASE}))
    assert len(method_comparison.compare(main, natural=found).natural) == 2
    (alone,) = method_comparison.align_natural(results[2:3], [{}])
    with pytest.raises(InputError, match="have none of the baseline 'a'"):
        method_comparison.compare(main, natural=[alone])
    with pytest.raises(InputError, match="natural results of 'b', but no others"):
        method_comparison.compare(_align(a=make_results({"psnr": _BASE})), natural=found)
