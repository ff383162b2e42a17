r"""Evaluates a method of interpolation on a dataset, with FILM's command line and output files.

    python -m eval.eval_cli --gin_config gin_configs/eval/atd12k_test.gin \
        --model_path saved_model --input_dir ROOT_OF_ATD12K

The method is one of --model_path (a SavedModel), --base_folder and --label (a training run),
--checkpoint, --predictions (a folder of frames of any method), --command (a program run for a few
triplets at a time) and --baseline. The data are the records of evaluation.tfrecord, or the image
files of --dataset below --input_dir.

The results go to `batch_eval/<experiment.name>/` beside the model, the run's folder or the
predictions, or below --output_dir: results.csv, results.json, tables, readme.txt, config.gin, and
with --output_frames the pictures of every triplet in frames/. A run that was stopped goes on where
it was; one that is finished prints its means again. docs/evaluation.md says more.
"""

import dataclasses
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError
from frame_interpolation.eval.methods.method_choice import MethodChoice

if TYPE_CHECKING:
    from frame_interpolation.datasets.triplet import Triplet
    from frame_interpolation.eval.evaluation_example import ExampleSource
    from frame_interpolation.eval.evaluation_results import EvaluationResults
    from frame_interpolation.eval.options import EvaluationOptions

FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_GIN_CONFIG = flags.DEFINE_string(
    "gin_config", None, "Gin file of the evaluation.", required=True, flag_values=FLAGS
)
_GIN_BINDINGS = flags.DEFINE_multi_string(
    "gin_bindings",
    [],
    "A further binding, such as \"evaluation.tfrecord = 'test@4'\"; may be repeated.",
    flag_values=FLAGS,
)
_MODEL_PATH = flags.DEFINE_string(
    "model_path", None, "Method: folder of a SavedModel.", flag_values=FLAGS
)
_BASE_FOLDER = flags.DEFINE_string(
    "base_folder",
    None,
    "Method: the run --label in this folder; its SavedModel, or its newest checkpoint while there "
    "is none.",
    flag_values=FLAGS,
)
_LABEL = flags.DEFINE_string(
    "label", "run0", "Name of the run below --base_folder.", flag_values=FLAGS
)
_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "Method: a training checkpoint, .../train/ckpt-N, or the folder for the newest.",
    flag_values=FLAGS,
)
_RUN_CONFIG = flags.DEFINE_string(
    "run_config",
    None,
    "Gin file that --checkpoint was trained with, for film_net.*. Default: config.gin above its "
    "folder, or what follows from the checkpoint.",
    flag_values=FLAGS,
)
_PREDICTIONS = flags.DEFINE_string(
    "predictions",
    None,
    "Method: folder of frames, <triplet>.png or <triplet>/frame2.png, or .jpg, .webp, .tif, .npy.",
    flag_values=FLAGS,
)
_ALLOW_MISSING_PREDICTIONS = flags.DEFINE_bool(
    "allow_missing_predictions",
    False,
    "Score the triplets that have a prediction alone; the results list the others.",
    flag_values=FLAGS,
)
_RESIZE_PREDICTIONS = flags.DEFINE_bool(
    "resize_predictions",
    False,
    "Resize frames of --predictions and --command of another size (LANCZOS) instead of stopping.",
    flag_values=FLAGS,
)
_COMMAND = flags.DEFINE_string(
    "command",
    None,
    "Method: a program, such as 'python my.py {inputs} {outputs}'. It finds "
    "{inputs}/<triplet>/frame1.png and frame3.png, and writes {outputs}/<triplet>.png.",
    flag_values=FLAGS,
)
_COMMAND_BATCH_SIZE = flags.DEFINE_integer(
    "command_batch_size", 8, "The most triplets that --command gets at once.", flag_values=FLAGS
)
_COMMAND_TIMEOUT_S = flags.DEFINE_float(
    "command_timeout_s",
    600.0,
    "Seconds that --command may take for a batch before it and its children are killed.",
    flag_values=FLAGS,
)
_BASELINE = flags.DEFINE_string(
    "baseline", None, "Method: average, nearest or optical_flow.", flag_values=FLAGS
)
_INPUT_DIR = flags.DEFINE_string(
    "input_dir",
    None,
    "Data: root folder of --dataset, evaluated without making records; goes before "
    "evaluation.tfrecord.",
    flag_values=FLAGS,
)
_DATASET = flags.DEFINE_string(
    "dataset",
    "atd12k",
    "What --input_dir is: atd12k, vimeo90k, middlebury, ucf101, xiph or triplet_folder.",
    flag_values=FLAGS,
)
_SPLIT = flags.DEFINE_string(
    "split",
    "test",
    "Split of vimeo90k (test or train) or atd12k (test, train or val). The others have one.",
    flag_values=FLAGS,
)
_TEST_FRAMES = flags.DEFINE_string(
    "test_frames",
    "540p",
    "atd12k's test frames: 540p (test_2k_540p) or original (test_2k_original).",
    flag_values=FLAGS,
)
_ALLOW_MISSING_ANNOTATIONS = flags.DEFINE_bool(
    "allow_missing_annotations",
    False,
    "Take atd12k's triplets without levels and regions of interest where those are missing.",
    flag_values=FLAGS,
)
_SCALE_FACTOR = flags.DEFINE_integer(
    "scale_factor",
    None,
    "As in beam_jobs.build_tfrecord; 2 for xiph if not given, else 1.",
    flag_values=FLAGS,
)
_CENTER_CROP_FACTOR = flags.DEFINE_integer(
    "center_crop_factor",
    1,
    "As in beam_jobs.build_tfrecord; 2 with --scale_factor=1 for Xiph-4K.",
    flag_values=FLAGS,
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir",
    None,
    "Folder in which batch_eval/<experiment.name>/ is made. Default: that of the model, the run or "
    "the predictions.",
    flag_values=FLAGS,
)
_OUTPUT_FRAMES = flags.DEFINE_bool(
    "output_frames",
    False,
    "Write the inputs, the truth and the estimate of every triplet as PNG files.",
    flag_values=FLAGS,
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite",
    False,
    "Start anew and replace results of the same name.",
    flag_values=FLAGS,
)
_TRAINING_RECORDS = flags.DEFINE_multi_string(
    "training_records",
    [],
    "PATH@N of training records in which the test frames are searched for; may be repeated.",
    flag_values=FLAGS,
)
_MODE = flags.DEFINE_enum(
    "mode",
    "gpu",
    ["gpu", "cpu"],
    "Where the network runs; without a GPU, gpu warns and goes on on the CPU.",
    flag_values=FLAGS,
)


