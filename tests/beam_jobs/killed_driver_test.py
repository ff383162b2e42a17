"""The driver of an embedded run is killed, again and again, and the job is run once more."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

_PROGRAM = pathlib.Path(__file__).with_name("kill_driver.py")
_ROOT = _PROGRAM.parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


def run(*arguments):
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), *map(str, arguments)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def files(folder):
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = json.loads(found.pop("train.manifest.json"))
    manifest.pop("code_version")  # Of a checkout that may change meanwhile.
    return found | {"manifest": manifest}


def test_killed_at_random_moments_and_run_again(atd12k_root, tmp_path):
    from beam_jobs.build_tfrecord import build_tfrecord

    frames = sorted((atd12k_root / "train_10k").glob("*/frame2.jpg"))
    frames[-1].write_bytes(b"")
    flags = {"dataset": "atd12k", "input_dir": str(atd12k_root), "split": "train"}
    flags |= {"num_shards": 3, "max_rejects": 1}
    build_tfrecord(**flags, output=str(tmp_path / "whole" / "train"))
    whole = files(tmp_path / "whole")
    assert not [name for name in whole if ".tmp-" in name]
    for seed in (0, 1):
        output = tmp_path / f"killed {seed}" / "train"
        assert run(atd12k_root, output, "random", seed) >= 2
        assert files(output.parent) == whole


def test_killed_before_and_after_every_rename(atd12k_root, tmp_path):
    # Plan, three shards with sidecars, two lists, manifest: before and after each.
    assert run(atd12k_root, tmp_path / "out" / "train", "renames") == 2 * (1 + 3 + 3 + 2 + 1)
