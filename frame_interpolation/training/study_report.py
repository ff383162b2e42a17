"""What a study leaves: a table as CSV, JSON and Markdown, a plot, a page of the documents."""

import csv
import io
import json
from pathlib import Path

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics, text_table
from frame_interpolation.eval.evaluation_results import write_text
from frame_interpolation.eval.text_table import TextTable
from frame_interpolation.training.study_plan import ANIMATION, NATURAL, SETS
from frame_interpolation.training.study_plot import write_plot
from frame_interpolation.training.study_results import Change, StudyResults

NAME = "study"
PAGE_BEGIN = "<!-- Written by training.study: begin -->"
PAGE_END = "<!-- Written by training.study: end -->"
_TITLES = {ANIMATION: "animation", NATURAL: "natural motion"}
_COLUMNS = (
    "set",
    "strategy",
    "baseline",
    "metric",
    "value",
    "change",
    "low",
    "high",
    "film_low",
    "film_high",
    "seeds",
    "seed_low",
    "seed_high",
    "seed_deviation",
    "triplets",
    "better",
    "worse",
    "p",
    "corrected_p",
)


def write(folder: Path, results: StudyResults) -> None:
    """Writes `study.csv`, `study.json`, `study.md` and `study.png`.

    Args:
      folder: an existing folder.
      results: what the study found.
    """
    write_plot(folder / f"{NAME}.png", results)
    write_text(folder / f"{NAME}.csv", to_csv(results))
    write_text(folder / f"{NAME}.md", to_markdown(results, picture=f"{NAME}.png"))
    content = json.dumps(results.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / f"{NAME}.json", content + "\n")


def write_page(page: Path, results: StudyResults) -> None:
    """Puts the results into a page of the documents, in the place of those that it holds.

    The section stands between two comments; a page without them gets it at its end. The plot goes
    to `images/` beside the page, under the page's name.

    Args:
      page: a Markdown file, made if there is none.
      results: what the study found.

    Raises:
      InputError: the page has only one of the comments.
    """
    text = page.read_text(encoding="utf-8") if page.exists() else f"# {results.title}\n"
    if (PAGE_BEGIN in text) != (PAGE_END in text):
        raise InputError(
            f"{page} has only one of the two comments {PAGE_BEGIN} and {PAGE_END}; restore the "
            "other one, or remove both."
        )
    picture = page.parent / "images" / f"{page.stem}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    write_plot(picture, results)
    section = to_markdown(results, picture=f"images/{picture.name}")
    section = f"{PAGE_BEGIN}\n{section}{PAGE_END}"
    if PAGE_BEGIN in text:
        before, _, rest = text.partition(PAGE_BEGIN)
        text = before + section + rest.partition(PAGE_END)[2]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    write_text(page, text)


def to_markdown(results: StudyResults, *, picture: str) -> str:
    """Returns all tables and the plot as Markdown.

    Args:
      results: what the study found.
      picture: path of the plot as seen from the text.
    """
    tables = [main_table(results), difference_table(results), *metric_tables(results)]
    parts = [text_table.to_markdown(tables[0]), f"![Gain against loss]({picture})"]
    parts += [text_table.to_markdown(table, level=3) for table in tables[1:] if table.rows]
    return "\n\n".join(parts) + "\n"


def main_table(results: StudyResults) -> TextTable:
    """The table of gain and loss: a row a strategy."""
    metric = metrics.find(results.metric)
    rows = []
    for strategy in results.strategies:
        row = [strategy]
        for set_name, sign in ((ANIMATION, 1), (NATURAL, -1)):
            change = results.change(strategy, set_name)
            gains = [sign * gain for gain in change.gains_by_seed.values()]
            row.append(_with_interval(change, sign=sign))
            row.append(
                f"{_format(change.metric, min(gains))} to {_format(change.metric, max(gains))}"
                if gains
                else ""
            )
        rows.append(tuple(row))
    return TextTable(
        title=f"{results.title}: {metric.heading} after {results.num_steps} steps",
        headings=(
            "strategy",
            "gain on animation",
            "single seeds",
            "loss on natural motion",
            "single seeds",
        ),
        rows=tuple(rows),
        notes=(*_explanations(results), *results.notes),
    )


