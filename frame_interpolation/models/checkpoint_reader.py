"""Reads the weights of a training checkpoint, of FILM's or of this project.

Such a checkpoint is a `tf.train.Checkpoint(model=..., optimizer=..., step=..., ...)`. The object
graph in it links each of the model's variables (full name) with the key of its value, for FILM

    model/layer_with_weights-0/extract_sublevels/convs/{k}/{kernel,bias}
    model/layer_with_weights-1/_predictors/{level}/_convs/{k}/{kernel,bias}
    model/layer_with_weights-2/convs/{level}/{0,1,2}/{kernel,bias}
    model/layer_with_weights-2/output_conv/{kernel,bias}

each followed by `/.ATTRIBUTES/VARIABLE_VALUE`. Names and keys are taken from the graph and not
assumed; the order of the variables is that of the keys. The optimizer's slots are not below `model`
in the graph and so are never mistaken for weights.
"""

from collections.abc import Sequence
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.models import object_graph
from frame_interpolation.models.stored_weights import (
    OBJECT_GRAPH_KEY,
    VARIABLE_VALUE,
    StoredVariable,
    StoredWeights,
    TensorTable,
)

_STEP_PATHS = (("step",), ("optimizer", "iter"), ("optimizer", "_iterations"))


def read(prefix: str) -> StoredWeights:
    """Reads names, shapes and types; values follow on demand.

    Args:
      prefix: `.../ckpt-N`.

    Returns:
      The weights of the checkpoint's `model`, or of its root where it has no `model`.

    Raises:
      InputError: the checkpoint cannot be read, or has no variables of a model.
    """
    table = TensorTable(prefix)
    graph = table.object_graph()
    model = object_graph.child(graph, 0, "model")
    keyed = []
    for path, node_id in object_graph.model_nodes(graph, 0 if model is None else model):
        attribute = value_attribute(graph, node_id)
        if attribute is not None:
            keyed.append((object_graph.structural_order(path), attribute))
    if not keyed:
        raise InputError(
            f"The checkpoint {prefix} holds no variables of a model; expected one that "
            "tf.train.Checkpoint(model=..., ...) wrote."
        )
    variables = tuple(
        stored_variable(table, attribute, source=prefix)
        for _, attribute in sorted(keyed, key=lambda item: item[0])
    )
    return StoredWeights(
        source=prefix,
        variables=variables,
        ignored=other_keys(table, variables),
        step=_step(table, graph),
        pyramid_levels=pyramid_levels(graph),
        table=table,
    )


def value_attribute(graph: Any, node_id: int) -> Any | None:
    """The entry with name and key of a variable's value, None where the node is no variable."""
    for attribute in graph.nodes[node_id].attributes:
        if attribute.name == VARIABLE_VALUE:
            return attribute
    return None


def stored_variable(table: TensorTable, attribute: Any, *, source: str) -> StoredVariable:
    """Joins name and key from the object graph with shape and type from the table."""
    key = attribute.checkpoint_key
    if key not in table.shapes:
        raise InputError(
            f"{source} is damaged: its object graph names the value {key}, which is missing."
        )
    return StoredVariable(
        name=attribute.full_name or key,
        shape=tuple(table.shapes[key]),
        dtype=table.dtype(key),
        key=key,
    )


def other_keys(table: TensorTable, variables: Sequence[StoredVariable]) -> tuple[str, ...]:
    """Keys in the table that do not belong to the model, in alphabetical order."""
    used = {variable.key for variable in variables}
    return tuple(sorted(set(table.shapes) - used - {OBJECT_GRAPH_KEY}))


def pyramid_levels(graph: Any) -> int | None:
    """Length of FILM's list of flow predictors, which has one entry for each pyramid level."""
    for path, node_id in object_graph.model_nodes(graph):
        if path and path[-1] == "_predictors":
            return object_graph.list_length(graph, node_id) or None
    return None


def _step(table: TensorTable, graph: Any) -> int | None:
    for path in _STEP_PATHS:
        node_id = object_graph.descendant(graph, path)
        attribute = None if node_id is None else value_attribute(graph, node_id)
        if attribute is not None and attribute.checkpoint_key in table.shapes:
            return int(table.value(attribute.checkpoint_key))
    return None
