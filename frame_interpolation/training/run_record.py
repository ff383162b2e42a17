"""What ran where, when and on which data: `run.json` in the folder of a run.

    versions, code, hardware, command, mode   of the newest session
    seeds                                     of the weights and of the data
    datasets                                  each with its number of shards and, where a program
                                              of this project wrote it, number of records, hash and
                                              fingerprint of its manifest
    sessions                                  one for each time that the program ran: the first five
                                              of these, the time of its beginning and end (UTC), the
                                              steps between, and the outcome

A session without an end was killed, or is still running. A session that finds another manifest
than the one before it warns.
"""

import datetime
import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from frame_interpolation.datasets import record_collection, record_files, tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.repository_paths import REPOSITORY_ROOT
from frame_interpolation.training import processor
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.run_folder import write_text

_PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "absl-py", "gin-config")
_GIT_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class RunRecord:
    """The record of a run, to which this session is added."""

    def __init__(
        self, path: str | None, experiment: Experiment, *, command: Sequence[str], mode: str
    ):
        """Describes this session.

        Args:
          path: the file; None on a host that writes nothing.
          experiment: the options of the run.
          command: the program and its arguments.
          mode: which devices train.
        """
        self._path = path
        self._session: dict[str, Any] = {
            "versions": _versions(),
            "code": _code(),
            "hardware": _hardware(),
            "command": list(command),
            "mode": mode,
        }
        self._run = dict(self._session) | {
            "seeds": {
                "training": experiment.training.seed,
                "training_dataset": experiment.training_dataset.seed,
            },
            "datasets": _datasets(experiment),
        }
        former = _former(path) if path else {}
        self._earlier = former.get("sessions", [])
        _warn_of_other_records(former.get("datasets", []), self._run["datasets"])

    def begin(self, step: int) -> None:
        """Writes that the session has begun.

        Args:
          step: at which it goes on.
        """
        self._session |= {"started": _now(), "ended": None, "first_step": step}
        self._write()

    def end(self, outcome: str, *, step: int | None = None) -> None:
        """Writes how the session has ended.

        Args:
          outcome: in a word or two.
          step: how far it came, where that is known.
        """
        self._session |= {"ended": _now(), "outcome": outcome}
        self._session.setdefault("started", self._session["ended"])
        if step is not None:
            self._session["last_step"] = step
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        content = self._run | {"sessions": [*self._earlier, self._session]}
        write_text(self._path, json.dumps(content, indent=2) + "\n")


def _former(path: str) -> dict[str, Any]:
    """The record as the session before has left it; nothing where there was none."""
    try:
        with open(path, encoding="utf-8") as file:
            former = json.load(file)
        return {"sessions": list(former["sessions"]), "datasets": list(former["datasets"])}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not the record of a run that this program writes; move it away, or choose "
            "another --label."
        ) from error


def _warn_of_other_records(
    former: Sequence[Mapping[str, Any]], present: Sequence[Mapping[str, Any]]
) -> None:
    def hashes(datasets: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
        return {
            (dataset["used_as"], dataset["path"]): dataset["manifest"]["sha256"]
            for dataset in datasets
            if "manifest" in dataset
        }

    before = hashes(former)
    for (binding, path), sha256 in hashes(present).items():
        if before.get((binding, path), sha256) != sha256:
            _log.warning(
                "%s: the records %s have been written anew since the last session of this run; "
                "unless they are the same ones, it does not go on as it would have.",
                binding,
                path,
            )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _code() -> dict[str, Any]:
    """The revision, and whether files differ from it; None where this is no working copy."""
    revision = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return {
        "revision": revision,
        "modified": None if revision is None or changes is None else bool(changes),
    }


def _git(*arguments: str) -> str | None:
    if not os.path.exists(os.path.join(REPOSITORY_ROOT, ".git")):
        return None
    try:
        result = subprocess.run(
            ["git", "-C", str(REPOSITORY_ROOT), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()


def _hardware() -> dict[str, Any]:
    import tensorflow as tf

    accelerators = []
    for device in tf.config.list_physical_devices():
        if device.device_type != "CPU":
            details: Mapping[str, Any] = tf.config.experimental.get_device_details(device)
            accelerators.append(str(details.get("device_name", device.name)))
    return {
        "host": platform.node(),
        "cpu": processor.name(),
        "cpu_count": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "accelerators": accelerators,
    }


def _datasets(experiment: Experiment) -> list[dict[str, Any]]:
    used = [("training_dataset.files", path) for path in experiment.training_dataset.paths]
    used += [("eval_datasets.files", path) for path in experiment.eval_datasets.files]
    return [_dataset(binding, path) for binding, path in used]


def _dataset(binding: str, path: str) -> dict[str, Any]:
    try:
        shards = tfrecord.expand(record_collection.find(path))
    except InputError as error:
        raise InputError(f"{binding}: {error}") from error
    described: dict[str, Any] = {"used_as": binding, "path": path, "shards": len(shards)}
    # PATH-00000-of-00003
    file = tfrecord.manifest_path(shards[0].rsplit("-", 3)[0])
    if record_files.is_file(file):
        text = record_files.read_text(file)
        manifest = json.loads(text)
        described["manifest"] = {
            "path": file,
            "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "fingerprint": manifest.get("fingerprint"),
            "records": manifest.get("records"),
        }
    return described


def command_line() -> list[str]:
    """The program that runs, and its arguments."""
    return [*sys.orig_argv] if sys.orig_argv else [*sys.argv]
