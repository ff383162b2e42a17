"""What a method of interpolation is to the evaluator, whatever is behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import protocols
from frame_interpolation.eval.evaluation_example import EvaluationExample


@dataclass(frozen=True)
class PreparedTriplet:
    """A triplet as a method gets it.

    Attributes:
        example: The triplet of the dataset.
        x0: First frame, float32 (H, W, 3) in [0, 1], at the protocol's size.
        y: True middle frame, likewise; for its size alone.
        x1: Last frame, likewise.
        roi: Region of interest (x, y, width, height) in pixels at which the estimate is scored,
            or None.
        remarks: What is odd about the triplet, for its scores' readers.
        scored_size: (width, height) at which the estimate is scored, None for that of the frames.
            An estimate may have either size.
    """

    example: EvaluationExample
    x0: np.ndarray
    y: np.ndarray
    x1: np.ndarray
    roi: protocols.Box | None
    remarks: tuple[str, ...] = ()
    scored_size: tuple[int, int] | None = None


Predictor = Callable[[Sequence[PreparedTriplet]], np.ndarray]
"""Estimates the middle frames, float32 (B, H, W, 3) unclipped, of B triplets of equal size."""


@dataclass(frozen=True)
class Method:
    """A method of interpolation that can be evaluated.

    Attributes:
        description: What it is, as a JSON object; 'kind' says what sort of method, 'fingerprint'
            tells two methods apart.
        load: Returns the predictor; called only when something is left to predict.
        batch_size: How many triplets the predictor takes at once, where that is a property of the
            method and not for the evaluation to choose.
    """

    description: Mapping[str, Any]
    load: Callable[[], Predictor]
    batch_size: int | None = None


def predictor_of(interpolator: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Predictor:
    """Makes a predictor of a callable that takes two batches of frames.

    Args:
        interpolator: `(x0, x1) -> image`, float32 (B, H, W, 3), inputs in [0, 1], output unclipped.

    Returns:
        The predictor; an `InputError` of the callable comes with the name of the first triplet.
    """

    def predict(batch: Sequence[PreparedTriplet]) -> np.ndarray:
        x0 = np.stack([triplet.x0 for triplet in batch])
        x1 = np.stack([triplet.x1 for triplet in batch])
        try:
            return np.asarray(interpolator(x0, x1))
        except InputError as error:
            raise InputError(f"Triplet {batch[0].example.name!r}: {error}") from error

    return predict
