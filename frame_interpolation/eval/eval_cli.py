r"""Evaluates a SavedModel on TFRecords, with FILM's command line and output files.

    python -m eval.eval_cli --gin_config gin_configs/eval/atd12k_test.gin \
        --model_path saved_model \
        --gin_bindings "evaluation.tfrecord = 'records/atd12k_test@4'"

The model is --model_path, or the `saved_model` of the training run --base_folder/--label. The
results go to `batch_eval/<experiment.name>/` beside it: results.csv, results.json, readme.txt,
config.gin, and with --output_frames the pictures of every triplet in frames/. A run that was
stopped goes on where it was; one that is finished prints its means again.
"""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    from frame_interpolation.eval.evaluation_results import EvaluationResults

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
    "model_path", None, "Folder of the SavedModel.", flag_values=FLAGS
)
_BASE_FOLDER = flags.DEFINE_string(
    "base_folder", None, "Folder of training runs, instead of --model_path.", flag_values=FLAGS
)
_LABEL = flags.DEFINE_string(
    "label", "run0", "Name of the run below --base_folder.", flag_values=FLAGS
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir",
    None,
    "Folder in which batch_eval/<experiment.name>/ is made. Default: the model's folder's parent.",
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


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `run`."""
    del argv  # program.run refuses what is not a flag.
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr)
    model_path = resolve_model_path(
        model_path=_MODEL_PATH.value, base_folder=_BASE_FOLDER.value, label=_LABEL.value
    )
    _select_device(_MODE.value)
    run(
        gin_config=_GIN_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        model_path=model_path,
        output_dir=_OUTPUT_DIR.value,
        output_frames=_OUTPUT_FRAMES.value,
        overwrite=_OVERWRITE.value,
        training_records=_TRAINING_RECORDS.value,
    )


def resolve_model_path(*, model_path: str | None, base_folder: str | None, label: str) -> str:
    """Finds the SavedModel that the flags name.

    Args:
        model_path: Folder of a SavedModel, or None.
        base_folder: Folder of training runs, or None.
        label: Name of the run.

    Returns:
        Folder of the SavedModel.

    Raises:
        InputError: If not exactly one of `model_path` and `base_folder` is given, or the run has
            no SavedModel.
    """
    from frame_interpolation import repository_paths
    from frame_interpolation.eval import inference

    if bool(model_path) == bool(base_folder):
        found = "both" if model_path else "neither"
        raise InputError(
            f"Got {found} of --model_path and --base_folder; give the SavedModel, or the folder "
            "and --label of a training run."
        )
    if model_path:
        found = repository_paths.find(model_path)
        inference.check_model_folder(found)
        return found
    saved_model = Path(base_folder or "", label, "saved_model")
    if not saved_model.is_dir():
        raise InputError(
            f"The training run has no SavedModel at {str(saved_model)!r}; check --base_folder and "
            "--label, or export it with training.build_saved_model_cli."
        )
    return str(saved_model)


def run(
    *,
    gin_config: str,
    model_path: str,
    gin_bindings: Sequence[str] = (),
    output_dir: str | None = None,
    output_frames: bool = False,
    overwrite: bool = False,
    training_records: Sequence[str] = (),
) -> tuple["EvaluationResults", Path]:
    """Evaluates a SavedModel and prints its means.

    Args:
        gin_config: Gin file of the evaluation.
        model_path: Folder of the SavedModel.
        gin_bindings: Further bindings, which win over the file's.
        output_dir: Folder in which `batch_eval/<experiment.name>/` is made; the parent of the
            model's folder if None.
        output_frames: Write the pictures of every triplet.
        overwrite: Replace results that lie there.
        training_records: Records in which the test frames are searched for (see `leakage`).

    Returns:
        The results, and the folder that holds them.

    Raises:
        InputError: If configuration, model, records or earlier results cannot be used.
    """
    from frame_interpolation import config
    from frame_interpolation.eval import fingerprint, inference, metrics, protocols, score_table
    from frame_interpolation.eval.options import EvaluationOptions, ExperimentOptions

    config.parse([gin_config], gin_bindings)
    experiment = config.make(ExperimentOptions)
    options = config.make(EvaluationOptions)
    if not options.tfrecord:
        raise InputError(
            "evaluation.tfrecord is not bound; name the records to evaluate on, for example "
            "--gin_bindings \"evaluation.tfrecord = 'records/atd12k_test@4'\"."
        )
    from frame_interpolation.eval import evaluator
    from frame_interpolation.eval.evaluation_example import RecordSource

    inference.check_model_folder(model_path)
    parent = Path(output_dir or os.path.dirname(os.path.abspath(model_path)))
    folder = parent / "batch_eval" / experiment.name
    results, was_finished = evaluator.evaluate(
        source=RecordSource(options.tfrecord),
        method=evaluator.Method(
            description={
                "kind": "saved_model",
                "path": model_path,
                **fingerprint.of_saved_model(model_path),
            },
            load=lambda: evaluator.predictor_of(inference.load_interpolator(model_path)),
        ),
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
    print(score_table.to_text(score_table.build_table([("model", results)], tuple(columns))))
    if training_records:
        from frame_interpolation.eval import leakage

        print(
            "Leakage: "
            + "\n  ".join(leakage.search(results.triplets, training_records).sentences())
        )
    print(f"Results: {folder}")
    return results, folder


def _select_device(mode: str) -> None:
    """Sets what TensorFlow sees, for the whole process."""
    import tensorflow as tf

    if mode == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif not tf.config.get_visible_devices("GPU"):
        print("warning: no GPU was found; going on on the CPU.", file=sys.stderr)
    else:
        for gpu in tf.config.get_visible_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)


if __name__ == "__main__":
    program.run(main, FLAGS)
