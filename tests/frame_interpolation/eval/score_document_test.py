"""The document of tables: every group and interval, hostile names, LaTeX that is well formed."""

import re

import pytest

from frame_interpolation.eval import score_document, score_summary
from frame_interpolation.eval.scored_triplet import ScoredTriplet

_HOSTILE = r"a|b_[c] & 50 % \end{longtable} <b>$x^2~#{}"
_NAMES = ("psnr", "ie", "psnr_roi")


def _document(films=("Japan_v2_0", "Japan_v2_0", _HOSTILE, _HOSTILE), **values):
    triplets = [
        ScoredTriplet(
            index=i,
            shard="test",
            offset=i,
            key="k",
            name=f"t{i}",
            film=film,
            level=i % 3,
            frame_size=(960, 540),
            image_size=(960, 540),
            motion_roi=(0, 0, 9, 9),
            roi=(0, 0, 9, 9),
            general_motion_type=("translation", "rotation"),
            behavior=(),
            values={"psnr": 30.0 + i, "ie": 5.0 - i, "psnr_roi": 20.0 + i, **values},
            measures={"motion_px": 8.0 * i, "nonlinearity": 0.0},
            remarks=("chamfer: empty line map (truth)",) if i == 1 else (),
        )
        for i, film in enumerate(films)
    ]
    groups = score_summary.summarize(triplets, _NAMES)
    return score_document.build(
        title="50 % of #1\n% x", facts={"Model": _HOSTILE}, groups=groups, metric_names=_NAMES
    )


def _rows(table):
    return {row[:2]: row[2:] for row in table.rows}


def test_the_first_table_has_all_means():
    rows = _rows(_document().tables[0])
    assert rows["all", "whole frame"] == ("4", "2", "31.500", "3.500")
    assert rows["all", "region of interest"] == ("4", "2", "21.500", "-")
    assert rows["level", "easy"] == ("2", "2", "31.500", "3.500")
    assert rows["region", "Eastern"] == ("2", "1", "30.500", "4.500")
    assert rows["motion [px]", "5-10 px"] == ("1", "1", "31.000", "4.000")
    # Both kinds of motion of every triplet.
    assert rows["general motion type", "translation"][0] == "4"
    assert rows["general motion type", "rotation"][0] == "4"
    assert "behaviour" not in {kind for kind, _ in rows}


def test_each_metric_has_a_table_with_both_intervals():
    document = _document()
    assert [table.title for table in document.tables[1:]] == [
        "PSNR [dB]: means with 95 % intervals",
        "IE: means with 95 % intervals",
    ]
    psnr = _rows(document.tables[1])
    assert psnr["all", "whole frame"][:3] == ("4", "2", "31.500")
    low, high = map(float, re.findall(r"[\d.]+", psnr["all", "whole frame"][3]))
    assert 30.0 <= low < 31.5 < high <= 33.0
    assert psnr["all", "whole frame"][4] == "[30.500, 32.500]"
    assert psnr["film", "Japan_v2_0"][4] == "-"
    assert ("all", "region of interest") not in _rows(document.tables[2])


def test_what_is_missing_is_said():
    document = _document(psnr_roi=None)
    notes = document.tables[0].notes
    assert any(note.startswith("psnr_roi: missing for 4 of 4") for note in notes)
    assert "chamfer: empty line map (truth): 1 of 4 triplets." in notes
    one_film = _document(films=("a", "a")).tables[1]
    assert "There are no intervals by film: all triplets are from one film." in one_film.notes
    unknown = _document(films=("a", "")).tables[1]
    assert any("film of some triplets is not known" in note for note in unknown.notes)
    alone = _document(films=("a",)).tables[1]
    assert "There are no intervals: they need at least 2 triplets." in alone.notes


def test_markdown_shows_names_as_they_are():
    text = score_document.to_markdown(_document())
    assert text.startswith("# 50 % of \\#1 % x\n\n- Model: ")
    assert "<b>" not in text and text.endswith("\n")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert cells == {7, 8}  # 6 columns in the first table, 7 in the others.


def test_latex_is_well_formed():
    text = score_document.to_latex(_document())
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 3
    bare = re.sub(r"\\[{}%&#$_\\]", "", body)
    assert bare.count("{") == bare.count("}")
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert not re.search(r"[%#~|^<>]|(?<!\{)\[", bare.replace("\\\\", ""))
    for rows, columns in re.findall(
        r"\\begin\{longtable\}\{l*r*\}\n(.*?)\\end\{longtable\}()", body, re.DOTALL
    ):
        counts = {len(re.findall(r"(?<!\\)&", line)) for line in rows.splitlines() if " & " in line}
        assert len(counts) == 1, columns


@pytest.mark.parametrize("value", [float("inf"), None])
def test_means_that_are_no_numbers(value):
    rows = _rows(_document(psnr=value).tables[1])
    expected = "-" if value is None else "inf"
    assert rows["all", "whole frame"][2:] == (expected, "-", "-")