@dataclasses.dataclass(frozen=True)
class DataChoice:
    """What the command line says about the data; the attributes are named as the flags.

    Attributes:
        input_dir: Root folder of `dataset`; None for the records of `evaluation.tfrecord`.
        dataset: A name in `dataset_registry.DATASETS`.
        split: Split of a dataset that has several.
        test_frames: ATD-12K's test frames: '540p' or 'original', or the folder's name.
        allow_missing_annotations: Whether ATD-12K's triplets may lack their annotation.
        scale_factor: See `frame_options`; None for that of the dataset.
        center_crop_factor: See `frame_options`.
    """

    input_dir: str | None = None
    dataset: str = "atd12k"
    split: str = "test"
    test_frames: str = "540p"
    allow_missing_annotations: bool = False
    scale_factor: int | None = None
    center_crop_factor: int = 1


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `run`."""
    del argv  # program.run refuses what is not a flag.
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    choices = {
        field.name: FLAGS[field.name].value
        for choice in (MethodChoice, DataChoice)
        for field in dataclasses.fields(choice)
    }
    choice = _method_choice(choices)
    _results_parent(choice, _OUTPUT_DIR.value)  # Errors before TensorFlow loads.
    if choice.command is not None:
        # An end that unwinds, so that what the command left running is ended, too.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    _select_device(_MODE.value, runs_network=choice.runs_network)
    run(
        gin_config=_GIN_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        output_dir=_OUTPUT_DIR.value,
        output_frames=_OUTPUT_FRAMES.value,
        overwrite=_OVERWRITE.value,
        training_records=_TRAINING_RECORDS.value,
        **choices,
    )


def run(
    *,
    gin_config: str,
    gin_bindings: Sequence[str] = (),
    output_dir: str | None = None,
    output_frames: bool = False,
    overwrite: bool = False,
    training_records: Sequence[str] = (),
    **choices: Any,
) -> tuple["EvaluationResults", Path]:
    """Evaluates a method and prints its means.

    Args:
        gin_config: Gin file of the evaluation.
        gin_bindings: Further bindings, which win over the file's.
        output_dir: Folder in which `batch_eval/<experiment.name>/` is made; that of what is
            evaluated if None.
        output_frames: Write the pictures of every triplet.
        overwrite: Replace results that lie there.
        training_records: Records in which the test frames are searched for (see `leakage`).
        **choices: Attributes of `MethodChoice`, such as `model_path`, and of `DataChoice`.

    Returns:
        The results, and the folder that holds them.

    Raises:
        InputError, atd12k.errors.DatasetError: If configuration, method, data or earlier results
            cannot be used.
    """
    from frame_interpolation import config
    from frame_interpolation.eval import metrics, protocols, score_table
    from frame_interpolation.eval.options import EvaluationOptions, ExperimentOptions

    choice = _method_choice(choices)
    data = DataChoice(
        **{name: value for name, value in choices.items() if not hasattr(choice, name)}
    )
    config.parse([gin_config], gin_bindings)
    experiment = config.make(ExperimentOptions)
    options = config.make(EvaluationOptions)
    folder = _results_parent(choice, output_dir) / "batch_eval" / experiment.name
    network_config = choice.network_config()
    film_net = network_config and config.read_bindings(network_config, "film_net")
    from frame_interpolation.eval import evaluator
    from frame_interpolation.eval.evaluation_example import RecordSource

    for records in training_records:
        RecordSource(records)  # Errors before hours of evaluation, not after.
    source = _open_source(data, options)
    stop = len(source) if options.max_examples < 0 else min(options.max_examples, len(source))
    method, source = choice.create(source, stop=stop, film_net=film_net or None)
    results, was_finished = evaluator.evaluate(
        source=source,
        method=method,
        output_dir=folder,
        experiment=experiment.name,
        protocol=protocols.find(options.protocol),
        metric_names=options.metrics,
        max_examples=options.max_examples,
        batch_size=options.batch_size,
        output_frames=output_frames,
        measure_difficulty=options.difficulty,
        overwrite=overwrite,
        config=config.flattened(),
        lpips_weights=options.lpips_weights,
    )
    if was_finished:
        print("This evaluation was already complete; --overwrite would start it anew.")
    columns = dict.fromkeys(metrics.split_name(name)[0] for name in options.metrics)
    label = choice.baseline or "model"
    print(score_table.to_text(score_table.build_table([(label, results)], tuple(columns))))
    left_out = results.dataset.get("left_out", ())
    if left_out:
        print(
            f"{len(left_out)} triplets were left out: {results.dataset['left_out_because']}. "
            "These means are not those of the whole dataset."
        )
    if training_records:
        from frame_interpolation.eval import leakage

        print(
            "Leakage: "
            + "\n  ".join(leakage.search(results.triplets, training_records).sentences())
        )
    print(f"Results: {folder}")
    return results, folder


def _method_choice(choices: dict[str, Any]) -> MethodChoice:
    names = {field.name for field in dataclasses.fields(MethodChoice)}
    return MethodChoice(**{name: value for name, value in choices.items() if name in names})


def _results_parent(choice: MethodChoice, output_dir: str | None) -> Path:
    if output_dir is None:
        return choice.results_parent()
    if choice.kind not in ("command", "baseline"):
        choice.found_path()
    return Path(output_dir)


def _open_source(data: DataChoice, options: "EvaluationOptions") -> "ExampleSource":
    from frame_interpolation.eval.evaluation_example import RecordSource
    from frame_interpolation.eval.triplet_source import TripletSource

    if data.input_dir is None:
        if not options.tfrecord:
            raise InputError(
                "evaluation.tfrecord is not bound; name the records to evaluate on, for example "
                "--gin_bindings \"evaluation.tfrecord = 'records/atd12k_test@4'\", or the folder "
                "of a dataset by --input_dir."
            )
        return RecordSource(options.tfrecord)
    from beam_jobs import dataset_registry
    from frame_interpolation.datasets.frame_options import FrameOptions

    dataset = dataset_registry.find(data.dataset)
    listing = dataset_registry.list_split(
        data.dataset,
        data.input_dir,
        data.split if len(dataset.splits) > 1 else None,
        dataset_registry.ListingOptions(
            test_frames=data.test_frames.removeprefix("test_2k_"),
            allow_missing_annotations=data.allow_missing_annotations,
        ),
    )
    frame_options = FrameOptions(
        scale_factor=dataset.scale_factor if data.scale_factor is None else data.scale_factor,
        center_crop_factor=data.center_crop_factor,
    )
    dataset_registry.check_annotations(listing, frame_options)
    _check_regions(listing.triplets, options)
    return TripletSource(
        listing.triplets,
        frame_options=frame_options,
        description={
            "input_dir": str(Path(data.input_dir).resolve()),
            "dataset": data.dataset,
            "split": listing.split,
            "options": {**listing.options, **frame_options.as_dict()},
        },
        limit=options.max_examples,
    )


def _check_regions(triplets: Sequence["Triplet"], options: "EvaluationOptions") -> None:
    """Refuses metrics on regions where no triplet has one, before any file is read."""
    from frame_interpolation.eval import metrics

    plain = [name for name in options.metrics if not metrics.split_name(name)[1]]
    if len(plain) == len(options.metrics):
        return
    evaluated = triplets if options.max_examples < 0 else triplets[: options.max_examples]
    if all(triplet.annotation is None for triplet in evaluated):
        raise InputError(
            f"The metrics with _roi need regions of interest, and none of the {len(evaluated)} "
            "triplets has an annotation. Score whole frames alone by "
            f'--gin_bindings "evaluation.metrics = {plain or ["psnr"]}".'
        )


def _select_device(mode: str, *, runs_network: bool) -> None:
    """Sets what TensorFlow sees, for the whole process; warns when a network lacks a GPU."""
    import tensorflow as tf

    if mode == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif not tf.config.get_visible_devices("GPU"):
        if runs_network:
            print("warning: no GPU was found; going on on the CPU.", file=sys.stderr)
    else:
        for gpu in tf.config.get_visible_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)


if __name__ == "__main__":
    program.run(main, FLAGS)
