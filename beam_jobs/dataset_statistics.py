r"""Measures a dataset: motion, frame sizes, brightness, likeness of the outer frames.

    python -m beam_jobs.dataset_statistics --records OUT/train@8 --output OUT/train_statistics
    python -m beam_jobs.dataset_statistics --dataset atd12k --input_dir ROOT --split train \
        --output OUT/train_statistics --max_triplets 1000

writes OUT/train_statistics.json (a summary, and every triplet) and OUT/train_statistics.png, a
page of plots. Motion is found by block matching on small luma images: in pixels of the frames,
between the two outer ones, nothing beyond an eighth of the longer side. Triplets that cannot be
read are left out and counted. Flags of Apache Beam may be added.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

from absl import flags

from frame_interpolation import program

FLAGS = flags.FlagValues()
_RECORDS = flags.DEFINE_string(
    "records", None, "What to measure, PATH@SHARDS; or --dataset.", flag_values=FLAGS
)
_DATASET = flags.DEFINE_string(
    "dataset", None, "What to measure, as build_tfrecord takes it.", flag_values=FLAGS
)
_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Root folder of the dataset.", flag_values=FLAGS
)
_SPLIT = flags.DEFINE_string("split", None, "Split of the dataset.", flag_values=FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "PATH in PATH.json and PATH.png.", required=True, flag_values=FLAGS
)
_MAX_TRIPLETS = flags.DEFINE_integer(
    "max_triplets", 0, "Measure so many, evenly spread; 0 for all.", flag_values=FLAGS
)
_OVERWRITE = flags.DEFINE_boolean(
    "overwrite", False, "Replace what is at the output path.", flag_values=FLAGS
)
_RUNNER = flags.DEFINE_string(
    "runner", "embedded", "embedded (Beam's FnApiRunner), or a runner of Beam's.", flag_values=FLAGS
)
_WORKERS = flags.DEFINE_integer(
    "workers", 1, "Processes of the embedded runner.", flag_values=FLAGS
)


def dataset_statistics(
    *,
    output: str,
    records: str | None = None,
    dataset: str | None = None,
    input_dir: str | None = None,
    split: str | None = None,
    max_triplets: int = 0,
    overwrite: bool = False,
    runner: str = "embedded",
    workers: int = 1,
    beam_flags: Sequence[str] = (),
) -> dict[str, Any]:
    """Does what the command does; the arguments are its flags.

    Returns:
        The content of PATH.json.

    Raises:
        InputError, atd12k.errors.DatasetError, OSError: Flags, dataset, output or disk are not as
            needed, or no triplet can be measured.
    """
    from beam_jobs import storage  # First, for it keeps Beam quiet while that is imported.
    from frame_interpolation.errors import InputError

    if max_triplets < 0:
        raise InputError(f"--max_triplets is {max_triplets}, expected 0 or more.")
    from beam_jobs import statistics_report, statistics_tasks, worker_processes

    job_runner = worker_processes.create_runner(
        runner, workers=workers, beam_flags=beam_flags, own_flags=list(FLAGS)
    )
    output = storage.absolute(output)
    if storage.exists(f"{output}.json") and not overwrite:
        raise InputError(f"'{output}.json' is there already; pass --overwrite to replace it.")
    source = statistics_tasks.open_source(
        records=records, dataset=dataset, input_dir=input_dir, split=split
    )
    storage.make_parent(output)
    tasks = statistics_tasks.make_tasks(source, output=output, max_triplets=max_triplets)
    rows, rejects = statistics_tasks.run(tasks, job_runner)
    if not rows:
        raise InputError(
            f"none of {len(rejects)} triplets can be measured; the first is "
            f"{rejects[0]['triplet']!r}: {rejects[0]['detail']}."
        )
    summary = statistics_report.summarise(rows)
    statistics = {
        "source": source.description,
        "measured": len(rows),
        "rejects": rejects,
        "metrics": _metrics(),
        "summary": summary,
        "triplets": rows,
    }
    title = f"{source.title}: {len(rows)} triplets"
    with storage.written(f"{output}.png") as file:
        file.write(statistics_report.draw(rows, summary, title=title))
    storage.write_json(f"{output}.json", statistics)
    return statistics


def _metrics() -> dict[str, str]:
    from beam_jobs import triplet_statistics

    return dict(triplet_statistics.METRICS)


def main(argv: list[str]) -> None:
    """Measures what the flags ask for and prints a summary."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    start = time.monotonic()
    statistics = dataset_statistics(
        output=_OUTPUT.value,
        records=_RECORDS.value,
        dataset=_DATASET.value,
        input_dir=_INPUT_DIR.value,
        split=_SPLIT.value,
        max_triplets=_MAX_TRIPLETS.value,
        overwrite=_OVERWRITE.value,
        runner=_RUNNER.value,
        workers=_WORKERS.value,
        beam_flags=argv[1:],
    )
    print(_shown(statistics, time.monotonic() - start))


def _shown(statistics: dict[str, Any], seconds: float) -> str:
    summary = statistics["summary"]
    lines = [
        f"{_OUTPUT.value}.json and .png: {statistics['measured']} triplets, "
        f"{len(statistics['rejects'])} rejects, {seconds:.1f} s"
    ]
    for metric, words in statistics["metrics"].items():
        if summary[metric]["count"]:
            values = " / ".join(f"{summary[metric][p]:.3g}" for p in ("p5", "p50", "p95"))
            lines.append(f"{words}: {values} (5 / 50 / 95 %)")
    sizes = [f"{number} of {size}" for size, number in summary["sizes"].items()]
    lines.append(f"sizes: {', '.join(sizes[:8])}{' and others' if len(sizes) > 8 else ''}")
    return "\n".join(lines)


if __name__ == "__main__":
    program.run(main, FLAGS, keep_unknown=True)
