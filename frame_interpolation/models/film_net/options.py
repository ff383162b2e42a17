"""Options of the FILM network (gin selector `film_net`).

The names and defaults are those of the released gin configurations (FILM, arXiv 2202.04901).
"""

import dataclasses
from collections.abc import Sequence

import gin


@gin.register("film_net")
@dataclasses.dataclass(frozen=True)
class Options:
    """Shape of the network.

    Attributes:
      pyramid_levels: levels of the feature and flow pyramids.
      fusion_pyramid_levels: how many of the finest levels the fusion decoder uses.
      specialized_levels: finest levels with a flow predictor of their own; all coarser levels share
        one. Also the level from which the fusion decoder stops growing wider.
      flow_convs: 3x3 convolutions of each flow predictor, finest first; the last entry is the
        shared predictor's.
      flow_filters: channels of those convolutions, in the same order.
      sub_levels: depth of the sub-pyramid from which features of a level are collected.
      filters: channels of the first feature convolution; they double with the depth.
      use_aux_outputs: also return the warped inputs and the flow pyramids.

    Raises:
      ValueError: an option is out of range or does not fit the others.
    """

    pyramid_levels: int = 5
    fusion_pyramid_levels: int = 5
    specialized_levels: int = 3
    flow_convs: Sequence[int] = (4, 4, 4, 4)
    flow_filters: Sequence[int] = (64, 128, 256, 256)
    sub_levels: int = 4
    filters: int = 16
    use_aux_outputs: bool = True

    def __post_init__(self):
        object.__setattr__(self, "flow_convs", tuple(self.flow_convs))
        object.__setattr__(self, "flow_filters", tuple(self.flow_filters))
        for name in ("pyramid_levels", "fusion_pyramid_levels", "sub_levels", "filters"):
            self._check_integer(name, getattr(self, name), minimum=1)
        self._check_integer("specialized_levels", self.specialized_levels, minimum=0)
        if self.fusion_pyramid_levels > self.pyramid_levels:
            raise ValueError(
                f"film_net.fusion_pyramid_levels is {self.fusion_pyramid_levels}; it cannot exceed "
                f"film_net.pyramid_levels, which is {self.pyramid_levels}."
            )
        if self.specialized_levels > self.pyramid_levels:
            raise ValueError(
                f"film_net.specialized_levels is {self.specialized_levels}; it cannot exceed "
                f"film_net.pyramid_levels, which is {self.pyramid_levels}."
            )
        for name, minimum in (("flow_convs", 0), ("flow_filters", 2)):
            self._check_predictor_list(name, minimum=minimum)
        shared_levels = range(self.specialized_levels, self.pyramid_levels)
        if len({self.feature_channels(level) for level in shared_levels}) > 1:
            raise ValueError(
                f"film_net.specialized_levels is {self.specialized_levels} and film_net.sub_levels "
                f"is {self.sub_levels}; the levels that share a flow predictor must have equally "
                "many features, so specialized_levels must be at least sub_levels - 1."
            )

    def _check_predictor_list(self, name: str, *, minimum: int) -> None:
        values = getattr(self, name)
        needed = max(self.specialized_levels, 1)
        if len(values) < needed:
            raise ValueError(
                f"film_net.{name} is {list(values)}; with film_net.specialized_levels = "
                f"{self.specialized_levels} it needs at least {needed} entries, one for each "
                "specialized level, the last entry being that of the shared predictor."
            )
        for value in values:
            self._check_integer(name, value, minimum=minimum)
        if name == "flow_filters" and any(value % 2 for value in values):
            raise ValueError(
                f"film_net.flow_filters is {list(values)}; every entry must be even, since the "
                "1x1 convolution behind has half as many channels."
            )

    @staticmethod
    def _check_integer(name: str, value: object, *, minimum: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise ValueError(
                f"film_net.{name} has the value {value!r}; expected integers of at least {minimum}."
            )

    @property
    def minimum_size_px(self) -> int:
        """The smallest height and width of an input image, in pixels."""
        return 2 ** (self.pyramid_levels - 1)

    def feature_channels(self, level: int) -> int:
        """Channels of the feature pyramid at a level."""
        depths = min(level + 1, self.sub_levels)
        return sum(self.filters << depth for depth in range(depths))
