"""Variables from options and back."""

import ast
import csv

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net import architecture
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options

_RELEASED = Options(
    pyramid_levels=7,
    fusion_pyramid_levels=5,
    specialized_levels=3,
    flow_convs=[3, 3, 3, 3],
    flow_filters=[32, 64, 128, 256],
    sub_levels=4,
    filters=64,
)


def test_the_released_models_variables_follow_from_their_options(golden_dir):
    with open(golden_dir / "film_released_variables.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    shapes = architecture.variable_shapes(_RELEASED)
    assert [(row["name"], row["shape"]) for row in rows] == [
        (name, "x".join(map(str, shape))) for name, shape in shapes.items()
    ]
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 34_436_667


def test_the_options_of_the_released_models_follow_from_their_variables():
    assert architecture.infer_options(architecture.variable_shapes(_RELEASED)) == _RELEASED


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        Options(filters=2, flow_filters=[2, 2, 2, 2], flow_convs=[1, 0, 2, 1]),
        Options(
            filters=2,
            pyramid_levels=3,
            fusion_pyramid_levels=1,
            flow_filters=[2, 4, 6],
            sub_levels=3,
            flow_convs=[1, 1, 1],
        ),
        Options(
            filters=2,
            pyramid_levels=3,
            fusion_pyramid_levels=3,
            specialized_levels=1,
            sub_levels=1,
            flow_filters=[2, 4],
            flow_convs=[1, 2],
        ),
    ],
)
def test_the_variables_are_those_of_the_network_that_is_built(options):
    model = create_model(options)
    shapes = architecture.variable_shapes(options)
    assert list(shapes.items()) == [
        (variable.name.removesuffix(":0"), tuple(variable.shape)) for variable in model.variables
    ]
    levels = options.pyramid_levels
    assert architecture.infer_options(shapes, pyramid_levels=levels) == options


def test_golden_weights_are_recognised(golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        options = Options(**ast.literal_eval(str(file["options"])))
        shapes = {
            key.removeprefix("weights/"): file[key].shape
            for key in file.files
            if key.startswith("weights/")
        }
    assert architecture.infer_options(shapes, pyramid_levels=5) == options


@pytest.mark.parametrize(
    "change",
    [
        lambda shapes: shapes.clear(),
        lambda shapes: shapes.update({"dense/kernel": (3, 4)}),
        lambda shapes: shapes.pop("feat_net/sub_extractor/cfeat_conv_0/kernel"),
        lambda shapes: shapes.pop("fusion/conv2d_3/bias"),
        lambda shapes: shapes.update({"fusion/conv2d_1/kernel": (3, 3, 5, 5)}),
        lambda shapes: shapes.update({"predict_flow/flow_predictor_0/conv_0/kernel": (3, 3, 5, 5)}),
    ],
)
def test_another_architecture_is_refused(change):
    shapes = architecture.variable_shapes(_RELEASED)
    change(shapes)
    with pytest.raises(InputError, match="not the variables of a FILM network"):
        architecture.infer_options(shapes)


def test_depths_that_the_pyramid_has_no_room_for_have_no_variables():
    deep = Options(pyramid_levels=3, fusion_pyramid_levels=3, sub_levels=4)
    fitting = Options(pyramid_levels=3, fusion_pyramid_levels=3, sub_levels=3)
    assert architecture.variable_shapes(deep) == architecture.variable_shapes(fitting)
