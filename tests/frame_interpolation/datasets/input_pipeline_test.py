import itertools
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation import program
from frame_interpolation.datasets import (
    augmentation,
    example_order,
    input_pipeline,
    tf_example,
    tfrecord,
)
from frame_interpolation.datasets.options import (
    AUGMENTATION_NAMES,
    JITTER_NAMES,
    DataAugmentation,
    TrainingDataset,
)
from frame_interpolation.datasets.record_collection import RecordCollection
from frame_interpolation.errors import InputError

_ALL = DataAugmentation(AUGMENTATION_NAMES)
_NONE = DataAugmentation()


def _batches(records, count, augmentations=_ALL, *, first_step=0, context=None, **options):
    options = TrainingDataset(**{"batch_size": 4, "crop_size": 16, **options})
    dataset = input_pipeline.create_training_dataset(
        records, options, augmentations, first_step=first_step, input_context=context
    )
    return list(itertools.islice(dataset.as_numpy_iterator(), count))


def _assert_equal(left, right):
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)


def _message(iterate):
    with pytest.raises(tf.errors.OpError) as error:
        iterate()
    return program.user_message(error.value)


@pytest.fixture
def records(write_records, noise_triplets):
    """Seven triplets of two sizes, whose frames can be told apart."""
    return write_records([*noise_triplets(4, (40, 56)), *noise_triplets(3, (60, 33), seed=1)])


def test_batches_have_the_shapes_that_training_needs(records):
    dataset = input_pipeline.create_training_dataset(
        records, TrainingDataset(batch_size=4, crop_size=16), _ALL
    )
    frames = tf.TensorSpec((4, 16, 16, 3), tf.float32)
    assert dataset.element_spec == {
        "x0": frames,
        "y": frames,
        "x1": frames,
        "time": tf.TensorSpec((4, 1), tf.float32),
        "record": tf.TensorSpec((4,), tf.int64),
        "reflected": tf.TensorSpec((4,), tf.bool),
        "skipped": tf.TensorSpec((4,), tf.int64),
    }
    batch = next(dataset.as_numpy_iterator())
    assert np.all(batch["time"] == 0.5)
    for key in ("x0", "y", "x1"):
        assert 0 <= batch[key].min() < 0.1 and 0.9 < batch[key].max() <= 1


def test_each_epoch_has_each_record_once_in_the_hashed_order(records):
    seen = np.concatenate([batch["record"] for batch in _batches(records, 7, seed=5)])
    expected = [example_order.epoch_permutation(7, seed=5, epoch=e) for e in range(4)]
    np.testing.assert_array_equal(seen, np.concatenate(expected))


def test_a_run_that_goes_on_sees_the_same_batches(records):
    whole = _batches(records, 6)
    for first_step in (1, 5):
        _assert_equal(_batches(records, 6 - first_step, first_step=first_step), whole[first_step:])


def test_steps_beyond_any_training_are_reached_at_once(records):
    assert len(_batches(records, 1, first_step=10**9)) == 1


def test_parallelism_changes_nothing(records, monkeypatch):
    expected = _batches(records, 5)
    monkeypatch.setattr(tf.data, "AUTOTUNE", 1)
    _assert_equal(_batches(records, 5), expected)
    monkeypatch.setattr(tf.data, "AUTOTUNE", 7)
    _assert_equal(_batches(records, 5), expected)


def test_another_seed_gives_another_order_and_other_crops(write_records, noise_triplets):
    records = write_records(noise_triplets(1, (40, 40)))
    first, second = (_batches(records, 1, seed=seed)[0]["y"] for seed in (0, 1))
    assert np.any(first != second)


def test_the_same_record_is_cut_anew_in_each_epoch(write_records, noise_triplets):
    records = write_records(noise_triplets(1, (40, 40)))
    crops = [batch["y"][0] for batch in _batches(records, 4, _NONE, batch_size=1)]
    for a, b in itertools.combinations(crops, 2):
        assert np.any(a != b)


