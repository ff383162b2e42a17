"""LPIPS, the perceptual distance of Zhang et al., version 0.1 with AlexNet, in TensorFlow.

"The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (CVPR 2018, arXiv
1801.03924). Both frames go through the five convolutions of AlexNet (in torchvision's form:
Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv 1404.5997). At
every position the features after each ReLU are divided by their length; the squared differences,
weighted by channel, are averaged over positions and added up over the five layers.

The network is made for frames in [-1, 1]: `distance` scales them so. Where that was forgotten, as
in the figures published for ATD-12K, frames in [0, 1] go in as they are: `unscaled_distance`.

The weights come from the user as one `.npz` file, which tools/convert_lpips_weights.py makes of the
public PyTorch files. It holds, in float32,

    conv<k>/kernel     (height, width, in, out), k = 1..5; sides 11, 5, 3, 3, 3
    conv<k>/bias       (out,)
    linear<k>/weights  (out,): the weight of each channel of layer k

and nothing else. AlexNet has 64, 192, 384, 256 and 256 channels; a file with other numbers that fit
one another is read all the same.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

KERNEL_SIDES_PX = (11, 5, 3, 3, 3)
MINIMUM_SIDE_PX = 31
"""Smaller frames leave nothing for the convolutions behind the second pooling."""

_LAYERS = range(1, len(KERNEL_SIDES_PX) + 1)
_NAMES = tuple(
    name for k in _LAYERS for name in (f"conv{k}/kernel", f"conv{k}/bias", f"linear{k}/weights")
)
_POOLED_BEFORE = (2, 3)
_FIRST_STRIDE = 4
_FIRST_PADDING_PX = 2
# What LPIPS subtracts and divides by, for RGB in [-1, 1].
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-10


class Lpips:
    """The network and its weights.

    Attributes:
        sha256: Digest of names, shapes and values of the weights: files with equal weights have the
            same, however they were packed.
    """

    def __init__(self, weights_file: str) -> None:
        """Reads the weights.

        Args:
            weights_file: Path of the `.npz` file, relative ones as `repository_paths` has it.

        Raises:
            InputError: If the file is missing, unreadable or of another layout.
        """
        weights = read_weights(weights_file)
        digest = hashlib.sha256()
        for name in _NAMES:
            digest.update(f"{name} {weights[name].shape}\n".encode())
            digest.update(weights[name].astype("<f4").tobytes())
        self.sha256 = digest.hexdigest()
        self._weights = weights

    def distance(self, estimate: np.ndarray, truth: np.ndarray) -> float:
        """Computes LPIPS as the network is meant to be used.

        Args:
            estimate: Frame (H, W, 3), float in [0, 1], both sides at least 31 px.
            truth: Frame (H, W, 3), float in [0, 1].

        Returns:
            The distance, 0 for equal frames.
        """
        return self._distance(2.0 * _pair(estimate, truth) - 1.0)

    def unscaled_distance(self, estimate: np.ndarray, truth: np.ndarray) -> float:
        """Computes LPIPS with the scaling to [-1, 1] left out, as the published figures have it.

        Args:
            estimate: Frame (H, W, 3), float in [0, 1], both sides at least 31 px.
            truth: Frame (H, W, 3), float in [0, 1].

        Returns:
            The distance, 0 for equal frames.
        """
        return self._distance(_pair(estimate, truth))

    def _distance(self, pair: np.ndarray) -> float:
        import tensorflow as tf

        # On the CPU, as all scores: the same value wherever the network runs, and beside it.
        with tf.device("CPU:0"):
            total = tf.constant(0.0)
            for k, features in enumerate(self._features(tf.constant(pair)), start=1):
                length = tf.sqrt(tf.reduce_sum(tf.square(features), axis=-1, keepdims=True))
                directions = features / (length + _EPSILON)
                squared = tf.reduce_mean(tf.square(directions[0] - directions[1]), axis=(0, 1))
                total += tf.reduce_sum(squared * self._weights[f"linear{k}/weights"])
            return float(total.numpy())

    def _features(self, frames: "tf.Tensor") -> list["tf.Tensor"]:
        """Maps (B, H, W, 3) to the five layers' features after ReLU."""
        import tensorflow as tf

        margin = [_FIRST_PADDING_PX, _FIRST_PADDING_PX]
        net = (frames - tf.constant(_SHIFT)) / tf.constant(_SCALE)
        layers = []
        for k in _LAYERS:
            if k in _POOLED_BEFORE:
                net = tf.nn.max_pool2d(net, ksize=3, strides=2, padding="VALID")
            net = tf.nn.conv2d(
                net,
                self._weights[f"conv{k}/kernel"],
                strides=_FIRST_STRIDE if k == 1 else 1,
                padding=[[0, 0], margin, margin, [0, 0]] if k == 1 else "SAME",
            )
            net = tf.nn.relu(net + self._weights[f"conv{k}/bias"])
            layers.append(net)
        return layers


def read_weights(weights_file: str) -> dict[str, np.ndarray]:
    """Reads and checks a file of weights.

    Args:
        weights_file: Path of the `.npz` file, relative ones as `repository_paths` has it.

    Returns:
        float32 arrays by name (see the module docstring).

    Raises:
        InputError: If the file is missing, unreadable or of another layout.
    """
    path = repository_paths.find(weights_file)
    try:
        with np.load(path, allow_pickle=False) as archive:
            weights = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise InputError(
            f"LPIPS weights: no file {weights_file!r}; make it of the public PyTorch files with "
            "tools/convert_lpips_weights.py, and bind its path to evaluation.lpips_weights."
        ) from error
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"LPIPS weights: {weights_file!r} is not a readable .npz file ({error}); expected what "
            "tools/convert_lpips_weights.py writes."
        ) from error
    check_weights(weights, source=weights_file)
    return {name: weights[name].astype(np.float32) for name in _NAMES}


def check_weights(weights: Mapping[str, np.ndarray], *, source: str) -> None:
    """Refuses weights of another layout.

    Args:
        weights: Arrays by name.
        source: Where they come from, for the message.

    Raises:
        InputError: If names, shapes or types are not those of the module docstring, or a value is
            not finite.
    """

    def refuse(found: str) -> None:
        raise InputError(
            f"LPIPS weights: {source!r} {found}; expected what tools/convert_lpips_weights.py "
            "makes of torchvision's AlexNet and the weights of LPIPS 0.1 for it."
        )

    missing = [name for name in _NAMES if name not in weights]
    unknown = sorted(set(weights) - set(_NAMES))
    if missing or unknown:
        refuse(
            " and ".join(
                f"{verb} {', '.join(names)}"
                for verb, names in (("lacks", missing), ("has", unknown))
                if names
            )
        )
    for name in _NAMES:
        values = weights[name]
        if values.dtype.kind != "f" or not np.isfinite(values).all():
            refuse(f"holds {name} of type {values.dtype} with values that are no finite numbers")
    channels = 3
    for k, side in zip(_LAYERS, KERNEL_SIDES_PX, strict=True):
        kernel = weights[f"conv{k}/kernel"]
        if kernel.ndim != 4 or kernel.shape[:3] != (side, side, channels) or not kernel.size:
            refuse(
                f"holds conv{k}/kernel of shape {kernel.shape}, not ({side}, {side}, {channels}, "
                "channels)"
            )
        channels = kernel.shape[3]
        for name in (f"conv{k}/bias", f"linear{k}/weights"):
            if weights[name].shape != (channels,):
                refuse(f"holds {name} of shape {weights[name].shape}, not ({channels},)")


def _pair(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.stack([estimate, truth]).astype(np.float32)
