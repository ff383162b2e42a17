import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net import architecture
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.variable_groups import create_plan

_RELEASED = Options(
    pyramid_levels=7, flow_convs=[3, 3, 3, 3], flow_filters=[32, 64, 128, 256], filters=64
)
_NETWORKS = {
    "released": _RELEASED,
    "default": Options(),
    "without a shared predictor": Options(
        pyramid_levels=2, fusion_pyramid_levels=1, specialized_levels=2, sub_levels=2
    ),
    "only shared": Options(
        pyramid_levels=3, fusion_pyramid_levels=2, specialized_levels=0, sub_levels=1
    ),
}


def _variables(network=_RELEASED):
    return list(architecture.variable_shapes(network).items())


def _plan(network=_RELEASED, **options):
    return create_plan(FineTuningOptions(**options), _variables(network))


def _groups(network=_RELEASED, **options):
    return {group.name: group for group in _plan(network, **options).groups}


@pytest.mark.parametrize("network", _NETWORKS.values(), ids=_NETWORKS)
def test_every_variable_is_in_one_group_and_trains_at_the_rate_of_the_schedule(network):
    plan, variables = _plan(network), _variables(network)
    places = sorted(place for group in plan.groups for place in group.indices)
    assert places == list(range(len(variables)))
    assert plan.trained_at(0) == plan.ever_trained == tuple(places)
    assert plan.first_steps == (0,)
    assert {group.rate_factor for group in plan.groups} == {1.0}
    assert sum(group.parameters for group in plan.groups) == sum(
        math.prod(shape) for _, shape in variables
    )
    flow = {group.name for group in plan.groups if group.name.startswith("flow_")}
    expected = {f"flow_{level}" for level in range(network.specialized_levels)}
    if network.pyramid_levels > network.specialized_levels:
        expected.add("flow_shared")
    assert flow == expected
    assert "other" not in {group.name for group in plan.groups}


def test_the_shipped_groups_hold_what_their_names_say():
    names = [name for name, _ in _variables()]
    layers = {
        group.name: {names[place].rpartition("/")[0] for place in group.indices}
        for group in _plan().groups
    }
    assert layers.keys() == {
        "output",
        "fusion",
        "flow_0",
        "flow_1",
        "flow_2",
        "flow_shared",
        "features",
    }
    assert layers["output"] == {"fusion/conv2d_12"}
    assert layers["fusion"] == {"fusion/conv2d"} | {f"fusion/conv2d_{i}" for i in range(1, 12)}
    assert layers["flow_1"] == {f"predict_flow/flow_predictor_1/conv_{i}" for i in range(5)}
    assert len(layers["features"]) == 8


def test_the_rate_decays_with_the_depth_from_fusion_back_to_the_features():
    factors = {name: g.rate_factor for name, g in _groups(layer_decay=0.5).items()}
    assert factors == {
        "output": 1.0,
        "fusion": 1.0,
        "flow_0": 0.5,
        "flow_1": 0.25,
        "flow_2": 0.125,
        "flow_shared": 0.0625,
        "features": 0.03125,
    }
    with_multiplier = _groups(layer_decay=0.5, rate_multipliers={"flow_0": 0.1})
    assert with_multiplier["flow_0"].rate_factor == pytest.approx(0.05)


def test_a_group_of_the_user_takes_its_variables_out_of_the_shipped_ones():
    groups = _groups(groups={"deep": "cfeat_conv_[67]/", "flow_biases": "predict_flow.*bias"})
    assert len(groups["deep"].indices) == 4
    assert len(groups["features"].indices) == 12
    assert len(groups["flow_0"].indices) == 5
    assert groups["deep"].depth == groups["features"].depth
    assert groups["flow_biases"].depth == groups["flow_0"].depth
    # A shipped group of which nothing is left is none.
    assert "features" not in _groups(groups={"encoder": "feat_net"})


def test_frozen_groups_never_train_and_the_only_trained_ones_do():
    one = _plan(frozen=["features", "flow_shared", "flow_2", "flow_1", "flow_0"])
    other = _plan(trained=["fusion", "output"])
    assert one.ever_trained == other.ever_trained
    names = [_variables()[place][0] for place in one.ever_trained]
    assert names and all(name.startswith("fusion/") for name in names)
    assert one.trained_at(10**9) == one.ever_trained


def test_a_group_begins_to_train_at_its_step_and_not_before():
    plan = _plan(unfreeze_at={"features": 1000, "flow_shared": 500, "flow_0": 500})
    assert plan.first_steps == (0, 500, 1000)
    assert [plan.phase(step) for step in (0, 499, 500, 999, 1000, 5000)] == [0, 0, 1, 1, 2, 2]
    features = {g.name: g for g in plan.groups}["features"].indices
    assert not set(features) & set(plan.trained_at(999))
    assert set(features) < set(plan.trained_at(1000))
    assert plan.trained_at(1000) == plan.ever_trained


def test_the_table_shows_each_group_its_parameters_and_its_rate():
    plan = _plan(frozen=["features"], unfreeze_at={"flow_0": 7}, rate_multipliers={"flow_0": 0.1})
    rows = {
        line.split()[0]: line.split()
        for line in plan.table(learning_rate=1e-4).splitlines()[2:]
        if line
    }
    sizes = {name: f"{group.parameters:,}" for name, group in _groups().items()}
    assert rows["features"] == ["features", "no,", "frozen", "16", sizes["features"]]
    assert rows["flow_0"] == ["flow_0", "from", "step", "7", "10", sizes["flow_0"], "0.1", "1e-05"]
    assert rows["output"] == ["output", "yes", "2", "195", "1", "0.0001"]
    assert rows["all"][2:] == ["82", "34,436,667"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"groups": {"a": "encoder"}},
            r"in the name of no variable. The names are:\n  feat_net/sub_extractor/cfeat_conv_0",
        ),
        (
            {"groups": {"a": "bias", "b": "fusion"}},
            r"fusion/conv2d/bias is in two groups, .*'a'.*'b'",
        ),
        ({"groups": {"fusion": "fusion"}}, "the name of a shipped group"),
        (
            {"frozen": ["feature"]},
            r"fine_tuning\.frozen names the group 'feature'.*groups are .*features",
        ),
        ({"rate_multipliers": {"flow_3": 0.5}}, r"rate_multipliers names the group 'flow_3'"),
        ({"groups": {"everything": "."}, "frozen": ["everything"]}, "nothing to train at step 0"),
        ({"trained": ["fusion"], "unfreeze_at": {"fusion": 3}}, "nothing to train at step 0"),
    ],
)
def test_what_fits_no_variable_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        _plan(**options)
