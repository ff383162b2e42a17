"""Which devices train."""

import collections
import contextlib
import logging
import re
from collections.abc import Iterator

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import hosts, processor
from frame_interpolation.training.options import PRECISIONS

MODES = ("cpu", "gpu", "tpu", "multi_worker")

_log = logging.getLogger(__name__)


def create_strategy(mode: str, *, tpu: str | None = None) -> tf.distribute.Strategy:
    """Chooses the devices.

    Args:
      mode: `cpu`; `gpu` for all GPUs that are visible, without any it warns and uses the CPU; `tpu`
        for all cores of a TPU; `multi_worker` for the GPUs, or else the CPUs, of all hosts that the
        environment variable TF_CONFIG names.
      tpu: name of the TPU; by default `local`, which is that of a TPU VM.

    Returns:
      TensorFlow's default strategy for one device, or one that mirrors the model on every device.

    Raises:
      InputError: there is no such mode, the TPU cannot be reached, or TF_CONFIG is wrong.
    """
    if mode not in MODES:
        raise InputError(f"--mode is {mode!r}; expected one of {', '.join(MODES)}.")
    if tpu and mode != "tpu":
        raise InputError(f"--tpu is {tpu!r} with --mode {mode}; expected --mode tpu.")
    if mode == "tpu":
        return _tpu_strategy(tpu or "local")
    gpus = tf.config.list_physical_devices("GPU")
    if mode == "cpu":
        return _cpu_strategy(gpus)
    if mode == "multi_worker":
        return _multi_worker_strategy(gpus)
    if not gpus:
        _log.warning(
            "--mode gpu, but TensorFlow finds no GPU, only %s; going on on the CPU. BUILD_NOTES.md "
            "says what a GPU needs.",
            _found(),
        )
        return tf.distribute.get_strategy()
    _let_memory_grow(gpus)
    if len(gpus) == 1:
        return tf.distribute.get_strategy()
    _log.info("Training on %d GPUs, each with an equal part of the batch.", len(gpus))
    return tf.distribute.MirroredStrategy()


def _tpu_strategy(name: str) -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        strategy = tf.distribute.TPUStrategy(resolver)
    # What the resolver raises depends on what it asks: the machine, the metadata server, or a name.
    except (ValueError, RuntimeError, OSError, ImportError, tf.errors.OpError) as error:
        raise InputError(
            f"--mode tpu, --tpu {name!r}: no TPU can be reached by that name ({error}); TensorFlow "
            f"finds {_found()}. Give the name of a TPU, or `local` on a TPU VM; BUILD_NOTES.md "
            "says what it needs."
        ) from error
    _log.info("Training on %d cores of the TPU %s.", strategy.num_replicas_in_sync, name)
    return strategy


def _multi_worker_strategy(gpus: list[tf.config.PhysicalDevice]) -> tf.distribute.Strategy:
    task = hosts.read_tf_config()["task"]
    _let_memory_grow(gpus)
    _log.info(
        "Waiting for the other hosts of TF_CONFIG; this is %s %d.", task["type"], task["index"]
    )
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    _log.info(
        "Training on %d devices of all hosts, each with an equal part of the batch.",
        strategy.num_replicas_in_sync,
    )
    return strategy


def _found() -> str:
    """Lists the devices in words."""
    counts = collections.Counter(device.device_type for device in tf.config.list_physical_devices())
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no device"


def _cpu_strategy(gpus: list[tf.config.PhysicalDevice]) -> tf.distribute.Strategy:
    if not gpus:
        return tf.distribute.get_strategy()
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:  # This process has used a GPU before, so it stays visible.
        return tf.distribute.OneDeviceStrategy("/CPU:0")
    return tf.distribute.get_strategy()


def warn_of_slow_precision(precision: str, mode: str) -> None:
    """Warns of a precision that the processor was not made for, where no accelerator computes.

    Args:
      precision: a Keras policy.
      mode: as in `create_strategy`, which comes before.
    """
    if mode == "tpu" or tf.config.list_logical_devices("GPU"):
        return
    if processor.is_slow_in(precision):
        fast = [other for other in PRECISIONS if not processor.is_slow_in(other)]
        _log.warning(
            "training.precision is %r, for which this processor has no instructions: a step takes "
            "many times as long as with %s.",
            precision,
            " or ".join(repr(other) for other in fast),
        )


@contextlib.contextmanager
def exhaustion_in_words() -> Iterator[None]:
    """Words TensorFlow's errors of memory and disks that are full, as `exhausted` does."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise exhausted(error) from error


def exhausted(error: tf.errors.ResourceExhaustedError) -> InputError:
    """Words what to do when a device's memory is full, or what the run is written to."""
    text = str(error.message)
    if re.search(r"No space left|[Dd]isk quota|File too large", text):
        return InputError(
            f"the run cannot be written ({text.splitlines()[0]}). Make room there, for example by "
            "a smaller training.keep_checkpoints, and run the command again: it goes on from the "
            "last checkpoint."
        )
    where = re.search(r"on (\S*device:\w+:\d+)", str(error))
    device = f" of {where[1]}" if where else ""
    return InputError(
        f"the memory{device} is full. Lower training_dataset.batch_size or "
        "training_dataset.crop_size, raise training.accumulation_steps, which computes the batch "
        "in parts, or bind training.precision to 'mixed_bfloat16' (on a GPU without bfloat16 "
        "'mixed_float16'); if it was an evaluation, lower eval_datasets.batch_size or "
        "eval_datasets.crop_size. Run the command again: it goes on from the last checkpoint."
    )


def lost_host(error: tf.errors.OpError) -> InputError:
    """Words what to do when one of several hosts is gone."""
    # TensorFlow begins with the node of the graph in double braces.
    reason = re.sub(r"\{\{.*?\}\}\s*", "", str(error.message)).strip().splitlines()
    return InputError(
        f"another host of TF_CONFIG cannot be reached any more ({reason[0] if reason else error}). "
        "Run the same command again on every host: it goes on from the last checkpoint."
    )


def _let_memory_grow(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Takes GPU memory as it is needed instead of all of it at the start."""
    try:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        _log.debug("The GPUs are in use already; their memory settings stay.")
