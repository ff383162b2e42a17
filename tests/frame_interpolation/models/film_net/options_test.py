import dataclasses

import pytest

from frame_interpolation.models.film_net.options import Options


def test_lists_become_tuples_so_that_options_can_be_compared():
    assert Options(flow_convs=[3, 3, 3, 3]) == Options(flow_convs=(3, 3, 3, 3))


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Options().filters = 3


def test_feature_channels_grow_until_sub_levels():
    channels = [Options(filters=64).feature_channels(level) for level in range(5)]
    assert channels == [64, 192, 448, 960, 960]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pyramid_levels": 0}, r"pyramid_levels has the value 0"),
        ({"pyramid_levels": 4}, r"fusion_pyramid_levels is 5.*pyramid_levels, which is 4"),
        (
            {"pyramid_levels": 2, "fusion_pyramid_levels": 2},
            r"specialized_levels is 3.*pyramid_levels, which is 2",
        ),
        ({"flow_convs": [3, 3]}, r"flow_convs is \[3, 3\].*at least 3 entries"),
        ({"flow_filters": [8, 8]}, r"flow_filters is \[8, 8\].*at least 3 entries"),
        ({"flow_filters": [8, 8, 7, 8]}, r"flow_filters is \[8, 8, 7, 8\].*even"),
        ({"sub_levels": 5}, r"specialized_levels is 3.*sub_levels is 5"),
        ({"filters": 1.5}, r"filters has the value 1.5"),
        ({"sub_levels": True}, r"sub_levels has the value True"),
    ],
)
def test_wrong_options_are_named_with_their_value(options, message):
    with pytest.raises(ValueError, match=message):
        Options(**options)
