r"""Turns a dataset of frame triplets into TFRecords.

    python -m beam_jobs.build_tfrecord --dataset atd12k --input_dir ROOT --split train \
        --output_tfrecord_filepath OUT/train --num_shards 8

writes OUT/train-00000-of-00008 and so on, to be called OUT/train@8 in configurations, each with a
sidecar (.json); OUT/train.split-{train,val}.txt, the names of the triplets in either split;
OUT/train.rejects.jsonl, if triplets were left out; and last OUT/train.manifest.json.

Datasets, and what --input_dir is:
  atd12k          train_10k, test_2k_540p and test_2k_annotations lie in it
  vimeo90k        sequences, tri_trainlist.txt and tri_testlist.txt lie in it
  middlebury      other-data and other-gt-interp lie in it
  ucf101          ucf101_interp_ours of UCF101_results.zip
  xiph            8 clips x 100 frames in one folder; makes Xiph-2K, and Xiph-4K with
                  --scale_factor=1 --center_crop_factor=2
  triplet_folder  any folder of folders of three frames, in natural order

Running the command again completes an unfinished output. Flags of Apache Beam may be added.
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
    "dataset",
    None,
    "atd12k, vimeo90k, middlebury, ucf101, xiph or triplet_folder; see above.",
    required=True,
    flag_values=FLAGS,
)
_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Root folder of the dataset.", required=True, flag_values=FLAGS
)
_SPLIT = flags.DEFINE_string(
    "split",
    None,
    "train, val or test of atd12k, train or test of vimeo90k; the others have none.",
    flag_values=FLAGS,
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
_ENCODING = flags.DEFINE_string(
    "encoding",
    "keep",
    "keep copies each file's bytes (and writes PNG where pixels change, by --resize for one); png, "
    "jpeg or webp write all frames so. FILM's own readers know no webp.",
    flag_values=FLAGS,
)
_QUALITY = flags.DEFINE_integer(
    "quality",
    None,
    "Of jpeg and webp, 1 to 100, 95 if not given; webp of quality 100 is lossless.",
    flag_values=FLAGS,
)
_RESIZE = flags.DEFINE_string(
    "resize",
    None,
    "WIDTHxHEIGHT that all frames get. Annotations stay in pixels of the original image.",
    flag_values=FLAGS,
)
_RESIZE_FILTER = flags.DEFINE_string(
    "resize_filter",
    "auto",
    "auto averages areas where both sides shrink by whole factors, else it is lanczos (which is "
    "what ATD-12K's protocol uses for all sizes); area refuses other factors.",
    flag_values=FLAGS,
)
_SCALE_FACTOR = flags.DEFINE_integer(
    "scale_factor",
    None,
    "Makes one pixel of each block of so many pixels squared, in linear light; 2 for xiph if not "
    "given, else 1.",
    flag_values=FLAGS,
)
_CENTER_CROP_FACTOR = flags.DEFINE_integer(
    "center_crop_factor",
    1,
    "Keeps the middle 1/factor of both sides, before scaling; 2 for Xiph-4K.",
    flag_values=FLAGS,
)
_FRAME_CHECK = flags.DEFINE_string(
    "frame_check",
    "structure",
    "How files that are copied are checked: structure (header, end, checksums of PNG), or pixels, "
    "which decodes them all and takes several times as long.",
    flag_values=FLAGS,
)
_WORKERS = flags.DEFINE_integer(
    "workers",
    1,
    "Processes of the embedded runner; each writes one shard at a time.",
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
    encoding: str = "keep",
    quality: int | None = None,
    resize: str | None = None,
    resize_filter: str = "auto",
    scale_factor: int | None = None,
    center_crop_factor: int = 1,
    frame_check: str = "structure",
    max_rejects: int = 0,
    overwrite: bool = False,
    runner: str = "embedded",
    workers: int = 1,
    beam_flags: Sequence[str] = (),
) -> dict[str, Any]:
    """Does what the command does; the arguments are its flags.

    Returns:
        The manifest's content.

    Raises:
        InputError, atd12k.errors.DatasetError, OSError: Flags, dataset, output or disk are not as
            needed; the output, if begun, is unfinished.
    """
    from beam_jobs import (
        dataset_registry,
        output_lock,
        output_state,
        shard_plan,
        storage,
        worker_processes,
    )
    from frame_interpolation.datasets.frame_options import FrameOptions, parse_size
    from frame_interpolation.errors import InputError

    if max_rejects < 0:
        raise InputError(f"--max_rejects is {max_rejects}, expected 0 or more.")
    if scale_factor is None:
        scale_factor = dataset_registry.find(dataset).scale_factor
    frame_options = FrameOptions(
        encoding=encoding,
        quality=quality,
        resize=parse_size(resize),
        resize_filter=resize_filter,
        center_crop_factor=center_crop_factor,
        scale_factor=scale_factor,
        frame_check=frame_check,
    )
    job_runner = worker_processes.create_runner(
        runner, workers=workers, beam_flags=beam_flags, own_flags=list(FLAGS)
    )
    output = storage.absolute(output)
    options = dataset_registry.ListingOptions(
        validation_share, split_seed, test_frames, allow_missing_annotations
    )
    listing = dataset_registry.list_split(dataset, input_dir, split, options)
    dataset_registry.check_annotations(listing, frame_options)
    plan = shard_plan.make_plan(
        listing.triplets,
        path=output,
        num_shards=num_shards,
        description={
            "dataset": dataset,
            "split": listing.split,
            "input_dir": os.path.abspath(input_dir),
            "options": {
                "num_shards": num_shards,
                **frame_options.as_dict(),
                **listing.options,
            },
        },
        frame_options=frame_options,
    )
    with output_lock.held(output):
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
        encoding=_ENCODING.value,
        quality=_QUALITY.value,
        resize=_RESIZE.value,
        resize_filter=_RESIZE_FILTER.value,
        scale_factor=_SCALE_FACTOR.value,
        center_crop_factor=_CENTER_CROP_FACTOR.value,
        frame_check=_FRAME_CHECK.value,
        max_rejects=_MAX_REJECTS.value,
        overwrite=_OVERWRITE.value,
        runner=_RUNNER.value,
        workers=_WORKERS.value,
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
