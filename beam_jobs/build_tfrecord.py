r"""Turns a dataset of frame triplets into TFRecords.

    python -m beam_jobs.build_tfrecord --dataset atd12k --input_dir ROOT --split train \
        --output_tfrecord_filepath OUT/train --num_shards 8

writes OUT/train-00000-of-00008 and so on, to be called OUT/train@8 in configurations, each with a
sidecar (.json); OUT/train.split-{train,val}.txt, the names of the triplets in either split;
OUT/train.rejects.jsonl, if triplets were left out; and last OUT/train.manifest.json.

Running the command again completes an unfinished output. Flags of Apache Beam may be added, for
example --direct_running_mode=multi_processing --direct_num_workers=4.
"""

import importlib.metadata
import logging
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from absl import flags

from frame_interpolation import program

FLAGS = flags.FlagValues()
_DATASET = flags.DEFINE_string(
    "dataset", None, "atd12k or triplet_folder.", required=True, flag_values=FLAGS
)
_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Root folder of the dataset.", required=True, flag_values=FLAGS
)
_SPLIT = flags.DEFINE_string(
    "split", None, "train, val or test of atd12k; triplet_folder has none.", flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output_tfrecord_filepath",
    None,
    "PATH in PATH-00000-of-00008; a local path, or one of a file system that Beam knows.",
    required=True,
    flag_values=FLAGS,
)
_NUM_SHARDS = flags.DEFINE_integer(
    "num_shards", 1, "Number of files; each is written by one worker.", flag_values=FLAGS
)
_VALIDATION_SHARE = flags.DEFINE_float(
    "validation_share",
    0.1,
    "Share of atd12k's training triplets that goes to val, by whole films, as nearly as can be.",
    flag_values=FLAGS,
)
_SPLIT_SEED = flags.DEFINE_integer(
    "split_seed", 0, "Another number puts other films into val.", flag_values=FLAGS
)
_TEST_FRAMES = flags.DEFINE_string(
    "test_frames", "540p", "atd12k's test frames: 540p or original.", flag_values=FLAGS
)
_ALLOW_MISSING_ANNOTATIONS = flags.DEFINE_boolean(
    "allow_missing_annotations",
    False,
    "Take atd12k's test triplets without levels and regions of interest where those are missing.",
    flag_values=FLAGS,
)
_MAX_REJECTS = flags.DEFINE_integer(
    "max_rejects", 0, "How many triplets may be left out because of bad frames.", flag_values=FLAGS
)
_OVERWRITE = flags.DEFINE_boolean(
    "overwrite", False, "Replace what is at the output path.", flag_values=FLAGS
)
_RUNNER = flags.DEFINE_string(
    "runner", "embedded", "embedded (Beam's FnApiRunner), or a runner of Beam's.", flag_values=FLAGS
)


def build_tfrecord(
    *,
    dataset: str,
    input_dir: str,
    output: str,
    split: str | None = None,
    num_shards: int = 1,
    validation_share: float = 0.1,
    split_seed: int = 0,
    test_frames: str = "540p",
    allow_missing_annotations: bool = False,
    max_rejects: int = 0,
    overwrite: bool = False,
    runner: str = "embedded",
    beam_flags: Sequence[str] = (),
) -> dict[str, Any]:
    """Does what the command does; the arguments are its flags.

    Returns:
        The manifest's content.

    Raises:
        InputError, atd12k.errors.DatasetError, OSError: Flags, dataset, output or disk are not as
            needed; the output, if begun, is unfinished.
    """
    from beam_jobs import dataset_registry, output_state, runners, shard_plan, storage
    from frame_interpolation.errors import InputError

    if max_rejects < 0:
        raise InputError(f"--max_rejects is {max_rejects}, expected 0 or more.")
    job_runner = runners.create(runner, beam_flags, own_flags=list(FLAGS))
    output = storage.absolute(output)
    options = dataset_registry.ListingOptions(
        validation_share, split_seed, test_frames, allow_missing_annotations
    )
    listing = dataset_registry.list_split(dataset, input_dir, split, options)
    plan = shard_plan.make_plan(
        listing.triplets,
        path=output,
        num_shards=num_shards,
        description={
            "dataset": dataset,
            "split": listing.split,
            "input_dir": os.path.abspath(input_dir),
            "options": {"num_shards": num_shards, "encoding": "keep", **listing.options},
        },
    )
    output_state.prepare(plan, overwrite=overwrite)
    job_runner.write_shards(plan.tasks)
    return output_state.finish(
        plan,
        max_rejects=max_rejects,
        code_version=_code_version(),
        splits=listing.splits,
        dataset_facts=listing.facts,
    )


def main(argv: list[str]) -> None:
    """Builds the records that the flags ask for and prints a summary."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for package in ("beam_jobs", "atd12k", "frame_interpolation"):
        logging.getLogger(package).setLevel(logging.INFO)
    start = time.monotonic()
    manifest = build_tfrecord(
        dataset=_DATASET.value,
        input_dir=_INPUT_DIR.value,
        output=_OUTPUT.value,
        split=_SPLIT.value,
        num_shards=_NUM_SHARDS.value,
        validation_share=_VALIDATION_SHARE.value,
        split_seed=_SPLIT_SEED.value,
        test_frames=_TEST_FRAMES.value,
        allow_missing_annotations=_ALLOW_MISSING_ANNOTATIONS.value,
        max_rejects=_MAX_REJECTS.value,
        overwrite=_OVERWRITE.value,
        runner=_RUNNER.value,
        beam_flags=argv[1:],
    )
    print(_summary(manifest, time.monotonic() - start))


def _summary(manifest: dict[str, Any], seconds: float) -> str:
    lines = [
        f"{_OUTPUT.value}@{len(manifest['shards'])}: {manifest['records']} records, "
        f"{sum(shard['bytes'] for shard in manifest['shards']) / 1e6:.1f} MB, {seconds:.1f} s"
    ]
    for what in ("rejects", "conversions"):
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(manifest[what].items()))
        if counts:
            lines.append(f"{what}: {counts}")
    return "\n".join(lines)


def _code_version() -> str:
    """Returns the version of this code, with the commit where it lies in a repository."""
    try:
        version = importlib.metadata.version("frame-interpolation")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    try:
        described = subprocess.run(
            ["git", "-C", os.path.dirname(__file__), "describe", "--always", "--dirty"],
            capture_output=True,
            check=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return version
    return f"{version}+{described.stdout.strip()}"


if __name__ == "__main__":
    program.run(main, FLAGS, keep_unknown=True)
