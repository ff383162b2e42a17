"""FILM's feature extractor: one small network shared by all levels of the image pyramid.

From every level i of the image pyramid the sub-extractor runs a few levels further down. Features
of the same size are then concatenated along the diagonal: level i holds S(i, 0), S(i-1, 1), ...,
where S(k, j) is depth j of the sub-pyramid started at level k. From level `sub_levels` - 1 on, all
levels have the same channels with the same meaning, which is what lets the coarse levels share one
flow predictor (arXiv 2202.04901, section 3).
"""

from collections.abc import Sequence

import tensorflow as tf

from frame_interpolation.models.film_net.convolution import Convolution
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.ops.image_pyramid import downsample


class SubTreeExtractor(tf.keras.layers.Layer):
    """Two 3x3 convolutions at each depth, average pooling between the depths."""

    def __init__(
        self, options: Options, *, precision: str = "float32", name: str = "sub_extractor"
    ):
        super().__init__(name=name, autocast=False)
        # The attribute names `convs` and `extract_sublevels` are keys of FILM's checkpoints.
        self.convs = [
            Convolution(
                options.filters << (index // 2),
                3,
                name=f"cfeat_conv_{index}",
                precision=precision,
            )
            for index in range(2 * options.sub_levels)
        ]

    def call(self, image: tf.Tensor, depths: int) -> list[tf.Tensor]:
        """Maps (B, H, W, 3) to `depths` tensors (B, H >> j, W >> j, filters << j)."""
        features = []
        net = image
        for depth in range(depths):
            if depth:
                net = downsample(net)
            net = self.convs[2 * depth + 1](self.convs[2 * depth](net))
            features.append(net)
        return features


class FeatureExtractor(tf.keras.layers.Layer):
    """Maps an image pyramid to a feature pyramid."""

    def __init__(self, options: Options, *, precision: str = "float32", name: str = "feat_net"):
        super().__init__(name=name, autocast=False)
        self._sub_levels = options.sub_levels
        self.extract_sublevels = SubTreeExtractor(options, precision=precision)

    def call(self, pyramid: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Maps images (B, H >> i, W >> i, 3), finest first, to features of the same sizes."""
        levels = len(pyramid)
        sub_pyramids = [
            self.extract_sublevels(image, min(self._sub_levels, levels - level))
            for level, image in enumerate(pyramid)
        ]
        return [
            tf.concat(
                [
                    sub_pyramids[level - depth][depth]
                    for depth in range(min(level + 1, self._sub_levels))
                ],
                axis=-1,
            )
            for level in range(levels)
        ]
