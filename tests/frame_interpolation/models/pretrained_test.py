"""Loading weights into the network, from every kind of file, and refusing what does not fit."""

import ast
import dataclasses
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net import architecture
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options

_TINY = Options(
    pyramid_levels=2,
    fusion_pyramid_levels=2,
    specialized_levels=1,
    sub_levels=2,
    filters=2,
    flow_convs=[1, 1],
    flow_filters=[2, 2],
)
_RELEASED = Options(
    pyramid_levels=7,
    fusion_pyramid_levels=5,
    specialized_levels=3,
    flow_convs=[3, 3, 3, 3],
    flow_filters=[32, 64, 128, 256],
    sub_levels=4,
    filters=64,
)


@pytest.fixture(scope="module")
def foreign(write_foreign_saved_model, tmp_path_factory):
    return write_foreign_saved_model(
        tmp_path_factory.mktemp("foreign") / "saved_model",
        architecture.variable_shapes(_TINY),
        first_fusion_number=98,
    )


@pytest.fixture(scope="module")
def networks():
    """Builds each network once: to build one takes longer than all else here."""
    built = {}

    def build(options):
        if options not in built:
            built[options] = create_model(options)
        for number, variable in enumerate(built[options].variables):
            variable.assign(tf.fill(variable.shape, float(number)))
        return built[options]

    return build


@pytest.fixture
def model(networks):
    return networks(_TINY)


@pytest.fixture(scope="module")
def golden(golden_dir):
    """The small reference model's options and weights by name."""
    with np.load(golden_dir / "film_small.npz") as file:
        options = Options(**ast.literal_eval(str(file["options"])))
        weights = {
            key.removeprefix("weights/"): file[key] for key in file if key.startswith("weights/")
        }
    return options, weights


def _values(model):
    return {v.name.removesuffix(":0"): v.numpy() for v in model.variables}


def _assert_equal(model, expected):
    values = _values(model)
    assert list(values) == list(expected)
    for name, value in values.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def _checkpoint_with(folder, model, name, value):
    """Writes a checkpoint of the model with another value for one variable."""
    for variable in model.variables:
        if variable.name == f"{name}:0":
            variable.assign(value)
    return tf.train.Checkpoint(model=model).write(str(folder / "ckpt-1"))


# ---------------------------------------------------------------------- what fits is loaded


@pytest.mark.parametrize("ending", ["", "ckpt-1234", "ckpt-1234.index"])
def test_the_reference_checkpoint_equals_its_weights_bit_for_bit(
    golden, golden_dir, ending, networks
):
    options, weights = golden
    model = networks(options)
    loaded = pretrained.load(model, golden_dir / "reference_checkpoint" / ending)
    _assert_equal(model, weights)
    assert (loaded.count, loaded.step) == (76, 1234)
    assert loaded.source.endswith("ckpt-1234")
    assert not loaded.left and not loaded.unused


@pytest.mark.parametrize("ending", ["", "saved_model.pb"])
def test_a_foreign_saved_model_with_shifted_counters(model, foreign, ending):
    loaded = pretrained.load(model, foreign.folder / ending)
    _assert_equal(model, foreign.values)
    assert loaded.count == len(model.variables)
    assert loaded.step is None
    assert loaded.source == str(foreign.folder)


def test_our_own_checkpoint(model, foreign, tmp_path, networks):
    pretrained.load(model, foreign.folder)
    optimizer = tf.keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(7)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, step=optimizer.iterations)
    tf.train.CheckpointManager(checkpoint, str(tmp_path), 2, step_counter=checkpoint.step).save()
    fresh = networks(_TINY)
    loaded = pretrained.load(fresh, tmp_path)
    _assert_equal(fresh, foreign.values)
    assert loaded.step == 7
    assert str(loaded) == f"{len(fresh.variables)} variables from {loaded.source}, step 7"


def test_tensorflow_restores_the_reference_checkpoint_into_our_model(golden, golden_dir, networks):
    options, weights = golden
    model = networks(options)
    status = tf.train.Checkpoint(model=model).restore(
        str(golden_dir / "reference_checkpoint" / "ckpt-1234")
    )
    status.assert_existing_objects_matched().expect_partial()
    _assert_equal(model, weights)


def test_a_moved_folder_of_checkpoints_with_absolute_paths(model, tmp_path):
    tf.train.Checkpoint(model=model).write(str(tmp_path / "ckpt-3"))
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/on/another/machine/ckpt-3"\n')
    assert pretrained.load(model, tmp_path).source == str(tmp_path / "ckpt-3")


