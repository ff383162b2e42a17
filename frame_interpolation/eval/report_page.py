"""The page of a report as HTML text; pure functions, no files.

The page needs no script, font or style sheet from elsewhere, follows the reader's light or dark
setting, and folds from several pictures a row to one on a narrow screen.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from frame_interpolation.eval import metrics, pictures, score_table
from frame_interpolation.eval.protocols import LEVEL_NAMES
from frame_interpolation.eval.score_table import LabeledResults, ScoreTable
from frame_interpolation.eval.scored_triplet import ScoredTriplet

_CSS = """
:root { color-scheme: light dark; --ink: #1d1f23; --soft: #5b616b; --page: #ffffff;
  --panel: #f4f5f7; --line: #d5d8de; --mark: #0b63c5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a2a8b3; --page: #16181c;
  --panel: #20232a; --line: #3a3f49; --mark: #7db4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 90rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; max-width: 50rem; }
a { color: var(--mark); }
.soft, figcaption span { color: var(--soft); font-size: .875rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: right; white-space: nowrap; }
tbody th, thead tr:first-child th:first-child { text-align: left; font-weight: 600; }
thead th { font-weight: 600; }
thead tr:last-child th, thead th[rowspan] { border-bottom: 1px solid var(--ink); }
thead th.span { text-align: center; }
tbody td, tbody th { border-bottom: 1px solid var(--line); }
.first { border-left: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0;
  font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.ramp { display: inline-block; width: 12rem; height: .8rem; vertical-align: middle;
  border: 1px solid var(--line); }
.whole { white-space: nowrap; }
article { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem;
  padding: 1rem; margin: 1rem 0; }
.row { display: grid; gap: .75rem; margin-top: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
figure { margin: 0; }
.picture { position: relative; display: block; line-height: 0; }
.picture img { width: 100%; height: auto; background: var(--line); }
.box { position: absolute; border: 2px solid #ffffff; outline: 1px solid #000000;
  pointer-events: none; }
figcaption { line-height: 1.35; margin-top: .3rem; overflow-wrap: anywhere; }
figcaption span { display: block; }
"""


@dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Attributes:
        full: Address of the full picture, relative to the page.
        small: Address of the thumbnail.
        size: (width, height) of the full picture in pixels.
        caption: What it shows.
        detail: Smaller text below the caption.
        box: Region to outline, (x, y, width, height) in pixels of the full picture, or None.
    """

    full: str
    small: str
    size: tuple[int, int]
    caption: str
    detail: str = ""
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class TripletView:
    """A triplet with its pictures.

    Attributes:
        triplet: The triplet, as the first result has it.
        inputs: First frame, truth, last frame.
        outputs: Estimate and error map of each result.
    """

    triplet: ScoredTriplet
    inputs: tuple[Figure, ...]
    outputs: tuple[Figure, ...]


def render(
    *,
    title: str,
    introduction: str,
    results: Sequence[LabeledResults],
    table: ScoreTable,
    triplets: Sequence[TripletView],
) -> str:
    """Writes the page.

    Args:
        title: Title of the page.
        introduction: A paragraph below the title, may be empty.
        results: Labels and results.
        table: Their means.
        triplets: Triplets to show.

    Returns:
        HTML; everything that comes from a file or a caller is escaped.
    """
    first = results[0][1]
    total = len(first.triplets)
    shown = "" if len(triplets) == total else f" Pictures of {len(triplets)} of them are shown."
    protocol = first.protocol
    body = [
        f"<h1>{_text(title)}</h1>",
        f"<p>{_text(introduction)}</p>" if introduction else "",
        f'<p class="soft">{total} triplets, protocol {_text(protocol.name)} '
        f"(version {protocol.version}): {_text(protocol.definition)}. "
        f"Means are plain means over triplets.{shown}</p>",
        "<h2>Scores</h2>",
        render_table(table),
        *(f'<p class="soft">{_text(note)}</p>' for note in table.notes),
        "<h2>What the numbers and pictures are</h2>",
        _definitions(table, results),
        "<h2>Triplets</h2>",
        *map(_render_triplet, triplets),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def render_table(table: ScoreTable) -> str:
    """Writes a table of means as HTML.

    Args:
        table: The table.

    Returns:
        A `table` element in a box that scrolls sideways on a narrow screen.
    """
    names = [column.metric.name for column in table.columns]
    starts = {names.index(name) for name in dict.fromkeys(names)}
    classes = [' class="first"' if i in starts else "" for i in range(len(names))]
    spans = "".join(
        f'<th class="first span" scope="colgroup" colspan="{names.count(names[i])}">'
        f"{_text(table.columns[i].heading)}</th>"
        for i in sorted(starts)
    )
    labels = "".join(
        f'<th{css} scope="col">{_text(column.label)}</th>'
        for css, column in zip(classes, table.columns, strict=True)
    )
    rows = []
    for row in table.rows:
        cells = "".join(
            f"<td{css}>{_text(score_table.format_value(column, value))}</td>"
            for css, column, value in zip(classes, table.columns, row.values, strict=True)
        )
        rows.append(
            f'<tr><th scope="row">{_text(row.title)}</th><td>{row.triplets}</td>{cells}</tr>'
        )
    return (
        '<div class="scroll"><table>\n<thead>\n'
        f'<tr><th rowspan="2" scope="col">group</th><th rowspan="2" scope="col">n</th>{spans}</tr>'
        f"\n<tr>{labels}</tr>\n</thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table></div>"
    )


def describe_scores(triplet: ScoredTriplet, metric_names: Sequence[str]) -> str:
    """Says what a triplet scored.

    Args:
        triplet: The triplet.
        metric_names: Columns to name, in order.

    Returns:
        One line, for example 'PSNR 31.402 dB, RoI PSNR 24.870 dB'.
    """
    parts = []
    for name in metric_names:
        base, on_region = metrics.split_name(name)
        if base not in score_table.DEFAULT_METRICS:
            continue
        metric, value = metrics.find(name), triplet.values[name]
        if value is None:
            number = "missing"
        elif math.isinf(value):
            number = "infinite"
        else:
            number = f"{value:.{metric.decimals}f} {metric.unit}".strip()
        parts.append(f"{'RoI ' if on_region else ''}{metric.title} {number}")
    return ", ".join(parts)


def _definitions(table: ScoreTable, results: Sequence[LabeledResults]) -> str:
    shown = {column.metric.name: column.metric for column in table.columns}
    items = [
        (metric.title, f"{metric.definition}; {_direction(metric)}") for metric in shown.values()
    ]
    items.append(("RoI", "region of interest of each triplet: the white box on the ground truth"))
    for label, result in results:
        items.append((label, f"{result.model.get('path', '')} ({result.experiment})"))
    colours = ", ".join(f"rgb({r} {g} {b})" for r, g, b in pictures.ERROR_RAMP)
    ramp = f'<span class="ramp" style="background: linear-gradient(to right, {colours})"></span>'
    listed = "".join(f"<dt>{_text(term)}</dt><dd>{_text(value)}</dd>" for term, value in items)
    return (
        f"<dl>{listed}<dt>error</dt><dd>mean absolute difference over R, G and B: "
        f'<span class="whole">0 '
        f"{ramp} {pictures.FULL_ERROR}</span> grey levels of 255 and more</dd></dl>"
    )


def _direction(metric: metrics.Metric) -> str:
    return "higher is better" if metric.higher_is_better else "lower is better"


def _render_triplet(view: TripletView) -> str:
    facts = ", ".join(_facts(view.triplet))
    name = view.triplet.name
    inputs = "".join(_render_figure(figure, name) for figure in view.inputs)
    outputs = "".join(_render_figure(figure, name) for figure in view.outputs)
    return (
        f'<article><h3>{_text(name)}</h3><p class="soft">{_text(facts)}</p>\n'
        f'<div class="row">{inputs}</div>\n<div class="row">{outputs}</div></article>'
    )


def _facts(triplet: ScoredTriplet) -> list[str]:
    facts = [f"number {triplet.index}", f"{triplet.frame_size[0]}x{triplet.frame_size[1]}"]
    if triplet.level is not None:
        known = 0 <= triplet.level < len(LEVEL_NAMES)
        facts.append(LEVEL_NAMES[triplet.level] if known else f"level {triplet.level}")
    if triplet.film:
        facts.append(f"film {triplet.film}")
    return [*facts, *triplet.general_motion_type, *triplet.behavior]


def _render_figure(figure: Figure, name: str) -> str:
    width, height = figure.size
    box = ""
    if figure.box is not None and min(figure.box[2:]) > 0:
        x, y, w, h = figure.box
        box = (
            f'<span class="box" style="left: {100 * x / width:.3f}%; top: {100 * y / height:.3f}%; '
            f'width: {100 * w / width:.3f}%; height: {100 * h / height:.3f}%"></span>'
        )
    detail = f"<span>{_text(figure.detail)}</span>" if figure.detail else ""
    return (
        f'<figure><a class="picture" href="{quote(figure.full)}"><img src="{quote(figure.small)}" '
        f'alt="{_text(f"{figure.caption} of {name}")}" width="{width}" height="{height}" '
        f'loading="lazy">{box}</a><figcaption>{_text(figure.caption)}{detail}</figcaption></figure>'
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)