@pytest.mark.parametrize("pipelines", [2, 4])
def test_parts_of_several_pipelines_are_the_batch(records, pipelines):
    parts = [
        _batches(
            records,
            3,
            first_step=2,
            context=tf.distribute.InputContext(
                num_input_pipelines=pipelines,
                input_pipeline_id=i,
                num_replicas_in_sync=pipelines,
            ),
        )
        for i in range(pipelines)
    ]
    joined = [
        {key: np.concatenate([part[step][key] for part in parts]) for key in parts[0][step]}
        for step in range(3)
    ]
    _assert_equal(joined, _batches(records, 3, first_step=2))


def test_a_batch_that_cannot_be_divided_is_refused(records):
    context = tf.distribute.InputContext(num_input_pipelines=3)
    with pytest.raises(InputError, match="batch_size is 4; expected a multiple of 3"):
        _batches(records, 1, context=context)


def _find_crop(crop, frame):
    """Where a crop of uint8 pixels lies in a frame."""
    side = crop.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(frame, (side, side), axis=(0, 1))
    same = np.all(np.moveaxis(windows, 2, -1) == crop, axis=(2, 3, 4))
    places = np.argwhere(same)
    assert len(places) == 1
    return tuple(places[0])


def test_without_augmentation_crops_are_exact_parts_of_their_frames(write_records, noise_triplets):
    triplets = noise_triplets(3, (24, 30))
    records = write_records(triplets)
    for batch in _batches(records, 3, _NONE, crop_size=10):
        for i, record in enumerate(batch["record"]):
            pixels = {key: np.round(batch[key][i] * 255) for key in ("x0", "y", "x1")}
            np.testing.assert_allclose(pixels["y"] / 255, batch["y"][i], atol=1e-6)
            places = {
                _find_crop(pixels[key], frame)
                for key, frame in zip(("x0", "y", "x1"), triplets[record], strict=True)
            }
            assert len(places) == 1


def test_crops_reach_every_place_equally_often(write_records):
    # A frame whose pixels tell where they are: red is the row, green the column.
    y, x = np.mgrid[:11, :12]
    frame = np.stack([y, x, 0 * x], -1).astype(np.uint8)
    records = write_records([[frame] * 3])
    batch = _batches(records, 1, _NONE, batch_size=1000, crop_size=8)[0]
    corner = np.round(batch["y"][:, 0, 0] * 255).astype(int)
    places = np.bincount(corner[:, 0] * 5 + corner[:, 1], minlength=20)
    assert places.shape == (20,)
    assert np.all(np.abs(places - 50) < 35)  # Five standard deviations.


def test_what_happens_to_an_example_is_what_was_drawn(write_records, noise_triplets):
    triplets = noise_triplets(1, (16, 16))
    names = ("random_image_rot90", "random_flip", "random_reverse")
    batch = _batches(write_records(triplets), 1, DataAugmentation(names), batch_size=12, seed=3)[0]
    seen = set()
    for n in range(12):
        drawn = augmentation.draw(names, tf.constant([3, n], tf.int64))
        _, turns, flipped, _, reversed_time = (value.numpy() for value in drawn[:5])
        expected = np.rot90(triplets[0] / 255, turns, axes=(1, 2))
        expected = expected[:, :, ::-1] if flipped else expected
        expected = expected[::-1] if reversed_time else expected
        found = np.stack([batch[key][n] for key in ("x0", "y", "x1")])
        np.testing.assert_allclose(found, expected, atol=1e-6)
        seen.add((int(turns), bool(flipped), bool(reversed_time)))
    assert len(seen) > 5


@pytest.mark.parametrize("size", [(64, 80), (17, 16)])
def test_nothing_black_comes_in_from_outside_the_frame(write_records, size):
    white = np.full((*size, 3), 255, np.uint8)
    batch = _batches(write_records([[white] * 3]), 1, batch_size=32)[0]
    for key in ("x0", "y", "x1"):
        np.testing.assert_allclose(batch[key], 1.0, atol=1e-5)


