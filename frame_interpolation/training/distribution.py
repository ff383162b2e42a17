"""Which devices train."""

import logging

import tensorflow as tf

from frame_interpolation.errors import InputError

MODES = ("cpu", "gpu")

_log = logging.getLogger(__name__)


def create_strategy(mode: str) -> tf.distribute.Strategy:
    """Chooses the devices.

    Args:
      mode: `cpu`, or `gpu` for all GPUs that are visible; without any it warns and uses the CPU.

    Returns:
      TensorFlow's default strategy for one device, or one that mirrors the model on every GPU.

    Raises:
      InputError: there is no such mode.
    """
    if mode not in MODES:
        raise InputError(f"--mode is {mode!r}; expected one of {', '.join(MODES)}.")
    gpus = tf.config.list_physical_devices("GPU")
    if mode == "cpu":
        return _cpu_strategy(gpus)
    if not gpus:
        _log.warning("--mode gpu, but TensorFlow finds no GPU; going on on the CPU.")
        return tf.distribute.get_strategy()
    _let_memory_grow(gpus)
    if len(gpus) == 1:
        return tf.distribute.get_strategy()
    _log.info("Training on %d GPUs, each with an equal part of the batch.", len(gpus))
    return tf.distribute.MirroredStrategy()


def _cpu_strategy(gpus: list[tf.config.PhysicalDevice]) -> tf.distribute.Strategy:
    if not gpus:
        return tf.distribute.get_strategy()
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:  # This process has used a GPU before, so it stays visible.
        return tf.distribute.OneDeviceStrategy("/CPU:0")
    return tf.distribute.get_strategy()


def _let_memory_grow(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Takes GPU memory as it is needed instead of all of it at the start."""
    try:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        _log.debug("The GPUs are in use already; their memory settings stay.")
