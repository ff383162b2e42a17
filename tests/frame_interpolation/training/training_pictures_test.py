import numpy as np
import pytest

from frame_interpolation.eval import pictures
from frame_interpolation.training import training_pictures


def test_the_network_gives_all_pictures(create_tiny_model, create_batch):
    drawn = training_pictures.create_drawer(create_tiny_model())(
        create_batch(batch_size=5, side=16)
    )
    assert {name: picture.shape for name, picture in drawn.items()} == {
        "inputs": (3, 16, 32, 3),
        "truth": (3, 16, 16, 3),
        "prediction": (3, 16, 16, 3),
        "error": (3, 16, 16, 3),
        "lines": (3, 16, 16, 3),
        "warped": (3, 16, 32, 3),
        "flow": (3, 16, 64, 3),
    }
    assert all(picture.dtype == np.uint8 for picture in drawn.values())


def _example(side=32, **outputs):
    zero = np.zeros((2, side, side, 3), np.float32)
    return {"x0": zero, "y": zero, "x1": zero + 1}, {"image": zero, **outputs}


def test_error_maps_are_those_of_the_report():
    example, outputs = _example()
    outputs["image"] = outputs["image"] + np.float32(0.1)
    drawn = training_pictures.draw_batch(example, outputs)
    estimate = np.full((32, 32, 3), 26, np.uint8)
    expected = pictures.error_map(estimate, np.zeros_like(estimate))
    np.testing.assert_array_equal(drawn["error"][1], expected)
    np.testing.assert_array_equal(drawn["inputs"][0, 0, [0, 31, 32, 63], 0], [0, 0, 255, 255])


def test_flow_has_one_scale_a_step_and_says_which():
    flow = np.zeros((2, 32, 32, 2), np.float32)
    forward, backward = (flow + np.array([dx, 0.0]) for dx in (4.0, -2.0))
    example, outputs = _example(forward_flow=forward, backward_flow=backward)
    drawn = training_pictures.draw_batch(example, outputs)["flow"]
    expected = pictures.flow_picture(forward[0], 4.0), pictures.flow_picture(backward[0], 4.0)
    np.testing.assert_array_equal(drawn[0, :, :64], np.hstack(expected))
    assert (drawn[0, :, 64:] != 255).any()


def test_wide_frames_are_made_smaller():
    example, outputs = _example(side=960)
    assert training_pictures.draw_batch(example, outputs)["truth"].shape == (2, 480, 480, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_drawn(value):
    example, outputs = _example(forward_flow=np.full((2, 32, 32, 2), value, np.float32),
                                backward_flow=np.zeros((2, 32, 32, 2), np.float32))  # fmt: skip
    outputs["image"] = np.full_like(outputs["image"], value)
    drawn = training_pictures.draw_batch(example, outputs)
    assert set(np.unique(drawn["prediction"])) == {255 if value == np.inf else 0}
    assert not drawn["flow"][0, :, :32].any()
