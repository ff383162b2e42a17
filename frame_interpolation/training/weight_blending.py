"""Blending of new with old weights (WiSE-FT: Wortsman et al., CVPR 2022, arXiv 2109.01903).

Every weight becomes f * new + (1 - f) * old. Between the two ends the blend often keeps most of
what fine-tuning has gained and loses less of what the network could before.
"""

from collections.abc import Mapping

import numpy as np

from frame_interpolation.errors import InputError


def check_factor(factor: float, *, name: str) -> None:
    """Makes sure that a factor lies between the two ends.

    Args:
      factor: share of the new weights.
      name: of the flag or binding that gave it, for the message.

    Raises:
      InputError: it does not.
    """
    if not 0.0 <= factor <= 1.0:
        raise InputError(f"{name} is {factor!r}; expected a number from 0 (old) to 1 (new).")


def blend(
    new: Mapping[int, np.ndarray], old: Mapping[int, np.ndarray], *, factor: float
) -> dict[int, np.ndarray]:
    """Blends weights.

    Args:
      new: the trained values, by place in the model's list.
      old: those before; a weight that is not among them stays new.
      factor: share of the new ones, in [0, 1]; the ends give one of the two bit for bit.

    Returns:
      The blend, with the places and types of `new`.
    """
    if factor == 1.0:
        return dict(new)
    blended = {}
    for place, value in new.items():
        before = old.get(place, value)
        if factor == 0.0:
            blended[place] = before
        else:
            blended[place] = (before + factor * (value - before)).astype(value.dtype)
    return blended
