"""Weights of training checkpoints: the reference's, ours, and damaged ones."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import checkpoint_reader


@pytest.fixture
def reference(golden_dir):
    return str(golden_dir / "reference_checkpoint" / "ckpt-1234")


def test_reads_the_reference_checkpoint_bit_for_bit_and_in_order(reference, golden_dir):
    stored = checkpoint_reader.read(reference)
    with np.load(golden_dir / "film_small.npz") as file:
        expected = {
            key.removeprefix("weights/"): file[key] for key in file if key.startswith("weights/")
        }
    assert list(stored.shapes) == list(expected)
    for variable in stored.variables:
        np.testing.assert_array_equal(stored.table.value(variable.key), expected[variable.name])
    assert stored.step == 1234
    assert stored.pyramid_levels == 5


def test_optimizer_and_counters_are_known_and_left_out(reference):
    stored = checkpoint_reader.read(reference)
    kinds = {key.split("/")[0] for key in stored.ignored}
    assert kinds == {"optimizer", "step", "epoch", "training_finished", "save_counter"}
    assert not any(variable.key in stored.ignored for variable in stored.variables)


def test_slots_of_older_optimizers_are_not_taken_for_weights(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    optimizer = tf.keras.optimizers.legacy.Adam()
    optimizer.apply_gradients((tf.zeros_like(v), v) for v in model.trainable_variables)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, step=optimizer.iterations)
    stored = checkpoint_reader.read(checkpoint.write(str(tmp_path / "ckpt-1")))
    assert list(stored.shapes) == ["dense/kernel", "dense/bias"]
    assert any(".OPTIMIZER_SLOT" in key for key in stored.ignored)
    assert stored.step == 1


def test_a_checkpoint_of_weights_alone(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,), name="head")])
    model.save_weights(str(tmp_path / "weights"), save_format="tf")
    stored = checkpoint_reader.read(str(tmp_path / "weights"))
    assert list(stored.shapes) == ["head/kernel", "head/bias"]
    assert stored.step is None
    assert stored.pyramid_levels is None


def test_no_model_in_it(tmp_path):
    prefix = tf.train.Checkpoint(step=tf.Variable(3)).write(str(tmp_path / "ckpt-3"))
    with pytest.raises(InputError, match="no variables of a model"):
        checkpoint_reader.read(prefix)


def test_tensorflow_1(tmp_path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable("kernel", initializer=1.0)
        session.run(variable.initializer)
        prefix = tf.compat.v1.train.Saver([variable]).save(session, str(tmp_path / "model.ckpt"))
    with pytest.raises(InputError, match="no object graph"):
        checkpoint_reader.read(prefix)


def _damage(folder, ending, size):
    for file in folder.glob(f"*{ending}"):
        content = file.read_bytes()
        file.write_bytes(content[:size])


def test_missing_data(reference, golden_dir, tmp_path):
    shutil.copytree(golden_dir / "reference_checkpoint", tmp_path, dirs_exist_ok=True)
    (tmp_path / "ckpt-1234.data-00000-of-00001").unlink()
    with pytest.raises(InputError, match="ckpt-1234"):
        checkpoint_reader.read(str(tmp_path / "ckpt-1234"))


@pytest.mark.parametrize("size", [0, 1000])
def test_a_cut_index(golden_dir, tmp_path, size):
    shutil.copytree(golden_dir / "reference_checkpoint", tmp_path, dirs_exist_ok=True)
    _damage(tmp_path, ".index", size)
    with pytest.raises(InputError, match="ckpt-1234"):
        checkpoint_reader.read(str(tmp_path / "ckpt-1234"))


def test_cut_data(golden_dir, tmp_path):
    shutil.copytree(golden_dir / "reference_checkpoint", tmp_path, dirs_exist_ok=True)
    _damage(tmp_path, ".data-00000-of-00001", 5000)
    with pytest.raises(InputError, match="ckpt-1234"):
        stored = checkpoint_reader.read(str(tmp_path / "ckpt-1234"))
        for variable in stored.variables:
            stored.table.value(variable.key)
