"""Builds a SavedModel from the newest checkpoint of a training run.

    python -m training.build_saved_model_cli --base_folder runs --label run0

reads <base_folder>/<label>/train and writes <base_folder>/<label>/saved_model, in place of the one
that is there. Training does the same at its end; this is for runs that were stopped before, and for
those of the original FILM. Call what it writes as

    tf.saved_model.load(path)({'x0': ..., 'x1': ..., 'time': ...}, training=False)['image']

--average and --blend choose other weights than fine_tuning.export_average and
fine_tuning.blend_factor do: with --blend 0.5 every weight lies half way between the one that
training started from and the one that it ended with. --best takes the checkpoint that was best by
training.best_metric instead of the newest one.
"""

import logging
import os
import sys
from collections.abc import Sequence

from absl import flags

from frame_interpolation import program

FLAGS = flags.FlagValues()
_GIN_CONFIG = flags.DEFINE_multi_string(
    "gin_config",
    [],
    "Gin file that the run was trained with; may be given several times. Where the path does not "
    "exist, the file of that name in the run's folder is taken, or else config.gin there. Default: "
    "config.gin in the run's folder.",
    flag_values=FLAGS,
)
_GIN_BINDINGS = flags.DEFINE_multi_string(
    "gin_bindings",
    [],
    'One more line of gin, such as "film_net.filters = 8"; may be given several times.',
    flag_values=FLAGS,
)
_BASE_FOLDER = flags.DEFINE_string(
    "base_folder", None, "Folder of the runs.", flag_values=FLAGS, required=True
)
_LABEL = flags.DEFINE_string(
    "label", "run0", "Name of the run, a folder in the base folder.", flag_values=FLAGS
)
_BEST = flags.DEFINE_bool(
    "best",
    False,
    "Take the best checkpoint by training.best_metric, from the run's folder best/, instead of the "
    "newest one.",
    flag_values=FLAGS,
)
_AVERAGE = flags.DEFINE_bool(
    "average",
    None,
    "Take the averaged weights of the run, or with --noaverage the last ones. Default: as "
    "fine_tuning.export_average says, where the run has averages.",
    flag_values=FLAGS,
)
_BLEND = flags.DEFINE_float(
    "blend",
    None,
    "Share of the trained weights, from 0 to 1; the rest are those that training started from. "
    "Default: fine_tuning.blend_factor of the run.",
    flag_values=FLAGS,
)
_BLEND_WITH = flags.DEFINE_string(
    "blend_with",
    "",
    "SavedModel or checkpoint with the weights to blend with. Default: the starting weights in the "
    "run's checkpoint, or else pretrained.path of the run.",
    flag_values=FLAGS,
)
_MODE = flags.DEFINE_enum(
    "mode",
    "gpu",
    ["cpu", "gpu"],
    "Devices: the GPUs that are visible, or the CPU; without a GPU, gpu means the CPU.",
    flag_values=FLAGS,
)


def main(argv: list[str]) -> None:
    """Runs the program."""
    del argv
    run(
        gin_files=_GIN_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        base_folder=_BASE_FOLDER.value,
        label=_LABEL.value,
        best=_BEST.value,
        average=_AVERAGE.value,
        blend=_BLEND.value,
        blend_with=_BLEND_WITH.value,
        mode=_MODE.value,
    )


def run(
    *,
    base_folder: str,
    gin_files: Sequence[str] = (),
    gin_bindings: Sequence[str] = (),
    label: str = "run0",
    best: bool = False,
    average: bool | None = None,
    blend: float | None = None,
    blend_with: str = "",
    mode: str = "gpu",
) -> str:
    """Builds as the command line says; see the flags.

    Returns:
      The SavedModel's folder.

    Raises:
      InputError: something that the user can put right.
    """
    # TensorFlow comes with these.
    from frame_interpolation import config
    from frame_interpolation.models import pretrained, registry
    from frame_interpolation.training import distribution, export, exported_weights
    from frame_interpolation.training.experiment import Experiment
    from frame_interpolation.training.run_folder import RunFolder

    folder = RunFolder(base_folder, label)
    checkpoint = _newest_checkpoint(folder.best if best else folder.train, best=best)
    found = [_find_gin_file(path, run_folder=folder.path) for path in gin_files or [folder.config]]
    config.parse(list(dict.fromkeys(found)), gin_bindings)
    experiment = Experiment.create(config.make)
    _check_levels(experiment.film_net.pyramid_levels, checkpoint=checkpoint)
    distribution.create_strategy(mode)
    model = registry.create_model(experiment.model, film_net=experiment.film_net)
    loaded = pretrained.load(model, checkpoint)
    chosen = exported_weights.choose(
        model,
        checkpoint,
        options=experiment.fine_tuning,
        pretrained_options=experiment.pretrained,
        average=average,
        blend=blend,
        blend_with=blend_with,
    )
    export.save_model(model, folder.saved_model, options=experiment.film_net)
    print(f"{folder.saved_model}: {loaded}{chosen}.")
    return folder.saved_model


def _newest_checkpoint(folder: str, *, best: bool) -> str:
    """The newest checkpoint that is whole."""
    from frame_interpolation.errors import InputError
    from frame_interpolation.training import checkpointing

    prefixes = checkpointing.checkpoint_prefixes(folder)
    if not prefixes:
        remedy = "or train first"
        if best:
            remedy = "leave --best out, or train with training.best_metric bound"
        raise InputError(
            f"There is no checkpoint in {folder}; expected ckpt-N.index and its data there. Check "
            f"--base_folder and --label, {remedy}."
        )
    for prefix in reversed(prefixes):
        damage = checkpointing.damage(prefix)
        if damage is None:
            return prefix
        print(f"{prefix} is damaged ({damage}); taking the one before.", file=sys.stderr)
    raise InputError(
        f"All {len(prefixes)} checkpoints in {folder} are damaged; restore the files from a backup."
    )


def _find_gin_file(path: str, *, run_folder: str) -> str:
    """The gin file that was given, or where there is none, the one in the run's folder."""
    from frame_interpolation import repository_paths
    from frame_interpolation.errors import InputError

    found = repository_paths.find(path)
    if path and os.path.exists(found):
        return found
    names = [path, os.path.basename(path), "config.gin"]
    candidates = [os.path.join(run_folder, name) for name in names if name]
    for candidate in candidates:
        if os.path.isfile(candidate):
            print(f"There is no gin file {path!r}; taking {candidate}.", file=sys.stderr)
            return candidate
    tried = ", ".join(dict.fromkeys([path, *candidates]))
    raise InputError(
        f"There is no gin file of the run: looked for {tried}. Pass the one that it was trained "
        "with by --gin_config."
    )


def _check_levels(levels: int, *, checkpoint: str) -> None:
    """Compares the one option that the shapes of the weights do not tell."""
    from frame_interpolation.errors import InputError
    from frame_interpolation.models import pretrained

    stored = pretrained.open_weights(checkpoint).pyramid_levels
    if stored is not None and stored != levels:
        raise InputError(
            f"{checkpoint} was trained with film_net.pyramid_levels = {stored}, and the "
            f"configuration says {levels}; pass the gin file that the run was trained with."
        )


def _show_messages() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    # Saving a SavedModel makes TensorFlow warn of names that nothing depends on.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


if __name__ == "__main__":
    _show_messages()
    program.run(main, FLAGS)