def test_jpeg_and_png_give_the_same_picture(write_records):
    y, x = np.mgrid[:48, :64]
    frame = np.stack([3 * x, 4 * y, 128 + 0 * x], -1).astype(np.uint8)
    images = [
        _batches(write_records([[frame] * 3], image_format=kind, name=kind), 1)[0]
        for kind in ("png", "jpeg")
    ]
    np.testing.assert_allclose(images[0]["y"], images[1]["y"], atol=0.06)
    # RGB: blue is constant.
    assert np.abs(images[1]["y"][..., 2] - 128 / 255).max() < 0.06


def test_the_references_records_are_read(golden_dir, caplog):
    index = tfrecord.build_index(str(golden_dir / "reference_triplets.tfrecord@2"))
    records = RecordCollection([index])
    assert sorted(_batches(records, 1)[0]["record"]) == [0, 1, 2, 3]


# ----------------------------------------------------------------------------- evaluation


def _evaluation(records, **options):
    dataset = input_pipeline.create_evaluation_dataset(records, **options)
    return list(dataset.as_numpy_iterator())


def test_evaluation_gives_whole_frames_in_order(write_records, noise_triplets):
    triplets = noise_triplets(3, (20, 30))
    batches = _evaluation(write_records(triplets))
    assert [int(batch["record"][0]) for batch in batches] == [0, 1, 2]
    for batch, triplet in zip(batches, triplets, strict=True):
        for key, frame in zip(("x0", "y", "x1"), triplet, strict=True):
            np.testing.assert_allclose(batch[key][0], frame / 255, atol=1e-6)
        assert batch["time"].tolist() == [[0.5]]


def test_evaluation_batches_frames_of_one_size(records):
    batches = _evaluation(records, batch_size=3)
    assert [batch["record"].tolist() for batch in batches] == [[0, 1, 2], [3], [4, 5, 6]]
    assert [batch["y"].shape[1:3] for batch in batches] == [(40, 56), (40, 56), (60, 33)]


def test_evaluation_can_be_repeated(records):
    dataset = input_pipeline.create_evaluation_dataset(records, batch_size=3)
    _assert_equal(list(dataset.as_numpy_iterator()), list(dataset.as_numpy_iterator()))


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_max_examples_counts_examples(records, batch_size):
    batches = _evaluation(records, batch_size=batch_size, max_examples=5)
    assert np.concatenate([batch["record"] for batch in batches]).tolist() == [0, 1, 2, 3, 4]
    batches = _evaluation(records, batch_size=batch_size, max_examples=100)
    assert sum(len(batch["record"]) for batch in batches) == 7


def test_evaluation_crops_the_middle(write_records, noise_triplets):
    triplets = noise_triplets(3, (20, 30))
    batches = _evaluation(write_records(triplets), batch_size=2, crop_size=10)
    assert [batch["y"].shape for batch in batches] == [(2, 10, 10, 3), (1, 10, 10, 3)]
    np.testing.assert_allclose(batches[1]["x1"][0], triplets[2][2][5:15, 10:20] / 255, atol=1e-6)


# -------------------------------------------------------------------------------- mistakes


def test_frames_smaller_than_the_crop_are_named(write_records, noise_triplets):
    records = write_records(noise_triplets(2, (20, 30)))
    message = _message(lambda: _batches(records, 1, crop_size=32))
    assert "records.tfrecord' at offset " in message and "30x20, smaller than" in message
    assert message.endswith(
        "set training_dataset.crop_size to at most 20, or leave this triplet out."
    )
    message = _message(lambda: _evaluation(records, crop_size=32))
    assert "at offset 0 are 30x20" in message and "eval_datasets.crop_size" in message


def test_damaged_images_name_record_and_frame(write_records, noise_triplets, encode_image):
    good, bad = noise_triplets(2, (40, 40))
    encoded = [encode_image(frame, "png") for frame in bad]
    encoded[2] = encoded[2][:2000]
    records = write_records([good, encoded])
    where = records.location(1)
    for run in (
        lambda: _batches(records, 2),
        lambda: _evaluation(records),
        lambda: _evaluation(records, batch_size=3),
    ):
        message = _message(run)
        assert message.startswith(f"frame_2 of the record in {where} is bad: ")
        assert "\n" not in message


