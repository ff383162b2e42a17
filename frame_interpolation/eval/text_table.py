"""Tables of text cells, written for a terminal, as Markdown and as LaTeX.

The cells of a table are plain text; what a format would read as markup is escaped. Rows may be
marked as the start of a section (a rule above them) and cells as the best of their column (bold
where the format can).
"""

import re
from dataclasses import dataclass

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "[": "{[}",  # After the end of a row it would begin that command's argument.
    "]": "{]}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "±": r"$\pm$",
    "×": r"$\times$",
}


@dataclass(frozen=True)
class Cell:
    """A cell that is more than its text.

    Attributes:
        text: What it says.
        is_best: Whether it is the best of its column.
    """

    text: str
    is_best: bool = False


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes:
        title: What it shows.
        headings: One a column.
        rows: Cells of each row, as many as headings.
        text_columns: How many columns, from the first, are words and stand left.
        sections: Positions of rows that begin a section.
        notes: Sentences below the table.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    text_columns: int = 1
    sections: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.headings):
                raise ValueError(f"A row has {len(row)} cells for {len(self.headings)} headings.")


def text_of(cell: Cell | str) -> str:
    """Returns what a cell says, on one line."""
    text = cell.text if isinstance(cell, Cell) else cell
    return _one_line(text)


def to_text(table: TextTable) -> str:
    """Writes a table for a terminal, the best cells marked by a star.

    Args:
        table: The table.

    Returns:
        Lines without a final line feed.
    """
    cells = [[_starred(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            text.ljust(width) if i < table.text_columns else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    rule = "-" * max(map(len, lines))
    for position in sorted({0, *table.sections}, reverse=True):
        lines.insert(position + 1, rule)
    return "\n".join([table.title, "", *lines, *(f"note: {note}" for note in table.notes)])


def to_markdown(table: TextTable, *, level: int = 2) -> str:
    """Writes a table as Markdown (GitHub's), the best cells in bold.

    Args:
        table: The table.
        level: Level of the heading.

    Returns:
        Lines without a final line feed.
    """
    marks = ["---" if i < table.text_columns else "---:" for i in range(len(table.headings))]
    rows = [" | ".join(map(_markdown_cell, row)) for row in (table.headings, *table.rows)]
    rows.insert(1, " | ".join(marks))
    lines = [f"{'#' * level} {escape_markdown(table.title)}", ""]
    lines += [f"| {row} |" for row in rows]
    if table.notes:
        lines += ["", *(f"- {escape_markdown(note)}" for note in table.notes)]
    return "\n".join(lines)


def to_latex(table: TextTable) -> str:
    r"""Writes a table as LaTeX for the packages `booktabs` and `longtable`.

    Args:
        table: The table.

    Returns:
        Lines without a final line feed; notes are a list below the table.
    """
    columns = "".join("l" if i < table.text_columns else "r" for i in range(len(table.headings)))
    lines = [
        rf"\begin{{longtable}}{{{columns}}}",
        rf"\caption{{{escape_latex(table.title)}}}\\",
        r"\toprule",
        " & ".join(map(_latex_cell, table.headings)) + r" \\",
        r"\midrule",
        r"\endhead",
    ]
    for i, row in enumerate(table.rows):
        if i and i in table.sections:
            lines.append(r"\midrule")
        lines.append(" & ".join(map(_latex_cell, row)) + r" \\")
    lines += [r"\bottomrule", r"\end{longtable}"]
    if table.notes:
        notes = [rf"\item {escape_latex(note)}" for note in table.notes]
        lines += [r"\begin{itemize}", *notes, r"\end{itemize}"]
    return "\n".join(lines)


def escape_markdown(text: str) -> str:
    """Returns text that Markdown shows as it is, on one line."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", _one_line(text)).replace("&", "&amp;")


def escape_latex(text: str) -> str:
    """Returns text that LaTeX sets as it is, on one line."""
    return "".join(_LATEX_SPECIAL.get(character, character) for character in _one_line(text))


def _one_line(text: str) -> str:
    # Control characters would end a LaTeX run, and move a terminal's cursor.
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())


def _starred(cell: Cell | str) -> str:
    return text_of(cell) + ("*" if isinstance(cell, Cell) and cell.is_best else "")


def _markdown_cell(cell: Cell | str) -> str:
    text = escape_markdown(text_of(cell))
    return f"**{text}**" if isinstance(cell, Cell) and cell.is_best and text else text


def _latex_cell(cell: Cell | str) -> str:
    text = escape_latex(text_of(cell))
    return rf"\textbf{{{text}}}" if isinstance(cell, Cell) and cell.is_best and text else text
