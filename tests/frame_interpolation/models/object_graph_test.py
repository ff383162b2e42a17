from tensorflow.core.protobuf import trackable_object_graph_pb2

from frame_interpolation.models import object_graph


def _graph(*edges):
    """Makes a graph from (from, name, to)."""
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    for _ in range(1 + max(max(start, end) for start, _, end in edges)):
        graph.nodes.add()
    for start, name, end in edges:
        graph.nodes[start].children.add(local_name=name, node_id=end)
    return graph


def test_follows_paths():
    graph = _graph((0, "model", 1), (1, "convs", 2), (2, "0", 3))
    assert object_graph.descendant(graph, ("model", "convs", "0")) == 3
    assert object_graph.descendant(graph, ()) == 0
    assert object_graph.descendant(graph, ("model", "nothing", "0")) is None


def test_walks_every_node_once_by_its_shortest_path_even_in_a_circle():
    graph = _graph((0, "layer", 1), (1, "kernel", 2), (0, "short", 2), (2, "parent", 0))
    assert dict(object_graph.model_nodes(graph)) == {(): 0, ("layer",): 1, ("short",): 2}


def test_leaves_out_what_is_not_the_models():
    graph = _graph((0, "optimizer", 1), (0, "keras_api", 2), (0, "step", 3), (0, "net", 4))
    assert [path for path, _ in object_graph.model_nodes(graph)] == [(), ("net",)]


def test_a_shared_entry_of_a_list_counts_every_time():
    graph = _graph((0, "0", 1), (0, "1", 2), (0, "2", 2), (0, "_non_append_mutation", 1))
    assert object_graph.list_length(graph, 0) == 3


def test_numbers_sort_as_numbers_and_kernels_before_biases():
    paths = [
        ("layer_with_weights-2", "output_conv", "bias"),
        ("layer_with_weights-2", "convs", "10", "kernel"),
        ("layer_with_weights-2", "convs", "9", "bias"),
        ("layer_with_weights-2", "convs", "9", "kernel"),
        ("layer_with_weights-10", "convs", "0", "kernel"),
    ]
    assert sorted(paths, key=object_graph.structural_order) == [
        ("layer_with_weights-2", "convs", "9", "kernel"),
        ("layer_with_weights-2", "convs", "9", "bias"),
        ("layer_with_weights-2", "convs", "10", "kernel"),
        ("layer_with_weights-2", "output_conv", "bias"),
        ("layer_with_weights-10", "convs", "0", "kernel"),
    ]
