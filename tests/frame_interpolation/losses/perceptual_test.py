import numpy as np
import pytest
import scipy.io
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import perceptual, reconstruction
from frame_interpolation.losses.options import StyleOptions, VggOptions
from frame_interpolation.losses.vgg19 import Vgg19

_WEIGHTS = VggOptions().weights


@pytest.fixture(scope="module")
def golden(golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def images(golden):
    return (
        tf.constant(golden["case0/image"][None]),
        tf.constant(golden["case0/y"][None].astype(np.float32) / 255.0),
    )


@pytest.fixture(scope="module")
def network(golden_dir):
    return Vgg19(str(golden_dir / "vgg_tiny.mat"))


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_metrics_of_the_clipped_image_equal_the_reference(golden, images, name):
    prediction, target = images
    value = getattr(reconstruction, name)(tf.clip_by_value(prediction, 0.0, 1.0), target)
    np.testing.assert_allclose(value, golden[f"train/{name}"], rtol=1e-4)


@pytest.mark.parametrize("name", ["vgg", "style"])
def test_perceptual_losses_equal_the_reference(golden, images, network, name):
    loss = getattr(perceptual, name)
    value = loss(*images, network=network, weights=_WEIGHTS)
    np.testing.assert_allclose(value, golden[f"train/{name}"], rtol=1e-4)


def test_released_layer_weights():
    expected = [1 / 2.6, 1 / 4.8, 1 / 3.7, 1 / 5.6, 10 / 1.5]
    np.testing.assert_allclose(VggOptions().weights, expected)
    np.testing.assert_allclose(StyleOptions().weights, expected)


def test_features_are_those_after_the_second_convolution_of_each_resolution(network):
    features = network(tf.zeros([1, 33, 50, 3]))
    # Average pooling pads, so odd sizes round up; the channels are a sixteenth of VGG-19's.
    assert [tuple(level.shape[1:]) for level in features] == [
        (33, 50, 4),
        (17, 25, 8),
        (9, 13, 16),
        (5, 7, 32),
        (3, 4, 32),
    ]


def test_gram_matrix_of_a_hand_made_feature_map():
    features = 255.0 * tf.constant([[[[1.0, 2.0], [3.0, 0.0]]]])
    np.testing.assert_allclose(
        perceptual.gram_matrix(features), [[[5.0, 1.0], [1.0, 2.0]]], rtol=1e-6
    )


def test_no_gradient_flows_into_the_target(images, network):
    prediction, target = images
    with tf.GradientTape() as tape:
        tape.watch([prediction, target])
        loss = perceptual.vgg(prediction, target, network=network, weights=_WEIGHTS)
    to_prediction, to_target = tape.gradient(loss, [prediction, target])
    assert to_target is None
    assert float(tf.norm(to_prediction)) > 0.0


def test_a_missing_file_says_what_to_bind(tmp_path):
    with pytest.raises(InputError, match=r"no file.*vgg\.vgg_model_file"):
        Vgg19(str(tmp_path / "missing.mat"))


def test_a_file_that_is_no_mat_file_is_refused(tmp_path):
    path = tmp_path / "weights.mat"
    path.write_bytes(b"not a matrix file")
    with pytest.raises(InputError, match=r"not a readable \.mat file"):
        Vgg19(str(path))


def test_a_cut_file_is_refused(tmp_path, golden_dir):
    path = tmp_path / "weights.mat"
    path.write_bytes((golden_dir / "vgg_tiny.mat").read_bytes()[:50_000])
    with pytest.raises(InputError, match=r"not a readable \.mat file"):
        Vgg19(str(path))


def test_a_mat_file_of_another_layout_is_refused(tmp_path):
    path = tmp_path / "weights.mat"
    scipy.io.savemat(path, {"x": np.zeros(3)})
    with pytest.raises(InputError, match="no 'layers'"):
        Vgg19(str(path))
    scipy.io.savemat(path, {"layers": np.zeros((1, 40))})
    with pytest.raises(InputError, match=r"layer 0 of .* not a convolution"):
        Vgg19(str(path))
