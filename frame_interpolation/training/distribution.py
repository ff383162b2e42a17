"""Which devices train."""

import logging

import tensorflow as tf

from frame_interpolation.errors import InputError

MODES = ("cpu", "gpu")

_log = logging.getLogger(__name__)


def create_strategy(mode: str) -> tf.distribute.Strategy:
    """Chooses the devices. Call it before anything else runs on a device.

    Args:
      mode: `cpu`, or `gpu` for all GPUs that are visible; without any it warns and uses the CPU.

    Returns:
      TensorFlow's default strategy for one device, or one that mirrors the model on every GPU.

    Raises:
      InputError: there is no such mode.
    """
    if mode not in MODES:
        raise InputError(f"--mode is {mode!r}; expected one of {', '.join(MODES)}.")
    if mode == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return tf.distribute.get_strategy()
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        _log.warning("--mode gpu, but TensorFlow finds no GPU; going on on the CPU.")
        return tf.distribute.get_strategy()
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if len(gpus) == 1:
        return tf.distribute.get_strategy()
    _log.info("Training on %d GPUs, each with an equal part of the batch.", len(gpus))
    return tf.distribute.MirroredStrategy()
