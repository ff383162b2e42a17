import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.models.options import PretrainedOptions


def test_random_weights_by_default():
    assert PretrainedOptions() == PretrainedOptions(path="", pattern=None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"path": "x", "pattern": "("}, "no regular expression"),
        ({"path": "x", "pattern": 3}, "no regular expression"),
        ({"pattern": "fusion"}, "pretrained.path is empty"),
        ({"path": None}, "pretrained.path is None"),
    ],
)
def test_wrong_values_are_named(fields, message):
    with pytest.raises(InputError, match=message):
        PretrainedOptions(**fields)