def difference_table(results: StudyResults) -> TextTable:
    """The table of each strategy against the first one."""
    rows = []
    for change in results.differences:
        comparison = change.comparison
        p = comparison.corrected_p
        rows.append(
            (
                comparison.label,
                _TITLES[change.set_name],
                _with_interval(change, sign=1),
                f"{comparison.better} / {comparison.worse}",
                f"{p:.2g}" if p is not None else comparison.reason,
            )
        )
    return TextTable(
        title=f"Against {results.strategies[0]}",
        headings=("strategy", "on", "better by", "triplets better / worse", "p"),
        rows=tuple(rows),
        text_columns=2,
        notes=(
            "Wilcoxon's signed-rank test over the triplets, corrected by Holm's procedure within "
            "each set; it takes triplets as independent, which those of one film are not.",
        ),
    )


def metric_tables(results: StudyResults) -> list[TextTable]:
    """A table a set: the means of all metrics of the start and of every strategy."""
    tables = []
    for set_name in SETS:
        names = list(results.start[set_name])
        before = [_value(name, results.start[set_name][name]) for name in names]
        rows = [("start", *before)]
        rows += [
            (s, *(_value(name, results.change(s, set_name, name).value) for name in names))
            for s in results.strategies
        ]
        tables.append(
            TextTable(
                title=f"All metrics on {_TITLES[set_name]}",
                headings=("model", *(metrics.find(name).heading for name in names)),
                rows=tuple(rows),
                sections=(1,),
            )
        )
    return tables


def to_csv(results: StudyResults) -> str:
    """Returns all comparisons as CSV; a change is the strategy's value minus the baseline's."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for change in (*results.changes, *results.differences):
        comparison = change.comparison
        means = [mean for mean in change.by_seed.values() if mean is not None]
        row = [
            change.set_name,
            comparison.label,
            comparison.baseline,
            comparison.metric,
            change.value,
            comparison.mean_difference,
            *(comparison.interval or (None, None)),
            *(comparison.film_interval or (None, None)),
            len(change.by_seed),
            min(means, default=None),
            max(means, default=None),
            change.seed_deviation,
            comparison.pairs,
            comparison.better,
            comparison.worse,
            comparison.p_value,
            comparison.corrected_p,
        ]
        writer.writerow(["" if value is None else value for value in row])
    return text.getvalue()


def _explanations(results: StudyResults) -> list[str]:
    sizes = " and ".join(_size(results, set_name) for set_name in SETS)
    start = ", ".join(
        f"{_value(results.metric, results.start[set_name][results.metric])} on {_TITLES[set_name]}"
        for set_name in SETS
    )
    listed = ", ".join(map(str, results.seeds))
    notes = [
        f"Measured on {sizes}. The starting model: {start}.",
        f"Means over the seeds {listed}. In brackets the 95 % bootstrap interval of that mean for "
        "other triplets or films, the wider of the two that come from drawing triplets and from "
        "drawing whole films (where films are known). Single seeds: the lowest and the highest "
        "mean of one seed.",
        "A positive gain is better on animation, a positive loss worse on natural motion.",
    ]
    if len(results.seeds) < results.planned_seeds:
        notes.append(
            f"Not finished: {len(results.seeds)} of {results.planned_seeds} seeds are trained."
        )
    return notes


def _size(results: StudyResults, set_name: str) -> str:
    films = results.films[set_name]
    of_films = f" of {films} film{'s' if films > 1 else ''}" if films else ""
    return f"{results.triplets[set_name]} triplets of {_TITLES[set_name]}{of_films}"


def _with_interval(change: Change, *, sign: int) -> str:
    if change.gain is None:
        return "-"
    text = _format(change.metric, sign * change.gain)
    if change.gain_interval is None:
        return text
    low, high = sorted(sign * end for end in change.gain_interval)
    return f"{text} [{_format(change.metric, low)}, {_format(change.metric, high)}]"


def _format(metric: str, value: float) -> str:
    return metrics.find(metric).format(value, signed=True)


def _value(metric: str, value: float | None) -> str:
    return metrics.find(metric).format(value)
