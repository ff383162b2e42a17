import logging
import re

import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import distribution


def test_the_cpu_is_one_device():
    assert distribution.create_strategy("cpu").num_replicas_in_sync == 1


def test_gpu_without_a_gpu_says_what_there_is_and_takes_the_cpu(monkeypatch, caplog):
    cpu = tf.config.PhysicalDevice("/physical_device:CPU:0", "CPU")
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: [] if kind == "GPU" else [cpu]
    )
    with caplog.at_level(logging.WARNING):
        strategy = distribution.create_strategy("gpu")
    assert strategy.num_replicas_in_sync == 1
    assert "no GPU, only 1 CPU" in caplog.text


@pytest.mark.parametrize(
    ("mode", "tpu", "message"),
    [
        ("abacus", None, "--mode is 'abacus'; expected one of cpu, gpu, tpu, multi_worker"),
        ("gpu", "my-tpu", "--tpu is 'my-tpu' with --mode gpu"),
        ("multi_worker", None, "TF_CONFIG, and there is none; expected"),
    ],
)
def test_what_does_not_fit_is_refused(mode, tpu, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match=message):
        distribution.create_strategy(mode, tpu=tpu)


class _StandInTpu:
    """Stands for a TPU of one core, and writes down what is asked of it."""

    def __init__(self, monkeypatch):
        asked = self.asked = []

        class Resolver:
            def __init__(self, tpu):
                asked.append(("resolver", tpu))

        class Strategy(tf.distribute.OneDeviceStrategy):
            def __init__(self, resolver):
                asked.append(("strategy", type(resolver)))
                super().__init__("/CPU:0")

            def run(self, function, args=(), **arguments):
                asked.append(("run", sorted(args[0])))
                return super().run(function, args, **arguments)

            def experimental_distribute_dataset(self, dataset, options=None):
                asked.append(("dataset", dataset.element_spec["y"].shape.as_list()))
                return super().experimental_distribute_dataset(dataset, options)

        self.resolver = Resolver
        monkeypatch.setattr(tf.distribute.cluster_resolver, "TPUClusterResolver", Resolver)
        monkeypatch.setattr(tf.distribute, "TPUStrategy", Strategy)
        for module, name in (
            (tf.config, "experimental_connect_to_cluster"),
            (tf.tpu.experimental, "initialize_tpu_system"),
        ):
            monkeypatch.setattr(
                module, name, lambda resolver, name=name: asked.append((name, type(resolver)))
            )


@pytest.mark.slow
def test_a_tpu_gets_static_shapes_and_makes_a_step(tmp_path, run_training, monkeypatch):
    tpu = _StandInTpu(monkeypatch)
    step = "training.num_steps = 1"
    assert run_training(tmp_path, step, mode="tpu", tpu="my-tpu") == 0
    assert tpu.asked == [
        ("resolver", "my-tpu"),
        ("experimental_connect_to_cluster", tpu.resolver),
        ("initialize_tpu_system", tpu.resolver),
        ("strategy", tpu.resolver),
        ("dataset", [2, 16, 16, 3]),
        ("run", ["record", "reflected", "skipped", "time", "x0", "x1", "y"]),
    ]


@pytest.mark.parametrize(
    "error", [ValueError("no address"), tf.errors.NotFoundError(None, None, "no TPU devices")]
)
def test_a_tpu_that_cannot_be_reached_is_told_with_what_there_is(error, monkeypatch):
    _StandInTpu(monkeypatch)

    def fail(resolver):
        raise error

    monkeypatch.setattr(tf.tpu.experimental, "initialize_tpu_system", fail)
    with pytest.raises(InputError, match=r"--tpu 'local': no TPU .*no .*TensorFlow finds 1 CPU"):
        distribution.create_strategy("tpu")


@pytest.mark.parametrize(
    ("mode", "slow", "warns"),
    [
        ("cpu", {"mixed_bfloat16", "mixed_float16"}, True),
        ("cpu", {"mixed_float16"}, False),
        ("tpu", {"mixed_bfloat16", "mixed_float16"}, False),
    ],
)
def test_a_precision_that_the_processor_lacks_is_warned_of(monkeypatch, caplog, mode, slow, warns):
    monkeypatch.setattr(distribution.processor, "is_slow_in", slow.__contains__)
    with caplog.at_level(logging.WARNING):
        distribution.warn_of_slow_precision("mixed_bfloat16", mode)
    expected = "'mixed_bfloat16', for which .* many times as long as with 'float32'"
    assert bool(re.search(expected, caplog.text)) == warns == bool(caplog.text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "OOM when allocating tensor with shape[9] on /device:CPU:0 by allocator cpu",
            r"the memory of /device:CPU:0 is full.*batch_size.*crop_size.*accumulation_steps",
        ),
        ("runs/x/ckpt-3: No space left on device", r"cannot be written \(runs/x/ckpt-3: No space"),
    ],
)
def test_a_full_memory_is_told_from_a_full_disk(text, message):
    with pytest.raises(InputError, match=message), distribution.exhaustion_in_words():
        raise tf.errors.ResourceExhaustedError(None, None, text)


def test_a_host_that_is_gone_is_told_in_words():
    error = tf.errors.UnavailableError(None, None, "{{node x}} Collective ops is aborted\nmore")
    message = str(distribution.lost_host(error))
    assert "(Collective ops is aborted)" in message
    assert "on every host" in message
