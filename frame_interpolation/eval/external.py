r"""Compares with AnimeInterp and ToonCrafter, which run in checkouts and environments of their own.

    python -m eval.external --method animeinterp --step export --export_dir ANIME \
        --input_dir ATD12K
    ANIMEINTERP=CHECKOUT sh ANIME/commands.sh
    python -m eval.external --method animeinterp --step collect --export_dir ANIME

The export writes the test triplets as that method's public script reads them, and in COMMANDS.md
and commands.sh how to run it. The collection checks that every triplet has its output and scores
it by the protocol of ATD-12K, and once more at 512x320, the only size that ToonCrafter makes, for
a side table, to which --beside adds other methods. Results go to batch_eval/ in the export.
"""

import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    from frame_interpolation.eval.evaluation_example import ExampleSource
    from frame_interpolation.eval.evaluation_results import EvaluationResults
    from frame_interpolation.eval.external_export import Export
    from frame_interpolation.eval.method import Method

METHODS: Final = ("animeinterp", "tooncrafter")
PROTOCOL: Final = "atd12k"
SIDE_PROTOCOL: Final = "atd12k_512x320"
COMPARISON_FOLDER: Final = "comparison"
"""Folder of the tables in the export; that of the side table has a suffix."""
_SIDE_SUFFIX: Final = "_512x320"
_SIDE_TITLE: Final = "Side table, ATD-12K at 512x320"
_GIN_CONFIG_DEFAULT: Final = "gin_configs/eval/atd12k_test.gin"

FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_METHOD = flags.DEFINE_enum(
    "method", None, METHODS, "The other method.", required=True, flag_values=FLAGS
)
_STEP = flags.DEFINE_enum(
    "step",
    None,
    ["export", "collect"],
    "Write what the method reads, or score what it wrote.",
    required=True,
    flag_values=FLAGS,
)
_EXPORT_DIR = flags.DEFINE_string(
    "export_dir", None, "Folder of the export.", required=True, flag_values=FLAGS
)
_TFRECORD = flags.DEFINE_string(
    "tfrecord", None, "Test records, PATH@SHARDS or one file.", flag_values=FLAGS
)
_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Root folder of ATD-12K, instead of --tfrecord.", flag_values=FLAGS
)
_TEST_FRAMES = flags.DEFINE_enum(
    "test_frames",
    "540p",
    ["540p", "original"],
    "Which test frames of --input_dir to read.",
    flag_values=FLAGS,
)
_MAX_EXAMPLES = flags.DEFINE_integer(
    "max_examples", -1, "Triplets to export, from the first; -1 for all.", flag_values=FLAGS
)
_FLOWS_DIR = flags.DEFINE_string(
    "flows_dir",
    None,
    "AnimeInterp: folder of pre-computed flows. Default: test_2k_pre_calc_sgm_flows in "
    "--input_dir, if it is there.",
    flag_values=FLAGS,
)
_COPY_FLOWS = flags.DEFINE_bool(
    "copy_flows", False, "AnimeInterp: copy flows instead of linking to them.", flag_values=FLAGS
)
_PROMPT = flags.DEFINE_string(
    "prompt", "an anime scene", "ToonCrafter: the text for every pair.", flag_values=FLAGS
)
_PART_SIZE = flags.DEFINE_integer(
    "part_size",
    250,
    "ToonCrafter: pairs that one run of its script takes, 31 MB of main memory each.",
    lower_bound=1,
    flag_values=FLAGS,
)
_RESULTS_DIR = flags.DEFINE_string(
    "results_dir",
    None,
    "Folder with the method's outputs. Default: results/ in --export_dir.",
    flag_values=FLAGS,
)
_ALLOW_MISSING = flags.DEFINE_bool(
    "allow_missing_predictions",
    False,
    "Score the triplets that have an output, when others have none.",
    flag_values=FLAGS,
)
_BESIDE = flags.DEFINE_multi_string(
    "beside",
    [],
    "NAME=FOLDER of a SavedModel or of predicted frames, for the side table; may be repeated.",
    flag_values=FLAGS,
)
_GIN_CONFIG = flags.DEFINE_string(
    "gin_config",
    _GIN_CONFIG_DEFAULT,
    "Gin file that names metrics and difficulty; protocol and data are the export's.",
    flag_values=FLAGS,
)
_GIN_BINDINGS = flags.DEFINE_multi_string(
    "gin_bindings", [], "A further binding; may be repeated.", flag_values=FLAGS
)
_OUTPUT_FRAMES = flags.DEFINE_bool(
    "output_frames", False, "Write the pictures of every scored triplet.", flag_values=FLAGS
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Replace an earlier export, or earlier scores.", flag_values=FLAGS
)


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `export` or `collect`."""
    del argv  # program.run refuses what is not a flag.
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    if _STEP.value == "export":
        export(
            method=_METHOD.value,
            export_dir=_EXPORT_DIR.value,
            tfrecord=_TFRECORD.value,
            input_dir=_INPUT_DIR.value,
            test_frames=_TEST_FRAMES.value,
            max_examples=_MAX_EXAMPLES.value,
            flows_dir=_FLOWS_DIR.value,
            copy_flows=_COPY_FLOWS.value,
            prompt=_PROMPT.value,
            part_size=_PART_SIZE.value,
            overwrite=_OVERWRITE.value,
        )
        return
    collect(
        method=_METHOD.value,
        export_dir=_EXPORT_DIR.value,
        results_dir=_RESULTS_DIR.value,
        tfrecord=_TFRECORD.value,
        input_dir=_INPUT_DIR.value,
        beside=_BESIDE.value,
        allow_missing=_ALLOW_MISSING.value,
        gin_config=_GIN_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        output_frames=_OUTPUT_FRAMES.value,
        overwrite=_OVERWRITE.value,
    )


def export(
    *,
    method: str,
    export_dir: str,
    tfrecord: str | None = None,
    input_dir: str | None = None,
    test_frames: str = "540p",
    max_examples: int = -1,
    flows_dir: str | None = None,
    copy_flows: bool = False,
    prompt: str = "an anime scene",
    part_size: int = 250,
    overwrite: bool = False,
) -> "Export":
    """Writes the test triplets as a method's script reads them, and prints how to run it.

    Args:
        method: A name in `METHODS`.
        export_dir: Folder of the export.
        tfrecord: Records of the triplets; or
        input_dir: Root folder of ATD-12K.
        test_frames: Which of its test frames to read, '540p' or 'original'.
        max_examples: Number of triplets, from the first; -1 for all.
        flows_dir: AnimeInterp: folder of pre-computed flows, or None for that of `input_dir`.
        copy_flows: AnimeInterp: copy flows instead of linking to them.
        prompt: ToonCrafter: the text for every pair.
        part_size: ToonCrafter: pairs that one run takes.
        overwrite: Replace an earlier export.

    Returns:
        What was exported.

    Raises:
        InputError: If the triplets, the flows, the folder or the prompt cannot be used.
    """
    from frame_interpolation.eval import animeinterp_files, external_export, tooncrafter_files

    if max_examples == 0 or max_examples < -1:
        raise InputError(f"--max_examples is {max_examples}, expected a positive number, or -1.")
    folder = Path(export_dir)
    where = _where(tfrecord=tfrecord, input_dir=input_dir, test_frames=test_frames)
    source = _open_source(where, limit=max_examples)
    stop = len(source) if max_examples < 0 else min(max_examples, len(source))
    if not stop:
        raise InputError("The dataset has no triplets; nothing was exported.")
    if method == "animeinterp":
        flows = flows_dir or (input_dir and os.path.join(input_dir, animeinterp_files.FLOWS_FOLDER))
        if flows_dir and not os.path.isdir(flows_dir):
            raise InputError(f"--flows_dir {flows_dir!r} is no folder.")
        written = animeinterp_files.export(
            folder,
            source,
            stop,
            flows_dir=flows or None,
            copy_flows=copy_flows,
            overwrite=overwrite,
        )
    else:
        written = tooncrafter_files.export(
            folder, source, stop, prompt=prompt, part_size=part_size, overwrite=overwrite
        )
    text = external_export.write_commands(
        folder,
        written,
        then=f"python -m eval.external --method {method} --step collect "
        f"--export_dir {shlex.quote(str(folder.absolute()))}",
    )
    exported = external_export.Export(
        method=method,
        source=where,
        records_sha256=source.description["records_sha256"],
        names=tuple(source.names(stop)),
        exported=tuple(written.exported),
    )
    external_export.write(folder, exported)
    print(text)
    return exported


def collect(
    *,
    method: str,
    export_dir: str,
    results_dir: str | None = None,
    tfrecord: str | None = None,
    input_dir: str | None = None,
    beside: Sequence[str] = (),
    allow_missing: bool = False,
    gin_config: str = _GIN_CONFIG_DEFAULT,
    gin_bindings: Sequence[str] = (),
    output_frames: bool = False,
    overwrite: bool = False,
) -> dict[str, "EvaluationResults"]:
    """Scores what a method's script wrote, and prints the table and the side table.

    Args:
        method: A name in `METHODS`.
        export_dir: Folder of the export.
        results_dir: Folder of the outputs; `results/` in `export_dir` if None.
        tfrecord: Where the records lie now, if not where they lay; or
        input_dir: Where ATD-12K lies now.
        beside: NAME=FOLDER of SavedModels and predicted frames for the side table.
        allow_missing: Score what is there.
        gin_config: Gin file that names metrics.
        gin_bindings: Further bindings, which win over the file's.
        output_frames: Write the pictures of every triplet.
        overwrite: Replace earlier scores.

    Returns:
        The results by the name of their folder below `batch_eval/`.

    Raises:
        InputError: If the export, its dataset or outputs cannot be used.
    """
    from frame_interpolation import config
    from frame_interpolation.eval import (
        comparison_files,
        comparison_tables,
        evaluation_results,
        evaluator,
        external_export,
        external_outputs,
        method_comparison,
        named_results,
        protocols,
    )
    from frame_interpolation.eval.options import EvaluationOptions

    folder = Path(export_dir)
    exported = external_export.read(folder, method=method)
    config.parse([gin_config], gin_bindings)
    options = config.make(EvaluationOptions)
    where = dict(exported.source)
    if tfrecord or input_dir:
        frames = where.get("test_frames", "540p")
        where = _where(tfrecord=tfrecord, input_dir=input_dir, test_frames=frames)
    source = _open_source(where, limit=len(exported.names))
    if source.description["records_sha256"] != exported.records_sha256:
        raise InputError(
            f"The dataset is not the one that {export_dir!r} was exported from; name that one by "
            "--tfrecord or --input_dir, or export again."
        )
    outputs = external_outputs.collect(
        folder, exported, results_dir=results_dir, allow_missing=allow_missing
    )
    # Before anything is scored, for a folder may lack predictions.
    others = {
        label: outputs.method_beside(path)
        for label, path in external_outputs.named_folders(beside, taken=outputs.folders).items()
    }
    results: dict[str, EvaluationResults] = {}

    def evaluate(label: str, made: "Method", protocol: str) -> None:
        name = label + (_SIDE_SUFFIX if protocol == SIDE_PROTOCOL else "")
        results[name], _ = evaluator.evaluate(
            source=outputs.subset_of(source),
            method=made,
            output_dir=folder / "batch_eval" / name,
            experiment=name,
            protocol=protocols.find(protocol),
            metric_names=options.metrics,
            max_examples=len(outputs.present),
            batch_size=options.batch_size,
            output_frames=output_frames,
            measure_difficulty=options.difficulty,
            overwrite=overwrite,
            config=config.flattened(),
            lpips_weights=options.lpips_weights,
        )

    for label in outputs.folders:
        for protocol in (PROTOCOL, SIDE_PROTOCOL):
            evaluate(
                label, outputs.method(label, at_their_size=protocol == SIDE_PROTOCOL), protocol
            )
    for label, made in others.items():
        evaluate(label, made, SIDE_PROTOCOL)

    for title, protocol, suffix, labels in (
        ("ATD-12K", PROTOCOL, "", [*outputs.folders]),
        (_SIDE_TITLE, SIDE_PROTOCOL, _SIDE_SUFFIX, [*outputs.folders, *others]),
    ):
        named = [
            named_results.read(f"{label}={folder / 'batch_eval' / (label + suffix)}", flag="beside")
            for label in labels
        ]
        compared = method_comparison.compare(named_results.align(named), title=title)
        into = folder / f"{COMPARISON_FOLDER}{suffix}"
        comparison_files.write_comparison(into, compared)
        notes = "\n".join([f"Protocol: {protocols.find(protocol).definition}.", *outputs.notes])
        evaluation_results.write_text(into / "readme.txt", notes + "\n")
        tables = comparison_tables.tables_of(compared, brief=True)
        print(f"{notes}\n\n{comparison_files.to_text(compared, tables)}\n\nTables: {into}\n")
    print(f"Results: {folder / 'batch_eval'}")
    return results


def _where(*, tfrecord: str | None, input_dir: str | None, test_frames: str) -> dict[str, str]:
    """Returns the flags that say where the triplets are, with absolute paths."""
    if bool(tfrecord) == bool(input_dir):
        found = "both" if tfrecord else "neither"
        raise InputError(
            f"Got {found} of --tfrecord and --input_dir; give the test records, or the root folder "
            "of ATD-12K."
        )
    if tfrecord:
        return {"tfrecord": os.path.abspath(tfrecord)}
    return {"input_dir": os.path.abspath(input_dir or ""), "test_frames": test_frames}


def _open_source(where: Mapping[str, str], *, limit: int) -> "ExampleSource":
    if "tfrecord" in where:
        from frame_interpolation.eval.evaluation_example import RecordSource

        return RecordSource(where["tfrecord"])
    from beam_jobs import dataset_registry
    from frame_interpolation.eval.triplet_source import TripletSource

    listing = dataset_registry.list_split(
        "atd12k",
        where["input_dir"],
        "test",
        dataset_registry.ListingOptions(
            test_frames=where["test_frames"], allow_missing_annotations=True
        ),
    )
    return TripletSource(listing.triplets, description={"dataset": "atd12k", **where}, limit=limit)


if __name__ == "__main__":
    program.run(main, FLAGS)
