"""VGG-19 features for the perceptual losses, from MatConvNet's weights file.

Format of `imagenet-vgg-verydeep-19.mat` (https://www.vlfeat.org/matconvnet/pretrained/): in
`layers[0][i][0][0]` the third field of a convolution is the cell {kernel (h, w, in, out), bias}.
Network: Simonyan & Zisserman, arXiv 1409.1556; here with average pooling.
"""

import zlib

import numpy as np
import scipy.io
import tensorflow as tf

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError

# Indices of the convolutions in the file, one tuple for each resolution.
_CONVOLUTION_INDICES = (
    (0, 2),
    (5, 7),
    (10, 12, 14, 16),
    (19, 21, 23, 25),
    (28, 30),
)
# The second convolution of each resolution is the one whose features are compared.
_FEATURE_CONVOLUTION = 1
# What SciPy raises for a cut or foreign file, by where in the file it notices.
_UNREADABLE = (
    scipy.io.matlab.MatReadError,
    zlib.error,
    OSError,
    ValueError,
    TypeError,
    NotImplementedError,
)
_MEAN_RGB = (123.68, 116.779, 103.939)


class Vgg19:
    """The convolutional part of VGG-19 up to conv5_2, with fixed weights."""

    def __init__(self, model_file: str):
        """Reads the weights.

        Args:
          model_file: path of the MatConvNet file, relative ones as `repository_paths` has it.

        Raises:
          InputError: the file is missing, unreadable or of another layout.
        """
        layers = _read_layers(repository_paths.find(model_file))
        self._stages = [
            [
                _convolution_weights(layers, index, model_file)
                for index in (
                    # Convolutions behind the last compared one are not computed.
                    indices if stage < len(_CONVOLUTION_INDICES) - 1 else indices[:2]
                )
            ]
            for stage, indices in enumerate(_CONVOLUTION_INDICES)
        ]

    def __call__(self, image: tf.Tensor) -> list[tf.Tensor]:
        """Maps RGB (B, H, W, 3) in [0, 1] to the features conv1_2 ... conv5_2 after ReLU."""
        net = 255.0 * tf.cast(image, tf.float32) - tf.constant(_MEAN_RGB)
        features = []
        for stage, convolutions in enumerate(self._stages):
            if stage:
                net = tf.nn.avg_pool2d(net, ksize=2, strides=2, padding="SAME")
            for position, (kernel, bias) in enumerate(convolutions):
                net = tf.nn.relu(tf.nn.conv2d(net, kernel, strides=1, padding="SAME") + bias)
                if position == _FEATURE_CONVOLUTION:
                    features.append(net)
        return features


class SharedFeatures:
    """A network that is asked twice for the features of one image and computes them once.

    With two losses on the same features a training step then goes back through the network once
    as well. This holds while a graph is built; eager calls are not remembered, since a gradient
    tape that is opened later would not know of them.
    """

    def __init__(self, network: Vgg19):
        self._network = network

    def __call__(self, image: tf.Tensor) -> list[tf.Tensor]:
        """As the network's call."""
        if tf.executing_eagerly():
            return self._network(image)
        # Kept by the graph, so that it lives and dies with it.
        known = tf.compat.v1.get_collection_ref(f"{__name__}/features/{id(self)}")
        for other, features in known:
            if other is image:
                return features
        known.append((image, self._network(image)))
        return known[-1][1]


def _read_layers(model_file: str) -> np.ndarray:
    try:
        contents = scipy.io.loadmat(model_file)
    except FileNotFoundError as error:
        raise InputError(
            f"VGG-19 weights: no file {model_file!r}; download imagenet-vgg-verydeep-19.mat "
            "(README) and bind its path to vgg.vgg_model_file and style.vgg_model_file."
        ) from error
    except _UNREADABLE as error:
        raise InputError(
            f"VGG-19 weights: {model_file!r} is not a readable .mat file of version 5 ({error})."
        ) from error
    try:
        return contents["layers"][0]
    except (KeyError, IndexError) as error:
        raise InputError(
            f"VGG-19 weights: {model_file!r} has no 'layers'; expected MatConvNet's "
            "imagenet-vgg-verydeep-19.mat."
        ) from error


def _convolution_weights(
    layers: np.ndarray, index: int, model_file: str
) -> tuple[tf.Tensor, tf.Tensor]:
    try:
        kernel, bias = layers[index][0][0][2][0]
        kernel, bias = np.float32(kernel), np.float32(bias).reshape(-1)
    except (IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"VGG-19 weights: layer {index} of {model_file!r} is not a convolution in "
            "MatConvNet's layout; expected imagenet-vgg-verydeep-19.mat."
        ) from error
    if kernel.ndim != 4 or kernel.shape[:2] != (3, 3) or kernel.shape[3] != bias.size:
        raise InputError(
            f"VGG-19 weights: layer {index} of {model_file!r} has a kernel of shape "
            f"{kernel.shape} and {bias.size} biases; expected (3, 3, in, out) and out."
        )
    return tf.constant(kernel), tf.constant(bias)
