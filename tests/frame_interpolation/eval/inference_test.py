import shutil

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.eval import inference


def _frames(height=40, width=56, batch=2):
    return np.random.default_rng(3).random((2, batch, height, width, 3), dtype=np.float32)


def _save(path, function, *, shape=(None, None, None, 3), **specs):
    """Saves a model of FILM's call whose outputs are `function(inputs)`."""

    class Model(tf.Module):
        @tf.function
        def __call__(self, inputs, training=False):
            return function(inputs)

    model = Model()
    frames = tf.TensorSpec(shape, tf.float32)
    specs = specs or {"x0": frames, "x1": frames, "time": tf.TensorSpec([None, 1], tf.float32)}
    model.__call__.get_concrete_function(specs, training=False)
    tf.saved_model.save(model, str(path))
    return path


@pytest.mark.parametrize("options", [{}, {"align": 64}, {"align": 8, "block_width": 3}])
def test_the_model_sees_colours_sides_and_times_as_they_are(toy_model_path, toy_middle, options):
    x0, x1 = _frames(70, 400)
    interpolate = inference.load_interpolator(toy_model_path, **options)
    result = interpolate(x0, x1)
    assert result.dtype == np.float32
    expected = np.stack([toy_middle(a, b) for a, b in zip(x0, x1, strict=True)])
    # That holds at the border too, beyond which lies what the border holds.
    np.testing.assert_allclose(result, expected, rtol=0, atol=5e-7)


def test_results_are_not_clipped(tmp_path):
    path = _save(tmp_path / "model", lambda inputs: {"image": 3 * inputs["x0"] - 1})
    x0, x1 = _frames()
    result = inference.load_interpolator(path)(x0, x1)
    np.testing.assert_allclose(result, 3 * x0 - 1, atol=1e-6)


def test_time_is_the_middle_for_each_of_the_batch(tmp_path):
    path = _save(
        tmp_path / "model",
        lambda inputs: {"image": inputs["x0"] * 0 + inputs["time"][:, :, None, None]},
    )
    result = inference.load_interpolator(path)(*_frames(batch=3))
    np.testing.assert_array_equal(result, np.full((3, 40, 56, 3), 0.5))


def test_the_network_is_traced_once_for_all_sizes(tmp_path):
    path = _save(tmp_path / "model", lambda inputs: {"image": inputs["x0"]})
    interpolate = inference.load_interpolator(path)
    for size in [(8, 8), (9, 7), (8, 8), (30, 20)]:
        interpolate(*_frames(*size, batch=1))
    assert interpolate._predict.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(
    ("x0", "x1", "message"),
    [
        (_frames()[0], _frames(40, 50)[0], "56x40 pixels and 2 of 50x40 pixels"),
        (_frames()[0], _frames(batch=1)[0], "2 of 56x40 pixels and 1 of"),
        (_frames()[0][0], _frames()[0][0], r"float32 of shape \(40, 56, 3\)"),
        (_frames()[0].astype(np.float64), _frames()[0], "frames are float64"),
        (np.zeros((1, 8, 8, 4), np.float32), np.zeros((1, 8, 8, 4), np.float32), r"\(1, 8, 8, 4\)"),
        (np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8), "frames are uint8"),
    ],
)
def test_unfit_frames_are_input_errors(toy_model_path, x0, x1, message):
    interpolate = inference.load_interpolator(toy_model_path)
    with pytest.raises(InputError, match=message):
        interpolate(x0, x1)


def _pooled(inputs):
    image = inputs["x0"]
    coarse = image
    for _ in range(4):
        coarse = tf.nn.avg_pool2d(coarse, 2, 2, "VALID")
    return {"image": tf.image.resize(coarse, tf.shape(image)[1:3])}


