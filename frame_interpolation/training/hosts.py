"""Several hosts that train together: one of them, the chief, writes, and all decide alike.

Each host runs the same program. What one of them alone knows (that it is to stop, what an
evaluation found) reaches the others as a sum over the hosts, so all take the same turn at the same
step; a host that went its own way would leave the others waiting in the next step for ever.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from frame_interpolation.errors import InputError


class Hosts:
    """The hosts of a strategy; with one host everything here costs nothing."""

    def __init__(self, strategy: tf.distribute.Strategy):
        """Finds out which host this is."""
        self._strategy = strategy
        self.is_chief = True
        self.count = 1
        # A TPU has a resolver too, but one program drives it.
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            resolver = strategy.cluster_resolver
            cluster = resolver.cluster_spec().as_dict()
            task = {"type": resolver.task_type, "index": resolver.task_id}
            self.is_chief = is_chief({"cluster": cluster, "task": task})
            self.count = sum(len(addresses) for addresses in cluster.values())
        self._sum = tf.function(self._sum_over_replicas, autograph=False)

    def from_chief(self, values: np.ndarray) -> np.ndarray:
        """Gives every host the chief's values.

        Args:
          values: float64; of one shape on all hosts.
        """
        if self.count == 1:
            return values
        return self._sum(tf.constant(values if self.is_chief else np.zeros_like(values))).numpy()

    def sum(self, value: float) -> float:
        """Adds up a value over the hosts; it returns when all hosts have come here."""
        if self.count == 1:
            return value
        return float(self._sum(tf.constant(value, tf.float64)).numpy())

    def agreed(self, stop_requested: Callable[[], bool]) -> Callable[[], bool]:
        """Makes a function that tells, on all hosts alike, whether any of them is to stop.

        It tells so one call late: the answer of the call before has arrived by then without waiting
        for the device.
        """
        if self.count == 1:
            return stop_requested
        pending: list[tf.Tensor] = []

        def any_requested() -> bool:
            pending.append(self._sum(tf.constant(float(stop_requested()), tf.float64)))
            return len(pending) > 1 and float(pending.pop(0).numpy()) > 0

        return any_requested

    def _sum_over_replicas(self, value: tf.Tensor) -> tf.Tensor:
        # The first replica of each host stands for it.
        per_host = self._strategy.num_replicas_in_sync // self.count

        def part() -> tf.Tensor:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            return tf.where(replica % per_host == 0, value, tf.zeros_like(value))

        return self._strategy.reduce(
            tf.distribute.ReduceOp.SUM, self._strategy.run(part), axis=None
        )


def read_tf_config(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Reads and checks the variable TF_CONFIG, which tells a host of the others and its own place.

    Args:
      environment: the variables.

    Returns:
      Its parts `cluster` and `task`.

    Raises:
      InputError: it is missing or malformed.
    """
    example = (
        'expected {"cluster": {"worker": ["HOST0:PORT", "HOST1:PORT"]}, '
        '"task": {"type": "worker", "index": 0}}, the same cluster on every host and an index of '
        "its own"
    )
    text = environment.get("TF_CONFIG")
    if not text:
        raise InputError(
            f"--mode multi_worker reads the environment variable TF_CONFIG, and there is none; "
            f"{example}."
        )
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        addresses = cluster[task["type"]]
        index = task["index"]
        kinds = set(cluster)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"TF_CONFIG is {text!r}, which cannot be read; {example}.") from error
    is_index = isinstance(index, int) and not isinstance(index, bool)
    if not isinstance(addresses, list) or not is_index or not 0 <= index < len(addresses):
        raise InputError(
            f"TF_CONFIG gives this host the index {index!r} among the {task['type']}s "
            f"{addresses!r}; {example}."
        )
    if not kinds <= {"chief", "worker"}:
        raise InputError(
            f"TF_CONFIG has hosts of the kinds {', '.join(sorted(kinds))}; expected chief and "
            "worker alone: every host trains."
        )
    return {"cluster": cluster, "task": task}


def is_chief(config: Mapping[str, Any]) -> bool:
    """Tells from `read_tf_config` whether this host is the one that writes."""
    kind, index = config["task"]["type"], config["task"]["index"]
    return kind == "chief" or ("chief" not in config["cluster"] and index == 0)
