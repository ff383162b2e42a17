import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training.fine_tuning import FineTuningOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("groups", ["features"]),
        ("groups", {"": "fusion"}),
        ("frozen", "features"),
        ("trained", [1]),
        ("layer_decay", 0.0),
        ("layer_decay", 1.5),
        ("initial_step", -1),
        ("initial_step", 1e6),
        ("initial_step", 2**63),
        ("pull_weight", -0.1),
        ("pull_weight", 1e39),
        ("average_decay", 1.0),
        ("average_warmup", 1),
        ("blend_factor", 1.01),
        ("blend_factor", True),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_gin_name(name, value):
    with pytest.raises(InputError, match=rf"^fine_tuning\.{name} is .*; expected"):
        FineTuningOptions(**{name: value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": {"a": "("}}, r"groups\['a'\] is '\(', which is no regular expression"),
        ({"groups": {"a": b"fusion"}}, r"groups\['a'\] is b'fusion'; expected a regular expr"),
        ({"rate_multipliers": {"fusion": 1e39}}, r"rate_multipliers\['fusion'\] is 1e\+39; exp"),
        ({"rate_multipliers": {"fusion": 0}}, r"rate_multipliers\['fusion'\] is 0; .*frozen"),
        ({"unfreeze_at": {"fusion": 1.5}}, r"unfreeze_at\['fusion'\] is 1.5"),
        ({"frozen": ["a"], "trained": ["b"]}, "both set"),
        ({"frozen": ["a"], "rate_multipliers": {"a": 0.5}}, "'a', which is frozen"),
        ({"trained": ["b"], "unfreeze_at": {"a": 5}}, r"'a', which is not in fine_tuning\.trained"),
    ],
)
def test_what_contradicts_itself_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        FineTuningOptions(**options)
