import json

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import hosts
from frame_interpolation.training.hosts import Hosts

_CLUSTER = {"worker": ["a:1", "b:1"]}


def _read(config):
    text = config if isinstance(config, str) else json.dumps(config)
    return hosts.read_tf_config({"TF_CONFIG": text})


def test_one_host_is_the_chief_and_asks_nobody():
    alone = Hosts(tf.distribute.get_strategy())
    assert alone.is_chief
    np.testing.assert_array_equal(alone.from_chief(np.array([1.0, 2.0])), [1.0, 2.0])
    assert alone.sum(3.0) == 3.0
    assert alone.agreed(lambda: True)() is True


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "is_chief"),
    [
        (_CLUSTER, "worker", 0, True),
        (_CLUSTER, "worker", 1, False),
        (_CLUSTER | {"chief": ["c:1"]}, "chief", 0, True),
        (_CLUSTER | {"chief": ["c:1"]}, "worker", 0, False),
    ],
)
def test_the_chief_is_the_first(cluster, kind, index, is_chief):
    config = _read({"cluster": cluster, "task": {"type": kind, "index": index}})
    assert hosts.is_chief(config) is is_chief


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "there is none"),
        ("{", "cannot be read"),
        ({"cluster": _CLUSTER}, "cannot be read"),
        ({"cluster": _CLUSTER, "task": {"type": "chief", "index": 0}}, "cannot be read"),
        ({"cluster": _CLUSTER, "task": {"type": "worker", "index": 2}}, "the index 2 among"),
        ({"cluster": _CLUSTER, "task": {"type": "worker", "index": "0"}}, "the index '0' among"),
        (
            {"cluster": _CLUSTER | {"ps": ["c:1"]}, "task": {"type": "worker", "index": 0}},
            "of the kinds ps, worker",
        ),
    ],
)
def test_what_is_wrong_with_tf_config_is_told(config, message):
    with pytest.raises(InputError, match=message):
        _read(config)
