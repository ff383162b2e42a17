"""What is saved answers FILM's call in plain TensorFlow, and replaces only what it may."""

import ast
import json
import os
import stat

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training import export

_TINY = Options(
    pyramid_levels=2,
    fusion_pyramid_levels=2,
    specialized_levels=1,
    sub_levels=2,
    filters=2,
    flow_convs=[1, 1],
    flow_filters=[2, 2],
    use_aux_outputs=False,
)


@pytest.fixture(scope="module")
def options(golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        return Options(**ast.literal_eval(str(file["options"])))


@pytest.fixture(scope="module")
def model(options, golden_dir):
    model = create_model(options)
    pretrained.load(model, golden_dir / "reference_checkpoint")
    return model


@pytest.fixture(scope="module")
def folder(model, options, tmp_path_factory):
    return export.save_model(
        model, tmp_path_factory.mktemp("export") / "run" / "saved_model", options=options
    )


@pytest.fixture(scope="module")
def loaded(folder):
    return tf.saved_model.load(str(folder))


@pytest.fixture(scope="module")
def tiny():
    return create_model(_TINY)


@pytest.fixture(scope="module")
def tiny_folder(tiny, tmp_path_factory):
    folder = _former_saved_model(tmp_path_factory.mktemp("tiny"))
    (folder / "former").touch()
    return export.save_model(tiny, folder, options=_TINY)


def _former_saved_model(parent):
    """Makes what `save_model` takes for a SavedModel."""
    folder = parent / "saved_model"
    folder.mkdir()
    (folder / "saved_model.pb").touch()
    return folder


def _inputs(batch, height, width, seed=0):
    random = np.random.default_rng(seed)
    return {
        "x0": random.random((batch, height, width, 3), dtype=np.float32),
        "x1": random.random((batch, height, width, 3), dtype=np.float32),
        "time": np.full((batch, 1), 0.5, np.float32),
    }


def test_equals_the_reference(loaded, golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        inputs = {name: file[f"case1/{name}"][None] / np.float32(255) for name in ("x0", "x1")}
        image = loaded({**inputs, "time": np.full((1, 1), 0.5, np.float32)}, training=False)[
            "image"
        ]
        reference = file["case1/image"]
    tolerance = 1e-5 * np.abs(reference).max()
    np.testing.assert_allclose(image, reference.reshape(image.shape), rtol=0, atol=tolerance)


@pytest.mark.parametrize("size", [(1, 64, 96), (3, 37, 21)])
def test_any_batch_and_size_gives_what_the_model_gives(loaded, model, size):
    inputs = _inputs(*size)
    expected = model(inputs, training=False)
    found = loaded(inputs, training=False)
    tf.nest.assert_same_structure(expected, found)
    for one, other in zip(tf.nest.flatten(expected), tf.nest.flatten(found), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_the_ways_to_call_it(loaded):
    inputs = _inputs(1, 32, 32)
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    image = loaded(inputs, training=False)["image"]
    for other in (
        loaded(inputs, False),
        loaded(inputs),
        loaded(tensors, training=False),
        loaded.signatures["serving_default"](**tensors),
        tf.function(lambda x: loaded(x, training=False))(tensors),
    ):
        np.testing.assert_array_equal(other["image"], image)


def test_the_signature_has_flat_outputs(loaded, options):
    outputs = loaded.signatures["serving_default"].structured_outputs
    assert {"image", "x0_warped", "x1_warped", "forward_flow_pyramid_0"} <= set(outputs)
    levels = 2 * (options.fusion_pyramid_levels + options.pyramid_levels)
    assert len(outputs) == 3 + levels


def test_variables_have_films_names_and_order(loaded, golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        weights = {k.removeprefix("weights/"): file[k] for k in file if k.startswith("weights/")}
    assert [variable.name for variable in loaded.variables] == [f"{name}:0" for name in weights]
    for variable, value in zip(loaded.variables, weights.values(), strict=True):
        np.testing.assert_array_equal(variable, value)


def test_it_can_be_differentiated(tiny_folder):
    loaded = tf.saved_model.load(str(tiny_folder))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loaded(_inputs(1, 8, 8), training=False)["image"])
    gradients = tape.gradient(loss, loaded.trainable_variables)
    assert len(gradients) == len(loaded.variables)
    assert all(gradient is not None for gradient in gradients)


def test_a_training_call_is_not_exported(loaded):
    with pytest.raises(ValueError, match="Could not find matching concrete function"):
        loaded(_inputs(1, 32, 32), training=True)


def test_it_is_small_and_holds_no_optimizer_state(folder, model):
    weights = 4 * sum(int(np.prod(variable.shape)) for variable in model.variables)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert size < weights + 1_500_000
    keys = [name for name, _ in tf.train.list_variables(str(folder / "variables" / "variables"))]
    assert len(keys) == len(model.variables) + 1  # The object graph.


def test_our_own_reader_finds_weights_and_options(folder, model, options):
    assert pretrained.read_options(folder) == options
    expected = [variable.numpy() for variable in model.variables]
    for variable in model.variables:
        variable.assign(tf.zeros_like(variable))
    assert pretrained.load(model, folder).count == len(expected)
    for variable, value in zip(model.variables, expected, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_the_options_are_readable(folder, options):
    with open(folder / "assets.extra" / "film_net_options.json", encoding="utf-8") as file:
        assert json.load(file)["flow_filters"] == list(options.flow_filters)


def test_others_may_read_the_folder(folder):
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~umask


def test_the_former_saved_model_is_replaced_and_nothing_is_left_beside(tiny_folder):
    assert os.listdir(tiny_folder.parent) == ["saved_model"]
    assert not (tiny_folder / "former").exists()
    assert (tiny_folder / "variables" / "variables.index").exists()


def test_what_a_killed_process_left_beside_is_removed_and_nothing_else(tmp_path):
    folder = _former_saved_model(tmp_path)
    for name in (".saved_model.1a2b", ".saved_model.old.3c4d"):
        (tmp_path / name / "saved_model").mkdir(parents=True)
    (tmp_path / "saved_model.mine").touch()
    export.remove_leftovers(folder)
    assert sorted(os.listdir(tmp_path)) == ["saved_model", "saved_model.mine"]


def test_without_auxiliary_outputs(tiny_folder):
    loaded = tf.saved_model.load(str(tiny_folder))
    assert list(loaded(_inputs(1, 8, 8), training=False)) == ["image"]
    assert list(loaded.signatures["serving_default"].structured_outputs) == ["image"]


def test_a_folder_of_something_else_is_left_alone(tiny, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not a SavedModel"):
        export.save_model(tiny, tmp_path, options=_TINY)
    assert os.listdir(tmp_path) == ["thesis.tex"]


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
        tf.errors.PermissionDeniedError(None, None, "Permission denied"),
    ],
)
def test_a_failure_leaves_the_former_model_and_no_rest(tiny, tmp_path, monkeypatch, error):
    folder = _former_saved_model(tmp_path)

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match=error.message):
        export.save_model(tiny, folder, options=_TINY)
    assert os.listdir(folder) == ["saved_model.pb"]
    assert os.listdir(tmp_path) == ["saved_model"]


def test_a_parent_that_is_a_file(tiny, tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(OSError):
        export.save_model(tiny, tmp_path / "runs" / "saved_model", options=_TINY)


@pytest.mark.slow
def test_mirrored_variables(tmp_path):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = create_model(_TINY)
    folder = export.save_model(model, tmp_path / "saved_model", options=_TINY)
    loaded = tf.saved_model.load(str(folder))
    inputs = _inputs(1, 16, 16)
    np.testing.assert_allclose(loaded(inputs)["image"], model(inputs)["image"], atol=1e-6)
    assert [v.name for v in loaded.variables] == [v.name for v in model.variables]
    with strategy.scope():
        fresh = create_model(_TINY)
    pretrained.load(fresh, folder)
    np.testing.assert_array_equal(fresh.variables[0].numpy(), model.variables[0].numpy())


def test_what_computes_in_16_bits_is_saved_in_float32(tmp_path):
    tf.keras.utils.set_random_seed(0)
    exact, mixed = create_model(_TINY), create_model(_TINY, precision="mixed_bfloat16")
    mixed.set_weights(exact.get_weights())
    loaded = tf.saved_model.load(str(export.save_model(mixed, tmp_path / "saved", options=_TINY)))
    images = tf.random.stateless_uniform([2, 1, 16, 16, 3], [1, 2])
    inputs = {"x0": images[0], "x1": images[1], "time": tf.fill([1, 1], 0.5)}
    np.testing.assert_allclose(
        loaded(inputs, training=False)["image"], exact(inputs)["image"], rtol=1e-4, atol=1e-5
    )
