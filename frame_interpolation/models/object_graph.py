"""Walks the graph of objects that SavedModels and checkpoints carry.

`SavedObjectGraph` (in saved_model.pb) and `TrackableObjectGraph` (in the table of tensors) both are
lists of nodes whose `children` are edges with a name (`local_name`) and a node number; node 0 is
the root, and shared objects have several paths.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]

# What Keras hangs into a model beside its layers: metrics, and the optimizer of a compiled model.
_NOT_OF_THE_MODEL = frozenset({"keras_api", "optimizer"})
# Counters that lie beside the layers when a checkpoint's root is the model itself.
_COUNTERS = frozenset({"save_counter", "step", "epoch", "training_finished"})


def child(graph: Any, node_id: int, name: str) -> int | None:
    """The node at the end of the edge `name`, None where there is no such edge."""
    for edge in graph.nodes[node_id].children:
        if edge.local_name == name:
            return edge.node_id
    return None


def descendant(graph: Any, path: Path, *, start: int = 0) -> int | None:
    """The node at the end of a path, None where there is no such path."""
    node_id: int | None = start
    for name in path:
        if node_id is None:
            return None
        node_id = child(graph, node_id, name)
    return node_id


def model_nodes(graph: Any, start: int = 0) -> Iterator[tuple[Path, int]]:
    """Yields every node below a model once, with its shortest path, in breadth-first order.

    Optimizers, metrics and counters are left out.
    """
    queue: deque[tuple[Path, int]] = deque([((), start)])
    seen = {start}
    while queue:
        path, node_id = queue.popleft()
        yield path, node_id
        for edge in graph.nodes[node_id].children:
            if edge.node_id in seen or edge.local_name in _NOT_OF_THE_MODEL:
                continue
            if not path and edge.local_name in _COUNTERS:
                continue
            seen.add(edge.node_id)
            queue.append(((*path, edge.local_name), edge.node_id))


def list_length(graph: Any, node_id: int) -> int:
    """How many entries a stored list has, an object that occurs twice counting twice."""
    return sum(edge.local_name.isdigit() for edge in graph.nodes[node_id].children)


def structural_order(path: Path) -> tuple:
    """Sort key that puts variables into the order of Keras' `variables`.

    Numbers count as numbers (`convs/10` after `convs/9`), and a kernel stands before its bias.
    """
    *parents, last = path
    parts = [_natural(part) for part in parents]
    return (*parts, ((0, {"kernel": 0, "bias": 1}.get(last, 2), last),))


def _natural(name: str) -> tuple:
    # Tagged, so that a number is never compared with a text.
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    )
