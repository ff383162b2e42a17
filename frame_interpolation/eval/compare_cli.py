r"""Compares results of several methods on the same triplets: tables, tests, and a report.

    python -m eval.compare_cli --output_dir comparison \
        --results before=eval/before --results after=eval/after \
        --natural before=eval/before_vimeo --natural after=eval/after_vimeo \
        --training_records records/train@8

A result is a folder that holds results.json, or that file. The others are compared with the
--baseline, by default the first: paired differences per triplet with 95 % intervals and a test,
corrected for all comparisons made. --natural names results of the same methods on natural video,
which show what fine-tuning cost. Published figures of ATD-12K stand beside results of its
protocol, marked as such. A gain of more than 0.5 dB is met with a list of what to check;
--training_records has the test frames searched for in the training data. --preferences reads the
answers of a study (eval.preference_study) of the same results.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    from frame_interpolation.eval.method_comparison import Comparison
    from frame_interpolation.eval.named_results import NamedResult
    from frame_interpolation.eval.preference_answers import Preferences
    from frame_interpolation.eval.result_alignment import AlignedResults

FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_RESULTS = flags.DEFINE_multi_string(
    "results",
    [],
    "NAME=PATH of a result: a folder with results.json, or that file; repeat for each.",
    flag_values=FLAGS,
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the comparison.", required=True, flag_values=FLAGS
)
_NATURAL = flags.DEFINE_multi_string(
    "natural",
    [],
    "NAME=PATH of a result of the same method on natural video; any number of datasets.",
    flag_values=FLAGS,
)
_BASELINE = flags.DEFINE_string(
    "baseline", None, "NAME the others are compared with. Default: the first.", flag_values=FLAGS
)
_INTERSECTION = flags.DEFINE_bool(
    "intersection",
    False,
    "Compare results over different triplets on those that all of them have.",
    flag_values=FLAGS,
)
_TRAINING_RECORDS = flags.DEFINE_multi_string(
    "training_records",
    [],
    "PATH@N of training records in which the test frames are searched for; may be repeated.",
    flag_values=FLAGS,
)
_PREFERENCES = flags.DEFINE_multi_string(
    "preferences",
    [],
    "CSV file of answers to a preference study of these results; repeat for each participant.",
    flag_values=FLAGS,
)
_PREFERENCE_KEY = flags.DEFINE_string(
    "preference_key",
    None,
    "Key of that study. Default: key.json beside the first CSV file.",
    flag_values=FLAGS,
)
_REPORT = flags.DEFINE_bool(
    "report",
    None,
    "Write a report. Default: when any of the results has pictures.",
    flag_values=FLAGS,
)


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `run`."""
    del argv  # program.run refuses what is not a flag.
    run(
        results=_RESULTS.value,
        output_dir=_OUTPUT_DIR.value,
        natural=_NATURAL.value,
        baseline=_BASELINE.value,
        intersection=_INTERSECTION.value,
        training_records=_TRAINING_RECORDS.value,
        preferences=_PREFERENCES.value,
        preference_key=_PREFERENCE_KEY.value,
        write_report=_REPORT.value,
    )


def run(
    *,
    results: Sequence[str],
    output_dir: str,
    natural: Sequence[str] = (),
    baseline: str | None = None,
    intersection: bool = False,
    training_records: Sequence[str] = (),
    preferences: Sequence[str] = (),
    preference_key: str | None = None,
    write_report: bool | None = None,
) -> "Comparison":
    """Compares results, writes and prints the comparison.

    Args:
        results: 'NAME=PATH' of each result.
        output_dir: Folder of the comparison.
        natural: 'NAME=PATH' of results of the same methods on natural video.
        baseline: Name of the method the others are compared with; the first if None.
        intersection: Compare on the triplets that all results have.
        training_records: Records in which the test frames are searched for.
        preferences: CSV files of answers to a preference study of these results.
        preference_key: Key of that study; `key.json` beside the first CSV file if None.
        write_report: Whether to write a report; if None, when any result has pictures.

    Returns:
        The comparison.

    Raises:
        InputError: If results or preferences cannot be read or compared, or a picture is missing.
    """
    from frame_interpolation.eval import (
        comparison_files,
        comparison_tables,
        method_comparison,
        named_results,
        preference_answers,
    )

    if not results:
        raise InputError("There is nothing to compare; give --results NAME=PATH for each result.")
    named = [named_results.read(text, flag="results") for text in results]
    named_natural = [named_results.read(text, flag="natural") for text in natural]
    aligned = named_results.align(named, intersection=intersection)
    aligned_natural = method_comparison.align_natural(
        [(one.label, one.results) for one in named_natural],
        [one.definitions for one in named_natural],
        intersection=intersection,
    )
    found_preferences = _read_preferences(preferences, preference_key, aligned)
    found_leakage = None
    if training_records:
        from frame_interpolation.eval import leakage

        found_leakage = leakage.search(aligned.results[0][1].triplets, training_records)
    comparison = method_comparison.compare(
        aligned, natural=aligned_natural, baseline=baseline, leakage=found_leakage
    )
    folder = Path(output_dir)
    comparison_files.write_comparison(folder, comparison, preferences=found_preferences)
    tables = comparison_tables.tables_of(comparison, brief=True)
    if found_preferences is not None:
        tables += preference_answers.tables_of(found_preferences)
    print(comparison_files.to_text(comparison, tables))
    if found_leakage is not None:
        print("\nLeakage: " + "\n  ".join(found_leakage.sentences()))
    print(f"\nTables: {folder}")
    if write_report is None and not _have_pictures(named, aligned):
        print("No report: no result has pictures (eval_cli --output_frames).", file=sys.stderr)
    elif write_report is not False:
        print(f"Report: {_write_report(folder, named, comparison, found_preferences)}")
    return comparison


def _read_preferences(
    paths: Sequence[str], key_path: str | None, aligned: "AlignedResults"
) -> "Preferences | None":
    """Sums up the answers of a study, None when no file is given."""
    from frame_interpolation.eval import preference_answers, preference_pairs

    if not paths:
        return None
    place = Path(key_path) if key_path else Path(paths[0]).with_name(preference_pairs.KEY_NAME)
    if not place.is_file():
        raise InputError(
            f"There is no key of the preference study at {str(place)!r}; name it by "
            "--preference_key."
        )
    key = preference_pairs.read_key(place)
    return preference_answers.sum_up(preference_answers.read_answers(paths, key), key, aligned)


def _have_pictures(named: Sequence["NamedResult"], aligned: "AlignedResults") -> bool:
    """Whether any of the results has pictures of its triplets."""
    return any(
        one.frames_dir.is_dir() and any(triplet.frames for triplet in aligned[one.label].triplets)
        for one in named
    )


def _write_report(
    folder: Path,
    named: Sequence["NamedResult"],
    comparison: "Comparison",
    preferences: "Preferences | None",
) -> Path:
    from frame_interpolation.eval import report

    return report.write_aligned_report(
        folder / "report",
        title=f"Comparison on {comparison.main.title}",
        aligned=comparison.main.aligned,
        frames_dirs={one.label: one.frames_dir for one in named},
        baseline=comparison.baseline,
        differences=comparison.main.differences,
        natural=[block.aligned for block in comparison.natural],
        preferences=preferences,
        warnings=comparison.warnings,
    )


if __name__ == "__main__":
    program.run(main, FLAGS)
