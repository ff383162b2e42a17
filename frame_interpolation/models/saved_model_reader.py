"""Reads the weights of a SavedModel without running anything that it contains.

A SavedModel may carry arbitrary code (FILM's released ones hold Python bytecode in Lambda layers),
so it is never loaded. Names and shapes stand in the object graph of `saved_model.pb`, the values in
the checkpoint `variables/variables`, under `variables/{i}/.ATTRIBUTES/VARIABLE_VALUE` where Keras
wrote the model. The checkpoint repeats the object graph with the key of each value, so a key is
found by following the same path in both.
"""

import os
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from frame_interpolation.errors import InputError
from frame_interpolation.models import checkpoint_reader, object_graph
from frame_interpolation.models.stored_weights import StoredVariable, StoredWeights, TensorTable

FILE_NAME = "saved_model.pb"
_VARIABLES_PREFIX = os.path.join("variables", "variables")


def read(folder: str) -> StoredWeights:
    """Reads names, shapes and types; values follow on demand.

    Args:
      folder: holds `saved_model.pb` and `variables/`.

    Returns:
      The variables of the model in the order of its attribute `variables`; without one, of
      everything below the root but optimizers and metrics.

    Raises:
      InputError: the SavedModel is incomplete, damaged, of TensorFlow 1, or holds no variables.
    """
    graph = _object_graph(folder)
    prefix = os.path.join(folder, _VARIABLES_PREFIX)
    if not tf.io.gfile.exists(f"{prefix}.index"):
        raise InputError(
            f"The SavedModel {folder} has no {_VARIABLES_PREFIX}.index, so it is incomplete; copy "
            "the whole folder with variables/."
        )
    table = TensorTable(prefix)
    stored_graph = table.object_graph()
    variables = tuple(
        _stored_variable(table, stored_graph, path, graph.nodes[node_id].variable, folder=folder)
        for path, node_id in _variable_nodes(graph)
    )
    if not variables:
        raise InputError(f"The SavedModel {folder} holds no variables, so it is no trained model.")
    return StoredWeights(
        source=folder,
        variables=variables,
        ignored=checkpoint_reader.other_keys(table, variables),
        step=None,
        pyramid_levels=checkpoint_reader.pyramid_levels(graph),
        table=table,
    )


def _object_graph(folder: str) -> Any:
    file = os.path.join(folder, FILE_NAME)
    try:
        with tf.io.gfile.GFile(file, "rb") as stream:
            serialized = stream.read()
    except tf.errors.OpError as error:
        raise InputError(f"{file} cannot be read: {error.message}.") from error
    try:
        saved_model = saved_model_pb2.SavedModel.FromString(serialized)
    except DecodeError as error:
        raise InputError(
            f"{file} ({len(serialized)} bytes) is no SavedModel, or was cut short; copy it again."
        ) from error
    if not saved_model.meta_graphs or not saved_model.meta_graphs[0].object_graph_def.nodes:
        raise InputError(
            f"{file} has no object graph, so it is empty or of TensorFlow 1; expected a SavedModel "
            "that TensorFlow 2 wrote."
        )
    return saved_model.meta_graphs[0].object_graph_def


def _variable_nodes(graph: Any) -> list[tuple[object_graph.Path, int]]:
    """Paths and numbers of the model's variables, in the model's order."""
    listed = object_graph.child(graph, 0, "variables")
    found: list[tuple[object_graph.Path, int]]
    if listed is not None:
        edges = [edge for edge in graph.nodes[listed].children if edge.local_name.isdigit()]
        found = [
            (("variables", edge.local_name), edge.node_id)
            for edge in sorted(edges, key=lambda edge: int(edge.local_name))
        ]
    else:
        found = sorted(
            object_graph.model_nodes(graph),
            key=lambda item: object_graph.structural_order(item[0] or ("",)),
        )
    return [(path, node_id) for path, node_id in found if graph.nodes[node_id].HasField("variable")]


def _stored_variable(
    table: TensorTable, stored_graph: Any, path: object_graph.Path, proto: Any, *, folder: str
) -> StoredVariable:
    node_id = object_graph.descendant(stored_graph, path)
    attribute = (
        None if node_id is None else checkpoint_reader.value_attribute(stored_graph, node_id)
    )
    name = proto.name or "/".join(path)
    if attribute is None:
        raise InputError(
            f"The SavedModel {folder} has no value for its variable {name}; saved_model.pb and "
            "variables/ do not belong together. Copy the whole folder again."
        )
    variable = checkpoint_reader.stored_variable(table, attribute, source=folder)
    shape = tuple(dimension.size for dimension in proto.shape.dim)
    if shape != variable.shape or tf.as_dtype(proto.dtype) != variable.dtype:
        raise InputError(
            f"The SavedModel {folder} says that its variable {name} has shape {shape}, but the "
            f"value in variables/ has shape {variable.shape}; they do not belong together. Copy "
            "the whole folder again."
        )
    return StoredVariable(name, shape, variable.dtype, variable.key)
