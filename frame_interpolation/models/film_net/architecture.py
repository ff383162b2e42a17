"""FILM's variables and its options, each computed from the other, without building the network.

The released models list 82 variables; names, order and shapes follow from the options alone
(FILM, arXiv 2202.04901). The other way round, all options follow from the shapes but for
`pyramid_levels`, since all coarse levels share their weights, and `use_aux_outputs`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net.options import Options

Shape = tuple[int, ...]

# Of the released models.
RELEASED_PYRAMID_LEVELS = 7

_IMAGE_CHANNELS = 3
_FLOW_CHANNELS = 2


def variable_shapes(options: Options) -> dict[str, Shape]:
    """Names and shapes of the network's variables, in their order.

    Args:
      options: of the network.

    Returns:
      Shapes by name without `:0`: kernels (height, width, in, out), biases (out,).
    """
    shapes: dict[str, Shape] = {}
    for layer, (size, channels_in, channels_out) in _convolutions(options):
        shapes[f"{layer}/kernel"] = (size, size, channels_in, channels_out)
        shapes[f"{layer}/bias"] = (channels_out,)
    return shapes


def infer_options(shapes: Mapping[str, Shape], *, pyramid_levels: int | None = None) -> Options:
    """Finds the options of a network from its variables.

    Args:
      shapes: shapes by name, `fusion` counted from zero.
      pyramid_levels: levels of the image pyramid, which no shape tells; None stands for that of the
        released models, 7, or for less where the network has no shared predictor.

    Returns:
      The options, with `use_aux_outputs` on.

    Raises:
      InputError: these are not the variables of a FILM network.
    """
    try:
        options = _infer(shapes, pyramid_levels)
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(
            f"These are not the variables of a FILM network ({_listed(shapes)}); expected "
            "feat_net/..., predict_flow/... and fusion/... as in the released models."
        ) from error
    expected = variable_shapes(options)
    wrong = sorted(name for name in {*shapes, *expected} if shapes.get(name) != expected.get(name))
    if wrong:
        raise InputError(
            f"These are not the variables of a FILM network: {_listed(wrong)} do not fit the rest. "
            "Expected the names and shapes that one set of film_net options gives."
        )
    return options


def _convolutions(options: Options) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Yields (layer, (kernel size, channels in, channels out))."""
    channels = _IMAGE_CHANNELS
    for index in range(2 * min(options.sub_levels, options.pyramid_levels)):
        filters = options.filters << (index // 2)
        yield f"feat_net/sub_extractor/cfeat_conv_{index}", (3, channels, filters)
        channels = filters
    yield from _predictor_convolutions(options)
    yield from _fusion_convolutions(options)


def _predictor_convolutions(options: Options) -> Iterator[tuple[str, tuple[int, int, int]]]:
    levels: list[tuple[str, int, int]] = [
        (str(level), level, level) for level in range(options.specialized_levels)
    ]
    if options.pyramid_levels > options.specialized_levels:
        levels.append(("shared", options.pyramid_levels - 1, -1))
    for suffix, level, entry in levels:
        channels = 2 * options.feature_channels(level)
        filters, convs = options.flow_filters[entry], options.flow_convs[entry]
        layer = f"predict_flow/flow_predictor_{suffix}/conv_"
        for index in range(convs):
            yield f"{layer}{index}", (3, channels, filters)
            channels = filters
        yield f"{layer}{convs}", (1, channels, filters // 2)
        yield f"{layer}{convs + 1}", (1, filters // 2, _FLOW_CHANNELS)


def _fusion_convolutions(options: Options) -> Iterator[tuple[str, tuple[int, int, int]]]:
    def aligned_channels(level: int) -> int:
        both = 2 * (_IMAGE_CHANNELS + options.feature_channels(level))
        return both + 2 * _FLOW_CHANNELS

    def filters(level: int) -> int:
        return options.filters << min(level, options.specialized_levels)

    coarsest = options.fusion_pyramid_levels - 1
    sizes = []
    for level in range(coarsest):
        below = aligned_channels(coarsest) if level + 1 == coarsest else filters(level + 1)
        width = filters(level)
        sizes += [(2, below, width), (3, aligned_channels(level) + width, width), (3, width, width)]
    sizes.append((1, filters(0) if coarsest else aligned_channels(0), _IMAGE_CHANNELS))
    for index, size in enumerate(sizes):
        yield f"fusion/conv2d_{index}" if index else "fusion/conv2d", size


def _infer(shapes: Mapping[str, Shape], pyramid_levels: int | None) -> Options:
    filters = shapes["feat_net/sub_extractor/cfeat_conv_0/kernel"][-1]
    features = _count(shapes, r"feat_net/sub_extractor/cfeat_conv_(\d+)/kernel")
    specialized = _count(shapes, r"predict_flow/flow_predictor_(\d+)/conv_0/kernel")
    fusion = _count(shapes, r"fusion/(conv2d(?:_\d+)?)/kernel")
    predictors = [str(level) for level in range(specialized)]
    shared = "predict_flow/flow_predictor_shared/conv_0/kernel" in shapes
    if shared:
        predictors.append("shared")
    fusion_levels = (fusion - 1) // 3 + 1
    if pyramid_levels is None:
        at_least = max(RELEASED_PYRAMID_LEVELS, fusion_levels, specialized + 1)
        pyramid_levels = at_least if shared else specialized
    flow_convs = [
        _count(shapes, rf"predict_flow/flow_predictor_{name}/conv_(\d+)/kernel") - 2
        for name in predictors
    ]
    return Options(
        pyramid_levels=pyramid_levels,
        fusion_pyramid_levels=fusion_levels,
        specialized_levels=specialized,
        flow_convs=flow_convs,
        # The first 1x1 convolution has half as many channels as the 3x3 ones before it.
        flow_filters=[
            2 * shapes[f"predict_flow/flow_predictor_{name}/conv_{convs}/bias"][-1]
            for name, convs in zip(predictors, flow_convs, strict=True)
        ],
        sub_levels=features // 2,
        filters=filters,
    )


def _count(shapes: Iterable[str], pattern: str) -> int:
    return len({match[1] for name in shapes if (match := re.fullmatch(pattern, name))})


def _listed(names: Iterable[str], *, limit: int = 3) -> str:
    names = list(names)
    text = ", ".join(names[:limit]) or "there are none"
    return text + (f" and {len(names) - limit} more" if len(names) > limit else "")
