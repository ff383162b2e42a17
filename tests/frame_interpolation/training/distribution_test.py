import logging

import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import distribution


def test_the_cpu_is_one_device():
    assert distribution.create_strategy("cpu").num_replicas_in_sync == 1


def test_gpu_without_a_gpu_warns_and_takes_the_cpu(monkeypatch, caplog):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    with caplog.at_level(logging.WARNING):
        strategy = distribution.create_strategy("gpu")
    assert strategy.num_replicas_in_sync == 1
    assert "no GPU" in caplog.text


def test_an_unknown_mode_is_refused():
    with pytest.raises(InputError, match="--mode is 'abacus'; expected one of cpu, gpu"):
        distribution.create_strategy("abacus")