def test_too_small_frames_are_an_input_error_unless_padded(tmp_path):
    path = _save(tmp_path / "model", _pooled)
    x0, x1 = _frames(8, 40)
    with pytest.raises(InputError, match=r"does not take pictures of 40x8 pixels") as error:
        inference.load_interpolator(path)(x0, x1)
    assert str(error.value).endswith("TensorFlow said: input image must be of non-zero size")
    assert inference.load_interpolator(path, align=16)(x0, x1).shape == x0.shape


def _asserting(inputs):
    check = tf.debugging.assert_greater_equal(
        tf.reduce_min(tf.shape(inputs["x0"])[1:3]), 16, message="needs at least 16 x 16 pixels"
    )
    with tf.control_dependencies([check]):
        return {"image": tf.identity(inputs["x0"])}


def test_what_the_model_itself_says_of_a_size_is_passed_on(tmp_path):
    path = _save(tmp_path / "model", _asserting)
    with pytest.raises(InputError, match=r"TensorFlow said: needs at least 16 x 16 pixels$"):
        inference.load_interpolator(path)(*_frames(8, 40))


def test_paths_that_are_no_saved_model_are_named(tmp_path):
    with pytest.raises(InputError, match="none does not exist"):
        inference.load_interpolator(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file"):
        inference.load_interpolator(tmp_path / "file")
    with pytest.raises(InputError, match=r"holds no saved_model\.pb"):
        inference.load_interpolator(tmp_path)
    (tmp_path / "saved_model").mkdir()
    with pytest.raises(InputError, match=r"did you mean .*saved_model\?"):
        inference.load_interpolator(tmp_path)


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "no variables"])
def test_damaged_saved_models_are_named(tmp_path, damage):
    weight = tf.Variable(1.0)

    class Model(tf.Module):
        def __init__(self):
            self.weight = weight

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def __call__(self, x):
            return x * self.weight

    path = tmp_path / "model"
    tf.saved_model.save(Model(), str(path))
    graph = path / "saved_model.pb"
    if damage == "no variables":
        shutil.rmtree(path / "variables")
    else:
        encoded = graph.read_bytes()
        graph.write_bytes(
            {"text": b"hello", "empty": b"", "cut": encoded[: len(encoded) // 2]}[damage]
        )
    with pytest.raises(InputError, match="model cannot be loaded") as error:
        inference.load_interpolator(path)
    assert "\n" not in str(error.value)


def _other_input(path):
    spec = tf.TensorSpec([None, None, None, 3], tf.float32)
    return _save(path, lambda inputs: {"image": inputs["frame"]}, frame=spec)


@pytest.mark.parametrize(
    "save",
    [
        _other_input,
        lambda path: _save(path, lambda inputs: {"picture": inputs["x0"]}),
        lambda path: _save(path, lambda inputs: inputs["x0"]),
        lambda path: _save(path, lambda inputs: {"image": inputs["x0"][..., :1]}),
        lambda path: _save(path, lambda inputs: {"image": inputs["x0"] > 0}),
    ],
    ids=["inputs", "outputs", "tensor", "channels", "type"],
)
def test_other_architectures_are_refused_when_loaded(tmp_path, save):
    path = save(tmp_path / "model")
    with pytest.raises(InputError, match="is of another architecture"):
        inference.load_interpolator(path)


def test_models_for_one_size_only_are_refused_when_loaded(tmp_path):
    path = _save(tmp_path / "model", lambda inputs: {"image": inputs["x0"]}, shape=(1, 32, 48, 3))
    with pytest.raises(InputError, match="made for pictures of 48x32 pixels only"):
        inference.load_interpolator(path)


def test_saved_models_that_cannot_be_called_are_refused(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "model"))
    with pytest.raises(InputError, match="is a SavedModel of another kind"):
        inference.load_interpolator(tmp_path / "model")


def test_options_are_checked_before_loading(tmp_path):
    with pytest.raises(InputError, match="block_width is 0"):
        inference.load_interpolator(tmp_path / "none", block_width=0)
