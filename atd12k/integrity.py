"""Checks a copy of ATD-12K: what is there, what is missing or broken, what is in train and test.

    python -m atd12k.integrity --root ROOT [--json PATH] [--workers N] [--partial]
        [--accept KIND ...] [--most_listed 5]

Every frame is decoded. The exit status is 0 when nothing is wrong, 1 when something is (or the
check could not be made), 2 for bad flags.

*Wrong* are: needed folders (train_10k, test_2k_540p, test_2k_annotations) that are missing; any of
the dataset's folders that are empty or cannot be read; numbers of triplets other than the published
ones; test triplets that only one of the two folders of test frames has; frames missing, doubled, of
zero bytes, truncated, not to be decoded, or of 16 bits a channel or CMYK, which no program here
takes; different sizes or the same picture within a triplet; annotations missing, malformed or
without a triplet; precomputed flows missing or broken where their folder is there; pictures that
are in train and in test, as the same file, the same pixels or a near copy (see
`atd12k.inspection.perceptual_hash`).

*Information*, which leaves the status 0, are: absent folders that training and evaluation do not
need; numbers of levels other than a third party's count; names of another pattern; extra files;
oddities in annotations that are put up with; frames that are grey, palette or carry alpha; frames
of a single colour, also where train and test share one; films shared by train and test (not
documented for ATD-12K).

With --partial, missing folders and other numbers of triplets are information too: for a part of the
dataset, or another one in its layout. --accept KIND does the same for any kind, by the name that
the report gives in brackets. --json PATH writes everything, lists complete; --json - prints that to
standard output instead of the report.
"""

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence

from atd12k.errors import DatasetError
from atd12k.inspection import findings, progress, report, tree, worker_pool


def check(
    root: str,
    *,
    json_path: str | None = None,
    workers: int | None = None,
    partial: bool = False,
    accepted: Sequence[str] = (),
    most_listed: int = 5,
) -> int:
    """Checks a dataset and reports.

    Args:
        root: Folder that holds train_10k and the others.
        json_path: Where to write everything; '-' for standard output; None for nowhere.
        workers: Number of processes; None for one a core.
        partial: Whether missing folders and other numbers of triplets are no more than information.
        accepted: Further kinds of findings that are.
        most_listed: How many findings of each kind the report lists.

    Returns:
        0 when nothing is wrong, else 1.

    Raises:
        DatasetError: `root` is not ATD-12K's, or `workers` is less than 1.
        OSError: `root` cannot be read or `json_path` not be written.
    """
    harmless = frozenset(accepted) | (findings.OF_WHOLE_DATASET if partial else frozenset())
    with contextlib.ExitStack() as stack:
        file = None
        if json_path is not None and json_path != "-":
            file = stack.enter_context(report.JsonFile(json_path))
        inspection = tree.inspect(
            root,
            workers=worker_pool.available_cores() if workers is None else workers,
            findings=findings.Findings(harmless),
            open_progress=progress.Progress,
        )
        if json_path == "-":
            print(json.dumps(report.as_json(inspection), indent=1))
        else:
            print(report.as_text(inspection, most_listed=most_listed), end="")
        if file is not None:
            file.write(report.as_json(inspection))
    return 1 if inspection.findings.wrong else 0


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"'{text}': expected a whole number, {least} or more")
    return number


def _parser() -> argparse.ArgumentParser:
    wrong = [name for name, kind in findings.KINDS.items() if kind.severity == findings.WRONG]
    parser = argparse.ArgumentParser(
        prog="python -m atd12k.integrity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--root", required=True, help="the folder that holds train_10k and others")
    parser.add_argument("--json", metavar="PATH", help="write everything to a file; - prints it")
    parser.add_argument(
        "--workers", type=lambda text: _at_least(1, text), help="processes (default: one a core)"
    )
    parser.add_argument(
        "--partial", action="store_true", help="missing folders and other counts are no error"
    )
    parser.add_argument(
        "--accept",
        action="extend",
        nargs="+",
        default=[],
        choices=wrong,
        metavar="KIND",
        help=f"findings that are no error: {', '.join(wrong)}",
    )
    parser.add_argument(
        "--most_listed",
        type=lambda text: _at_least(0, text),
        default=5,
        metavar="N",
        help="how many findings of a kind the report lists (default: 5)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names need not be text in any encoding.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = check(
            options.root,
            json_path=options.json,
            workers=options.workers,
            partial=options.partial,
            accepted=options.accept,
            most_listed=options.most_listed,
        )
        sys.stdout.flush()
        return status
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:  # The reader has gone (`| head`); Python flushes once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}.", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
