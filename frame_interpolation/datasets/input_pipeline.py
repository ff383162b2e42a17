"""From records to batches, for training and for evaluation.

A batch is a dict of

    x0, y, x1   (B, H, W, 3) float32, RGB in [0, 1]: first, middle and last frame
    time        (B, 1) float32, always 0.5
    record      (B,) int64, which records they are (`RecordCollection.name` tells more)

and for training also

    reflected   (B,) bool, whether the frame was too small for the margin that the rotation needed,
                so that its border was reflected
    skipped     (B,) int64, how many damaged records were passed over to find this one

The training batches are a function of the seed and of the step alone: step s holds the examples
s B to s B + B - 1, example n is the record that `example_order` says, or `dataset_mixing` where
datasets have weights, and its crop and its augmentation are drawn from (seed, n). So a run goes
on at step k with `first_step=k`, whatever was prefetched before, and the number of threads changes
nothing.

Reading and decoding go through one Python function an example. That costs about a millisecond
under the interpreter's lock beside several milliseconds of decoding without it, and in return
every error names the record. The errors arrive from `next()` as
`tf.errors.InvalidArgumentError`, out of which `program.user_message` takes the sentence. Iterators
that still live when Python ends are closed before (`_close_iterators`).
"""

import atexit
import functools
import gc
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from frame_interpolation.datasets import augmentation, frame_window, tf_example
from frame_interpolation.datasets.dataset_mixing import MixedOrder, Order
from frame_interpolation.datasets.example_order import ExampleOrder
from frame_interpolation.datasets.options import DataAugmentation, TrainingDataset
from frame_interpolation.datasets.record_collection import DamagedRecordError, RecordCollection
from frame_interpolation.errors import InputError

_TIME = 0.5
_ENDLESS = np.iinfo(np.int64).max
# More damaged records than this in a row are no accident.
_MOST_SKIPPED = 100

_log = logging.getLogger(__name__)


# ------------------------------------------------------------------------------- training


