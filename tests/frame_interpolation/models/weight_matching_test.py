from frame_interpolation.models import weight_matching


def test_fusion_is_counted_in_its_order_not_by_its_numbers():
    names = [
        "feat_net/sub_extractor/cfeat_conv_0/kernel:0",
        "fusion/conv2d_98/kernel:0",
        "fusion/conv2d_98/bias:0",
        "fusion/conv2d_99/kernel:0",
        "fusion/conv2d_99/bias:0",
        "fusion/conv2d_100/kernel:0",
        "fusion/conv2d_100/bias:0",
    ]
    assert weight_matching.canonical_names(names) == [
        "feat_net/sub_extractor/cfeat_conv_0/kernel",
        "fusion/conv2d/kernel",
        "fusion/conv2d/bias",
        "fusion/conv2d_1/kernel",
        "fusion/conv2d_1/bias",
        "fusion/conv2d_2/kernel",
        "fusion/conv2d_2/bias",
    ]


def test_other_layers_keep_their_numbers():
    names = ["predict_flow/flow_predictor_0/conv_3/kernel", "confusion/conv2d_7/kernel"]
    assert weight_matching.canonical_names(names) == names


def test_every_difference_has_a_line():
    expected = {"a": (3, 3), "b": (2,), "c": ()}
    found = {"b": (4,), "a": (3, 3), "d": (1, 2)}
    assert weight_matching.differences(expected, found) == [
        "b: expected 2, found 4",
        "c: expected a scalar, found nothing",
        "d: expected nothing, found 1x2",
    ]


def test_repeated_names():
    assert weight_matching.repeated(["a", "b", "a"]) == ["a"]
