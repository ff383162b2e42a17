"""Weights of SavedModels, of which nothing may be executed."""

import marshal
import shutil

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import saved_model_reader
from frame_interpolation.models.film_net import architecture
from frame_interpolation.models.film_net.options import Options

_SHAPES = architecture.variable_shapes(
    Options(
        pyramid_levels=2,
        fusion_pyramid_levels=2,
        specialized_levels=1,
        sub_levels=2,
        filters=2,
        flow_convs=[1, 1],
        flow_filters=[2, 2],
    )
)


@pytest.fixture(scope="module")
def foreign(write_foreign_saved_model, tmp_path_factory):
    return write_foreign_saved_model(
        tmp_path_factory.mktemp("foreign") / "saved_model", _SHAPES, first_fusion_number=17
    )


@pytest.fixture
def copy(foreign, tmp_path):
    return shutil.copytree(foreign.folder, tmp_path / "saved_model")


def test_reads_a_keras_model_with_lambda_layers(foreign):
    stored = saved_model_reader.read(str(foreign.folder))
    assert list(stored.shapes.values()) == list(_SHAPES.values())
    assert "fusion/conv2d_17/kernel" in stored.shapes
    for variable, value in zip(stored.variables, foreign.values.values(), strict=True):
        np.testing.assert_array_equal(stored.table.value(variable.key), value)
    assert stored.variables[0].key == "variables/0/.ATTRIBUTES/VARIABLE_VALUE"
    assert stored.step is None


def test_nothing_in_the_file_is_executed(foreign, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the SavedModel was loaded")

    for module, name in [
        (tf.saved_model, "load"),
        (tf.keras.models, "load_model"),
        (marshal, "loads"),  # With which Keras revives the bytecode of Lambda layers.
        (tf, "import_graph_def"),
    ]:
        monkeypatch.setattr(module, name, refuse)
    with tf.Graph().as_default() as graph:
        stored = saved_model_reader.read(str(foreign.folder))
        for variable in stored.variables:
            stored.table.value(variable.key)
        assert not graph.get_operations()


def test_optimizer_and_metrics_are_known_and_left_out(write_foreign_saved_model, tmp_path):
    trained = write_foreign_saved_model(tmp_path / "saved_model", _SHAPES, compiled=True)
    stored = saved_model_reader.read(str(trained.folder))
    assert len(stored.variables) == len(_SHAPES)
    for variable, value in zip(stored.variables, trained.values.values(), strict=True):
        np.testing.assert_array_equal(stored.table.value(variable.key), value)
    assert any("optimizer" in key or "OPTIMIZER" in key for key in stored.ignored)
    assert any("metrics" in key for key in stored.ignored)


def test_a_model_without_a_list_of_variables(tmp_path):
    module = tf.Module()
    module.layers = [tf.Module() for _ in range(11)]
    for index, layer in enumerate(module.layers):
        layer.kernel = tf.Variable(float(index), name=f"conv_{index}/kernel")
    tf.saved_model.save(module, str(tmp_path))
    stored = saved_model_reader.read(str(tmp_path))
    assert list(stored.shapes) == [f"conv_{index}/kernel" for index in range(11)]
    assert [stored.table.value(v.key) for v in stored.variables] == list(range(11))


def test_without_variables(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(InputError, match="no variables"):
        saved_model_reader.read(str(tmp_path))


def test_without_the_folder_of_values(copy):
    shutil.rmtree(copy / "variables")
    with pytest.raises(InputError, match="incomplete"):
        saved_model_reader.read(str(copy))


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_cut_graph(copy, size):
    file = copy / "saved_model.pb"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(InputError, match=r"saved_model\.pb"):
        saved_model_reader.read(str(copy))


def test_not_a_graph_at_all(copy):
    (copy / "saved_model.pb").write_text("<html>404 Not Found</html>\n" * 20)
    with pytest.raises(InputError, match="no SavedModel"):
        saved_model_reader.read(str(copy))


def test_a_graph_that_is_a_folder(tmp_path):
    (tmp_path / "saved_model.pb").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        saved_model_reader.read(str(tmp_path))


def test_values_of_another_model(copy, write_foreign_saved_model, tmp_path):
    shapes = dict(_SHAPES)
    shapes["feat_net/sub_extractor/cfeat_conv_0/kernel"] = (3, 3, 3, 5)
    shapes["feat_net/sub_extractor/cfeat_conv_0/bias"] = (5,)
    other = write_foreign_saved_model(tmp_path / "other", shapes)
    shutil.rmtree(copy / "variables")
    shutil.copytree(other.folder / "variables", copy / "variables")
    with pytest.raises(InputError, match="do not belong together"):
        saved_model_reader.read(str(copy))