def create_training_dataset(
    records: RecordCollection,
    options: TrainingDataset,
    augmentations: DataAugmentation,
    *,
    first_step: int = 0,
    input_context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Creates the endless training batches.

    Args:
      records: what to train on (`record_collection.open_records`).
      options: batch size, crop size, seed, weights of the datasets, and what happens at damaged
        records; its paths are not looked at.
      augmentations: what changes at random.
      first_step: the step of the first batch; k skips exactly the first k batches.
      input_context: set where several pipelines feed one step
        (`strategy.distribute_datasets_from_function`): each makes its part of every batch, and
        the parts in order of `input_pipeline_id` are the batch.

    Returns:
      Batches as the module's description says, H = W = the crop size.

    Raises:
      InputError: The batch size cannot be divided among the pipelines.
    """
    part_size, part = _part_of_batch(options.batch_size, input_context)
    load = _loader(records, _order(records, options), options)

    @tf.autograph.experimental.do_not_convert  # Nothing to convert; it would double the start-up.
    def create_example(count: tf.Tensor) -> dict[str, tf.Tensor]:
        step, within = count // part_size, count % part_size
        example = step * options.batch_size + part * part_size + within
        seed = tf.stack([tf.constant(options.seed, tf.int64), example])
        transform = augmentation.draw(augmentations.names, seed, strengths=augmentations)
        frames, record, reflected, skipped = tf.numpy_function(
            load,
            [example, transform.position, transform.angle, transform.scale],
            [tf.uint8, tf.int64, tf.bool, tf.int64],
            stateful=False,
        )
        frames = tf.ensure_shape(frames, (3, None, None, 3))
        frames = augmentation.apply(
            frames, transform, names=augmentations.names, crop_side=options.crop_side
        )
        element = _to_element(frames, record)
        element["reflected"] = tf.ensure_shape(reflected, ())
        element["skipped"] = tf.ensure_shape(skipped, ())
        return element

    dataset = tf.data.Dataset.range(first_step * part_size, _ENDLESS)
    dataset = dataset.map(create_example, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(part_size, drop_remainder=True)
    return _prefetched(dataset)


def _part_of_batch(
    batch_size: int, input_context: tf.distribute.InputContext | None
) -> tuple[int, int]:
    """How many examples of each batch this pipeline makes, and which part that is."""
    if input_context is None:
        return batch_size, 0
    pipelines = input_context.num_input_pipelines
    if batch_size % pipelines:
        raise InputError(
            f"training_dataset.batch_size is {batch_size}; expected a multiple of {pipelines}, the "
            "number of input pipelines."
        )
    return batch_size // pipelines, input_context.input_pipeline_id


def _order(records: RecordCollection, options: TrainingDataset) -> Order:
    if not options.weights:
        return ExampleOrder(len(records), seed=options.seed)
    return MixedOrder([len(index) for index in records.indexes], options.weights, seed=options.seed)


def _loader(
    records: RecordCollection, order: Order, options: TrainingDataset
) -> Callable[..., tuple[np.ndarray, np.int64, np.bool_, np.int64]]:
    """Makes the function that reads example n and decodes the window it needs."""
    parse = _parser()
    most_skipped = min(_MOST_SKIPPED, len(records)) if options.damaged_records == "skip" else 0
    warn = _warner()

    def load_record(
        record: int, position: np.ndarray, angle: float, scale: float
    ) -> tuple[np.ndarray, bool]:
        encoded = _read_frames(records, record, parse)
        size = _common_size(records, record, encoded)
        if min(size) < options.crop_side:
            raise _too_small(records, record, size, options.crop_side, "training_dataset.crop_size")
        window = frame_window.place_crop(
            size, options.crop_side, position=tuple(position.tolist()), angle=angle, scale=scale
        )
        reflected = frame_window.reaches_outside(window, size)
        return _decode_frames(records, record, encoded, window), reflected

    def load(
        example: np.int64, position: np.ndarray, angle: np.float32, scale: np.float32
    ) -> tuple[np.ndarray, np.int64, np.bool_, np.int64]:
        skipped = 0
        while True:
            record = order.record(int(example), attempt=skipped)
            try:
                frames, reflected = load_record(record, position, float(angle), float(scale))
            except DamagedRecordError as error:
                if skipped == most_skipped:
                    raise
                warn(record, error)
                skipped += 1
            else:
                return frames, np.int64(record), np.bool_(reflected), np.int64(skipped)

    return load


def _warner() -> Callable[[int, DamagedRecordError], int]:
    """Makes the function that warns of each damaged record once, and returns their count."""
    seen: set[int] = set()
    lock = threading.Lock()

    def warn(record: int, error: DamagedRecordError) -> int:
        with lock:
            new = record not in seen
            seen.add(record)
            count = len(seen)
        if new:
            _log.warning("Skipped damaged record number %d of this process: %s", count, error)
        return count

    return warn


# ----------------------------------------------------------------------------- evaluation


def create_evaluation_dataset(
    records: RecordCollection,
    *,
    batch_size: int = 1,
    crop_size: int = -1,
    max_examples: int = -1,
    damaged_records: str = "stop",
) -> tf.data.Dataset:
    """Creates batches of every record once, in order.

    Args:
      records: what to evaluate on.
      batch_size: examples together. A batch is smaller at the end and, with whole frames, where
        the next frame has another size.
      crop_size: side of the square in the middle that is kept; -1 for whole frames.
      max_examples: how many, the first ones; -1 for all.
      damaged_records: "stop" at one, or "skip" it, so that it has no part in any batch and does
        not count among `max_examples`; each is warned of once, with how many there were so far.

    Returns:
      Batches as the module's description says.
    """
    count = len(records) if max_examples < 0 else min(max_examples, len(records))
    skip = damaged_records == "skip"
    parse = _parser()
    warn = _warner()

    def load_record(record: np.int64) -> np.ndarray:
        encoded = _read_frames(records, int(record), parse)
        size = _common_size(records, int(record), encoded)
        window = frame_window.Window(0, 0, *size)
        if crop_size > 0:
            if min(size) < crop_size:
                raise _too_small(records, int(record), size, crop_size, "eval_datasets.crop_size")
            window = frame_window.middle_crop(size, crop_size)
        return _decode_frames(records, int(record), encoded, window)

    def load(record: np.int64) -> tuple[np.ndarray, np.bool_]:
        try:
            return load_record(record), np.True_
        except DamagedRecordError as error:
            if not skip or warn(int(record), error) == len(records):
                raise  # Also when all are damaged: there is nothing to evaluate.
            side = max(crop_size, 1)
            return np.zeros((3, side, side, 3), np.uint8), np.False_

    @tf.autograph.experimental.do_not_convert
    def create_example(record: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        frames, sound = tf.numpy_function(load, [record], [tf.uint8, tf.bool], stateful=False)
        side = crop_size if crop_size > 0 else None
        frames = tf.ensure_shape(frames, (3, side, side, 3))
        element = _to_element(tf.image.convert_image_dtype(frames, tf.float32), record)
        return element, tf.ensure_shape(sound, ())

    dataset = tf.data.Dataset.range(len(records) if skip else count)
    dataset = dataset.map(create_example, num_parallel_calls=tf.data.AUTOTUNE)
    if skip:
        dataset = dataset.filter(tf.autograph.experimental.do_not_convert(lambda _, sound: sound))
    keep = tf.autograph.experimental.do_not_convert(lambda element, _: element)
    dataset = dataset.map(keep).take(count)
    if crop_size > 0 or batch_size == 1:
        dataset = dataset.batch(batch_size)
    else:
        dataset = _batch_equal_sizes(dataset, batch_size)
    return _prefetched(dataset)


def _batch_equal_sizes(dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    """Batches neighbours while their sizes are equal, in order."""

    def generate() -> Iterator[dict[str, np.ndarray]]:
        pending: list[dict[str, np.ndarray]] = []
        for example in dataset.as_numpy_iterator():
            full = len(pending) == batch_size
            if full or (pending and pending[0]["y"].shape != example["y"].shape):
                yield _stack(pending)
                pending = []
            pending.append(example)
        if pending:
            yield _stack(pending)

    signature = {
        key: tf.TensorSpec([None, *spec.shape], spec.dtype)
        for key, spec in dataset.element_spec.items()
    }
    return tf.data.Dataset.from_generator(generate, output_signature=signature)


def _stack(examples: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


# --------------------------------------------------------------------------------- frames


@functools.cache
def _parser() -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """`tf_example.parse`, compiled: called directly it costs four times as much."""
    signature = [tf.TensorSpec((), tf.string)]
    with tf.device("CPU"):
        return tf.function(tf_example.parse, input_signature=signature).get_concrete_function()


def _read_frames(
    records: RecordCollection, record: int, parse: Callable[[tf.Tensor], dict[str, tf.Tensor]]
) -> list[bytes]:
    try:
        parsed = parse(tf.constant(records.read(record)))
    except tf.errors.OpError as error:
        raise DamagedRecordError(
            f"The record in {records.location(record)} is no triplet: expected a tf.train.Example "
            "with frame_0/encoded, frame_1/encoded and frame_2/encoded."
        ) from error
    return [parsed[f"frame_{i}/encoded"].numpy() for i in range(3)]


def _common_size(
    records: RecordCollection, record: int, encoded: Sequence[bytes]
) -> tuple[int, int]:
    """(height, width) of the three frames."""
    sizes = []
    for i, frame in enumerate(encoded):
        try:
            sizes.append(frame_window.frame_size(frame))
        except InputError as error:
            raise _bad_frame(records, record, i, error) from error
    if len(set(sizes)) > 1:
        listed = ", ".join(f"{width}x{height}" for height, width in sizes)
        raise DamagedRecordError(
            f"The frames in {records.location(record)} have the sizes {listed}; expected three "
            "equal ones: build the records again without this triplet."
        )
    return sizes[0]


def _decode_frames(
    records: RecordCollection,
    record: int,
    encoded: Sequence[bytes],
    window: frame_window.Window,
) -> np.ndarray:
    """(3, height, width, 3) uint8 of the window."""
    frames = []
    for i, frame in enumerate(encoded):
        try:
            frames.append(frame_window.decode_window(frame, window))
        except InputError as error:
            raise _bad_frame(records, record, i, error) from error
    return np.stack(frames)


def _bad_frame(
    records: RecordCollection, record: int, i: int, error: InputError
) -> DamagedRecordError:
    return DamagedRecordError(
        f"frame_{i} of the record in {records.location(record)} is bad: {error}; build the records "
        "again without this triplet."
    )


def _too_small(
    records: RecordCollection, record: int, size: tuple[int, int], crop_side: int, binding: str
) -> InputError:
    height, width = size
    return InputError(
        f"The frames in {records.location(record)} are {width}x{height}, smaller than the crop of "
        f"{crop_side}; set {binding} to at most {min(size)}, or leave this triplet out."
    )


def _to_element(frames: tf.Tensor, record: tf.Tensor) -> dict[str, tf.Tensor]:
    element = {key: frames[i] for i, key in enumerate(tf_example.FRAME_KEYS)}
    element["time"] = tf.constant([_TIME], tf.float32)
    element["record"] = tf.ensure_shape(record, ())
    return element


def _prefetched(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Lets the next batches be made during a step, in fixed order on any number of cores."""
    options = tf.data.Options()
    options.deterministic = True
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


@atexit.register
def _close_iterators() -> None:
    """Ends the iterators that still live, in variables of a script for example.

    Their threads make the next batches, and once the interpreter is being taken down they can no
    longer enter it: the iterator's destructor would wait for them for ever.
    """
    iterators = [item for item in gc.get_objects() if tf.data.Iterator in type(item).__mro__]
    for iterator in iterators:
        vars(iterator).clear()
