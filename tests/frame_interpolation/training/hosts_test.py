import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import checkpointing, hosts
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


_ROOT = pathlib.Path(__file__).parents[3]
_DEADLINE_SECONDS = 240
_BINDINGS = [
    "training_dataset.batch_size = 4",
    "fine_tuning.average_decay = 0.9",
    "eval_datasets.names = ['drawn']",
    "eval_datasets.natural_names = ['drawn']",
    "eval_datasets.crop_size = 16",
    "training.evaluation_frequency = 20",
    "training.best_metric = 'drawn/psnr'",
]


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _start_two(gin_file, base_folders, *bindings):
    cluster = {"worker": [f"localhost:{port}" for port in _free_ports(2)]}
    processes = []
    for index, folder in enumerate(base_folders):
        command = [sys.executable, "-m", "training.train", "--mode", "multi_worker"]
        command += ["--gin_config", gin_file, "--base_folder", str(folder)]
        command += [f"--gin_bindings={binding}" for binding in bindings]
        task = {"type": "worker", "index": index}
        environment = os.environ | {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}
        processes.append(subprocess.Popen(command, cwd=_ROOT, env=environment))
    return processes


def _statuses(processes):
    return [process.wait(timeout=_DEADLINE_SECONDS) for process in processes]


@pytest.fixture
def bindings(golden_dir):
    return [*_BINDINGS, f"eval_datasets.files = ['{golden_dir}/reference_triplets.tfrecord@2']"]


@pytest.fixture
def assert_equal_to_one_host(tmp_path, run_training, read_state, bindings):
    def compare(run, step, *more):
        whole = tmp_path / "one_host"
        assert run_training(whole, *bindings, *more) == 0
        state = read_state(run / "train", step)
        expected = read_state(whole / "run0" / "train", step)
        assert state.keys() == expected.keys()
        for key, value in expected.items():
            if isinstance(value, bytes) or np.asarray(value).dtype.kind in "OSU":
                assert state[key] == value, key
                continue
            np.testing.assert_allclose(state[key], value, rtol=2e-3, atol=1e-4, err_msg=key)

    return compare


@pytest.mark.slow
def test_two_hosts_make_the_training_of_one_and_the_chief_alone_writes(
    gin_file, tmp_path, bindings, assert_equal_to_one_host
):
    folders = tmp_path / "chief", tmp_path / "other"
    assert _statuses(_start_two(gin_file, folders, *bindings)) == [0, 0]
    assert not folders[1].exists()
    run = folders[0] / "run0"
    assert {path.name for path in run.iterdir()} >= {"best", "eval", "run.json", "saved_model"}
    assert_equal_to_one_host(run, 6)


@pytest.mark.slow
def test_two_hosts_stop_together_when_one_is_told_to_and_go_on(
    gin_file, tmp_path, bindings, assert_equal_to_one_host
):
    # With this epsilon Adam does not make much of the last bit of a small gradient.
    steps = ["training.num_steps = 60", "optimizer.epsilon = 1e-2"]
    shared = tmp_path, tmp_path
    processes = _start_two(gin_file, shared, *bindings, *steps)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not checkpointing.checkpoint_prefixes(str(tmp_path / "run0" / "train")):
        assert time.monotonic() < deadline
        assert [process.poll() for process in processes] == [None, None]
        time.sleep(0.01)
    processes[1].send_signal(signal.SIGTERM)
    assert _statuses(processes) == [143, 143]
    assert _statuses(_start_two(gin_file, shared, *bindings, *steps)) == [0, 0]
    record = json.loads((tmp_path / "run0" / "run.json").read_text(encoding="utf-8"))
    first, second = record["sessions"]
    assert 0 < first["last_step"] == second["first_step"] < second["last_step"] == 60
    assert_equal_to_one_host(tmp_path / "run0", 60, *steps)