def test_frames_of_several_sizes_in_one_triplet_are_named(write_records, noise_triplets):
    (a, b, _), (c, _, _) = noise_triplets(1, (40, 40))[0], noise_triplets(1, (40, 41))[0]
    records = write_records([[a, b, c]])
    message = _message(lambda: _batches(records, 1))
    assert "at offset 0 have the sizes 40x40, 40x40, 41x40" in message


def test_a_damaged_record_is_named(write_records, noise_triplets):
    records = write_records(noise_triplets(2, (40, 40)))
    with open(records.indexes[0].shards[0], "r+b") as file:
        file.seek(int(records.indexes[0].offset[1]) + 1000)
        file.write(b"damage")
    where = records.location(1)
    assert f"the record in {where} is damaged" in _message(lambda: _evaluation(records))


def test_records_that_are_no_triplets_are_named(tmp_path):
    path = tmp_path / "other"
    text = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"x"]))
    example = tf.train.Example(features=tf.train.Features(feature={"text": text}))
    for content in (example.SerializeToString(), b"no message at all"):
        with path.open("wb") as file:
            tfrecord.ShardWriter(file).write(content, name="")
        records = RecordCollection([tfrecord.build_index(str(path))])
        message = _message(lambda records=records: _batches(records, 1))
        assert f"The record in {str(path)!r} at offset 0 is no triplet" in message


def test_the_whole_of_a_frame_is_decoded_as_the_schema_says(write_records, noise_triplets):
    records = write_records(noise_triplets(1, (33, 47)), image_format="jpeg")
    decoded = tf_example.decode_frames(tf_example.parse(records.read(0)))
    batch = _evaluation(records)[0]
    for key in ("x0", "y", "x1"):
        np.testing.assert_allclose(batch[key][0], decoded[key] / 255, atol=1e-6)


# -------------------------------------------------------- mixing, jitter and damaged records


@pytest.fixture
def two_datasets(write_records, noise_triplets):
    """Nine records and three, of two sizes."""
    parts = [
        write_records(noise_triplets(9, (20, 24)), name="large"),
        write_records(noise_triplets(3, (30, 18), seed=1), name="small"),
    ]
    return RecordCollection([part.indexes[0] for part in parts])


def test_weights_mix_the_datasets_of_each_batch(two_datasets):
    options = {"files": ["large", "small"], "weights": [1, 3], "batch_size": 8}
    batches = _batches(two_datasets, 6, **options)
    for batch in batches:
        assert 1 <= np.sum(batch["record"] < 9) <= 3
        assert not batch["skipped"].any()
    _assert_equal(_batches(two_datasets, 2, first_step=4, **options), batches[4:])
    context = tf.distribute.InputContext(num_input_pipelines=2, input_pipeline_id=1)
    part = _batches(two_datasets, 1, context=context, **options)[0]
    np.testing.assert_array_equal(part["y"], batches[0]["y"][4:])


def test_jitter_leaves_nothing_black_and_changes_no_other_draw(write_records):
    grey = np.full((60, 60, 3), 128, np.uint8)
    records = write_records([[grey] * 3])
    names = (*AUGMENTATION_NAMES, "random_scale")
    for batch in _batches(records, 2, DataAugmentation(names, scale_factor=1.5), batch_size=16):
        np.testing.assert_allclose(batch["y"], 128 / 255, atol=1e-5)
    coloured = DataAugmentation((*AUGMENTATION_NAMES, *JITTER_NAMES))
    batch = _batches(records, 1, coloured, batch_size=16)[0]
    levels = batch["y"].reshape(16, -1)
    assert levels.std(axis=1).max() < 1e-5 and levels.mean(axis=1).std() > 0.02
    np.testing.assert_allclose(batch["x0"], batch["y"], atol=1e-6)


def test_reflected_borders_are_counted(write_records, noise_triplets):
    tight = _batches(write_records(noise_triplets(1, (17, 17))), 1, batch_size=32)[0]
    for n in range(32):
        angle = augmentation.draw(AUGMENTATION_NAMES, tf.constant([0, n], tf.int64)).angle
        assert tight["reflected"][n] == (float(angle) != 0)
    roomy = _batches(write_records(noise_triplets(1, (60, 60)), name="roomy"), 1, batch_size=32)
    assert not roomy[0]["reflected"].any()


