"""Tables of text: aligned on a terminal, and nothing in a cell is taken for markup."""

import pytest

from frame_interpolation.eval import text_table
from frame_interpolation.eval.text_table import Cell, TextTable

_TABLE = TextTable(
    title="Scores of 3_triplets",
    headings=("method", "PSNR [dB] ↑"),
    rows=(("a|b <i>", Cell("30.10", is_best=True)), ("50 % & more", "9.2"), ("c\nd", "-")),
    sections=(0, 2),
    notes=("a_b: 1 missing",),
)


def test_text_is_aligned_with_rules_between_sections():
    lines = text_table.to_text(_TABLE).splitlines()
    assert lines[2] == "method       PSNR [dB] ↑"
    assert lines[4] == "a|b <i>           30.10*"
    assert set(lines[3]) == set(lines[6]) == {"-"}
    assert lines[7].startswith("c d") and lines[-1] == "note: a_b: 1 missing"


def test_markdown_escapes_what_it_would_read():
    lines = text_table.to_markdown(_TABLE).splitlines()
    assert lines[0] == r"## Scores of 3\_triplets"
    assert lines[3] == "| --- | ---: |"
    assert lines[4] == r"| a\|b \<i\> | **30.10** |"
    assert lines[5] == "| 50 % &amp; more | 9.2 |"


def test_latex_escapes_what_it_would_read():
    lines = text_table.to_latex(_TABLE).splitlines()
    assert lines[0] == r"\begin{longtable}{lr}"
    assert r"a\textbar{}b \textless{}i\textgreater{} & \textbf{30.10} \\" in lines
    assert r"50 \% \& more & 9.2 \\" in lines
    assert r"method & PSNR {[}dB{]} $\uparrow$ \\" in lines
    assert lines.count(r"\midrule") == 2


@pytest.mark.parametrize("text", ["\\", "{x}", "$", "#1", "~^_"])
def test_latex_keeps_every_special_character(text):
    escaped = text_table.escape_latex(text)
    assert all(escaped.replace("\\" + c, "").count(c) == 0 for c in "#$_")
    assert escaped != text


@pytest.mark.parametrize("escape", [text_table.escape_latex, text_table.escape_markdown])
def test_control_characters_are_left_out(escape):
    assert escape("a\x1b b\0\r\nc\u202e") == "a b c"


def test_a_row_of_another_length_is_a_mistake():
    with pytest.raises(ValueError, match="1 cells for 2"):
        TextTable("t", ("a", "b"), (("x",),))