def test_relative_paths_also_start_at_the_repository_root(model, foreign, tmp_path, monkeypatch):
    monkeypatch.setattr(repository_paths, "REPOSITORY_ROOT", foreign.folder.parent)
    monkeypatch.chdir(tmp_path)
    assert pretrained.load(model, "saved_model").source == str(foreign.folder)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_other_floating_point_types_are_converted(model, tmp_path, dtype, networks):
    module = tf.Module()
    module.values = [
        tf.Variable(tf.cast(v, dtype), name=v.name.removesuffix(":0")) for v in model.variables
    ]
    tf.saved_model.save(module, str(tmp_path))
    expected = {n: tf.cast(tf.cast(v, dtype), tf.float32) for n, v in _values(model).items()}
    fresh = networks(_TINY)
    pretrained.load(fresh, tmp_path)
    _assert_equal(fresh, expected)


# --------------------------------------------------------------------------- loading a part


def test_a_pattern_loads_a_part_and_says_what_is_left(model, foreign):
    before = _values(model)
    loaded = pretrained.load(model, foreign.folder, pattern="^fusion/")
    for name, value in _values(model).items():
        expected = foreign.values[name] if name.startswith("fusion/") else before[name]
        np.testing.assert_array_equal(value, expected)
    rest = tuple(name for name in before if not name.startswith("fusion/"))
    assert loaded.left == rest
    assert loaded.unused == rest
    assert loaded.count == len(before) - len(rest)
    assert f"{len(rest)} left as they were" in str(loaded)


def test_a_pattern_makes_up_for_another_architecture(foreign, networks):
    wider_flow = networks(dataclasses.replace(_TINY, flow_filters=[4, 4]))
    with pytest.raises(InputError):
        pretrained.load(wider_flow, foreign.folder)
    loaded = pretrained.load(wider_flow, foreign.folder, pattern="^(feat_net|fusion)/")
    assert all(name.startswith("predict_flow/") for name in loaded.left)


def test_what_a_pattern_selects_has_to_match_too(foreign, networks):
    wider_flow = networks(dataclasses.replace(_TINY, flow_filters=[4, 4]))
    with pytest.raises(InputError, match="flow_predictor_0/conv_0/kernel: expected 3x3x4x4, found"):
        pretrained.load(wider_flow, foreign.folder, pattern="predict_flow|feat_net")


@pytest.mark.parametrize(
    ("pattern", "message"), [("encoder", "found in no variable name"), ("(", "no regular")]
)
def test_a_useless_pattern_is_an_error(model, foreign, pattern, message):
    with pytest.raises(InputError, match=message):
        pretrained.load(model, foreign.folder, pattern=pattern)


# ------------------------------------------------------------------ what does not fit is listed


def test_everything_that_does_not_match_is_listed_and_nothing_is_loaded(foreign, networks):
    options = dataclasses.replace(_TINY, filters=4, flow_convs=[2, 1])
    model = networks(options)
    before = _values(model)
    with pytest.raises(InputError) as caught:
        pretrained.load(model, foreign.folder)
    _assert_equal(model, before)
    message = str(caught.value)
    assert "film_net.filters = 2 (the model has 4)" in message
    assert "film_net.flow_convs = [1, 1] (the model has [2, 1])" in message
    expected, found = architecture.variable_shapes(options), architecture.variable_shapes(_TINY)
    for name in {*expected, *found}:
        assert (f"  {name}: expected" in message) == (expected.get(name) != found.get(name))
    assert "flow_predictor_0/conv_3/kernel: expected 1x1x1x2, found nothing" in message


def test_variables_that_only_the_file_has_are_listed(model, foreign, networks):
    smaller = networks(dataclasses.replace(_TINY, flow_convs=[0, 1]))
    with pytest.raises(InputError, match="flow_predictor_0/conv_2/bias: expected nothing, found 2"):
        pretrained.load(smaller, foreign.folder)