@pytest.fixture
def partly_damaged(write_records, noise_triplets, encode_image):
    """Six records: the second fails its checksum, the fifth has a frame that is cut."""
    triplets = list(noise_triplets(6, (40, 40)))
    encoded = [encode_image(frame, "png") for frame in triplets[4]]
    triplets[4] = [*encoded[:2], encoded[2][:300]]
    records = write_records(triplets)
    with open(records.indexes[0].shards[0], "r+b") as file:
        file.seek(int(records.indexes[0].offset[1]) + 1000)
        file.write(b"damage")
    return records


def test_damaged_records_are_replaced_by_the_next_of_the_epoch(partly_damaged, caplog):
    batches = _batches(partly_damaged, 6, damaged_records="skip")
    order = example_order.ExampleOrder(6, seed=0)
    for n, (record, skipped) in enumerate(
        zip(
            *(np.concatenate([b[key] for b in batches]) for key in ("record", "skipped")),
            strict=True,
        )
    ):
        tried = [order.record(n, attempt=a) for a in range(skipped + 1)]
        assert record == tried[-1] and record not in (1, 4)
        assert set(tried[:-1]) <= {1, 4}
    assert sum(batch["skipped"].sum() for batch in batches) >= 8
    _assert_equal(_batches(partly_damaged, 3, first_step=3, damaged_records="skip"), batches[3:])
    warnings = {r.getMessage() for r in caplog.records if "Skipped damaged" in r.getMessage()}
    assert any(partly_damaged.location(1) in warning for warning in warnings)
    assert any(partly_damaged.location(4) in warning for warning in warnings)


def test_damaged_records_stop_by_default(partly_damaged):
    message = _message(lambda: _batches(partly_damaged, 2))
    assert any(partly_damaged.location(i) in message for i in (1, 4))


def test_nothing_but_damaged_records_stops(write_records):
    records = write_records([[b"no image"] * 3] * 2)
    message = _message(lambda: _batches(records, 1, damaged_records="skip"))
    assert "frame_0 of the record in" in message
    message = _message(lambda: _evaluation(records, damaged_records="skip"))
    assert "frame_0 of the record in" in message


@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"batch_size": 3, "crop_size": 16}])
def test_evaluation_skips_and_counts_damaged_records(partly_damaged, options, caplog):
    batches = _evaluation(partly_damaged, damaged_records="skip", **options)
    assert np.concatenate([batch["record"] for batch in batches]).tolist() == [0, 2, 3, 5]
    side = options.get("crop_size", 40)
    assert {batch["y"].shape[1:3] for batch in batches} == {(side, side)}
    warnings = [r.getMessage() for r in caplog.records if "Skipped damaged" in r.getMessage()]
    assert len(warnings) == 2 and "record number 2" in warnings[1]
    assert all(any(partly_damaged.location(i) in text for text in warnings) for i in (1, 4))
    batches = _evaluation(partly_damaged, damaged_records="skip", max_examples=3, **options)
    assert np.concatenate([batch["record"] for batch in batches]).tolist() == [0, 2, 3]
    where = partly_damaged.location(1)
    assert where in _message(lambda: _evaluation(partly_damaged, **options))


_ITERATES_AND_ENDS = """
import sys
from frame_interpolation.datasets import input_pipeline, record_collection
from frame_interpolation.datasets.options import (
    AUGMENTATION_NAMES, DataAugmentation, TrainingDataset,
)

records = record_collection.open_records([sys.argv[1]], binding="x")
iterator = iter(
    input_pipeline.create_training_dataset(
        records, TrainingDataset(batch_size=2), DataAugmentation(AUGMENTATION_NAMES)
    )
)
next(iterator)  # The next ones are being made when the script ends.
print("has a batch")
"""


@pytest.mark.slow
def test_a_script_that_still_has_an_iterator_ends(write_records, noise_triplets):
    records = write_records(noise_triplets(2, (720, 1280)))
    ended = subprocess.run(
        [sys.executable, "-c", _ITERATES_AND_ENDS, records.indexes[0].shards[0]],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "has a batch\n"
