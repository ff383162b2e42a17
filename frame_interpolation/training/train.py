"""Trains a network, from scratch or on from pre-trained weights.

    python -m training.train --gin_config gin_configs/experiments/film_l1.gin \
        --base_folder runs --gin_bindings "training_dataset.file = 'vimeo.tfrecord@200'"

leaves <base_folder>/<label>/ with config.gin, operative_config.gin, run.json, train/ (checkpoints
and TensorBoard's curves), eval/ (curves) and, at the end, saved_model/. The same command goes on
where an earlier one stopped: after Ctrl-C or SIGTERM, which save first, as after a crash.

Exit status: 0 when the run is finished, 1 for bad input, 2 for bad flags, 130 after Ctrl-C, 143
after SIGTERM.
"""

import logging
import sys
from collections.abc import Sequence

from absl import flags

from frame_interpolation import program
from frame_interpolation.training import memory

FLAGS = flags.FlagValues()
_GIN_CONFIG = flags.DEFINE_multi_string(
    "gin_config", None, "Gin file; may be given several times.", flag_values=FLAGS, required=True
)
_GIN_BINDINGS = flags.DEFINE_multi_string(
    "gin_bindings",
    [],
    'One more line of gin, such as "training.num_steps = 100"; may be given several times.',
    flag_values=FLAGS,
)
_BASE_FOLDER = flags.DEFINE_string(
    "base_folder", None, "Folder of the runs.", flag_values=FLAGS, required=True
)
_LABEL = flags.DEFINE_string(
    "label", "run0", "Name of the run, a folder in the base folder.", flag_values=FLAGS
)
_MODE = flags.DEFINE_enum(
    "mode",
    "gpu",
    ["cpu", "gpu", "tpu", "multi_worker"],
    "Devices: the CPU; all GPUs that are visible, without any the CPU; a TPU; or all hosts that "
    "the environment variable TF_CONFIG names, each of which runs this command.",
    flag_values=FLAGS,
)
_TPU = flags.DEFINE_string(
    "tpu",
    None,
    "Name of the TPU, with --mode tpu. Default: local, that of a TPU VM.",
    flag_values=FLAGS,
)
_ALLOW_CONFIG_CHANGES = flags.DEFINE_bool(
    "allow_config_changes",
    False,
    "Go on with a run that was begun with another configuration, such as another "
    "training.num_steps. The former configuration stays as config.<n>.gin.",
    flag_values=FLAGS,
)


def main(argv: list[str]) -> int:
    """Runs the program; returns the exit status."""
    del argv
    return run(
        gin_files=_GIN_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        base_folder=_BASE_FOLDER.value,
        label=_LABEL.value,
        mode=_MODE.value,
        tpu=_TPU.value,
        allow_config_changes=_ALLOW_CONFIG_CHANGES.value,
    )


def run(
    *,
    gin_files: Sequence[str],
    base_folder: str,
    gin_bindings: Sequence[str] = (),
    label: str = "run0",
    mode: str = "gpu",
    tpu: str | None = None,
    allow_config_changes: bool = False,
) -> int:
    """Trains as the command line says; see the flags.

    Returns:
      The exit status: 0, or 128 and the number of the signal that stopped the training.

    Raises:
      InputError: something that the user can put right.
    """
    memory.reuse_what_was_freed()
    # TensorFlow comes with these.
    from frame_interpolation import config
    from frame_interpolation.training import checkpointing, hosts, run_record, session
    from frame_interpolation.training.experiment import Experiment
    from frame_interpolation.training.run_folder import RunFolder, write_text

    config.parse(gin_files, gin_bindings)
    experiment = Experiment.create(config.make)
    folder = RunFolder(base_folder, label)

    def train() -> int:
        return session.train(
            experiment, folder=folder, mode=mode, tpu=tpu, command=run_record.command_line()
        )

    if mode == "multi_worker" and not hosts.is_chief(hosts.read_tf_config()):
        return train()
    with folder.locked():
        folder.claim(
            config.flattened(),
            begun=bool(checkpointing.checkpoint_prefixes(folder.train)),
            describe_difference=config.describe_difference,
            allow_changes=allow_config_changes,
        )
        write_text(folder.operative_config, experiment.as_gin())
        return train()


def _show_progress() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("frame_interpolation").setLevel(logging.INFO)
    # Saving a SavedModel makes TensorFlow warn of names that nothing depends on.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


if __name__ == "__main__":
    _show_progress()
    program.run(main, FLAGS)