def test_a_model_that_is_not_film(model, tmp_path):
    dense = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,), name="head")])
    dense.save(tmp_path, save_format="tf")
    with pytest.raises(InputError) as caught:
        pretrained.load(model, tmp_path)
    assert "head/kernel: expected nothing, found 3x2" in str(caught.value)
    assert "fusion/conv2d/kernel: expected 2x2x" in str(caught.value)
    with pytest.raises(InputError, match="not the variables of a FILM network"):
        pretrained.read_options(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(model, tmp_path, value, networks):
    bias = "fusion/conv2d_1/bias"
    prefix = _checkpoint_with(tmp_path, model, bias, [value, 0.0])
    fresh = networks(_TINY)
    before = _values(fresh)
    with pytest.raises(InputError, match=f"{bias}.* has 1 of 2 values that are not finite"):
        pretrained.load(fresh, prefix)
    _assert_equal(fresh, before)


def test_integers(model, tmp_path):
    module = tf.Module()
    module.values = [
        tf.Variable(tf.cast(v, tf.int32), name=v.name.removesuffix(":0")) for v in model.variables
    ]
    tf.saved_model.save(module, str(tmp_path))
    with pytest.raises(InputError, match="expected floating-point numbers, found int32"):
        pretrained.load(model, tmp_path)


def test_two_variables_of_one_name(model, tmp_path):
    module = tf.Module()
    module.values = [tf.Variable(1.0, name="same"), tf.Variable(2.0, name="same")]
    tf.saved_model.save(module, str(tmp_path))
    with pytest.raises(InputError, match="several variables of one name"):
        pretrained.load(model, tmp_path)


# -------------------------------------------------------------------------- paths to nowhere


def _empty_path(folder):
    return ""


def _missing(folder):
    return folder / "missing"


def _empty_folder(folder):
    return folder


def _file(folder):
    (folder / "weights.h5").write_bytes(b"\x89HDF")
    return folder / "weights.h5"


def _other_folder(folder):
    (folder / "frame.png").touch()
    return folder


def _empty_state(folder):
    (folder / "checkpoint").touch()
    return folder


def _wrong_state(folder):
    (folder / "checkpoint").write_text("\x00 not a state {")
    return folder


def _lost_checkpoint(folder):
    (folder / "checkpoint").write_text('model_checkpoint_path: "ckpt-9"\n')
    return folder


def _run_folder(folder):
    (folder / "train").mkdir()
    (folder / "train" / "checkpoint").touch()
    return folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_empty_path, "path of the weights is empty"),
        (_missing, "There are no weights at .*missing; expected a SavedModel"),
        (_empty_folder, "is empty; expected a SavedModel"),
        (_file, "is a file; expected a SavedModel"),
        (_other_folder, "holds no weights; expected a SavedModel"),
        (_empty_state, "names no checkpoint"),
        (_wrong_state, "names no checkpoint"),
        (_lost_checkpoint, r"names ckpt-9, of which there is no \.index file"),
        (_run_folder, "did you mean .*/train"),
    ],
)
def test_a_path_that_leads_to_no_weights(model, tmp_path, make, message):
    path = make(tmp_path)
    with pytest.raises(InputError, match=message):
        pretrained.load(model, path)


# ----------------------------------------------------------------------- options of a file


def test_options_of_the_reference_checkpoint_levels_included(golden, golden_dir):
    assert pretrained.read_options(golden_dir / "reference_checkpoint") == golden[0]


def test_options_of_a_saved_model_that_does_not_tell_its_levels(foreign):
    options = pretrained.read_options(foreign.folder)
    assert options == dataclasses.replace(_TINY, pyramid_levels=7)


def test_options_that_do_not_describe_the_variables(foreign, tmp_path):
    from frame_interpolation.models.film_net import options_file

    folder = shutil.copytree(foreign.folder, tmp_path / "saved_model")
    options_file.write(folder, _TINY)
    assert pretrained.read_options(folder) == _TINY
    options_file.write(folder, dataclasses.replace(_TINY, filters=4))
    with pytest.raises(InputError, match="does not describe the variables"):
        pretrained.read_options(folder)


# -------------------------------------------------------------------------------- speed


@pytest.mark.slow
def test_released_weights_load_in_under_a_second(write_foreign_saved_model, tmp_path):
    foreign = write_foreign_saved_model(
        tmp_path, architecture.variable_shapes(_RELEASED), first_fusion_number=1
    )
    assert pretrained.read_options(tmp_path) == _RELEASED
    model = create_model(_RELEASED)
    seconds = []
    for _ in range(5):  # Other work on the machine must not fail the test.
        start = time.perf_counter()
        loaded = pretrained.load(model, tmp_path)
        seconds.append(time.perf_counter() - start)
    assert loaded.count == 82
    assert sum(v.numpy().size for v in model.variables) == 34_436_667
    _assert_equal(model, foreign.values)
    print(f"seconds: {[round(s, 3) for s in seconds]}")
    assert min(seconds) < 1
