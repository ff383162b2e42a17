"""Scores of other methods on ATD-12K as published, in the units of this project's columns.

Source: Chen and Zwicker, "Improving the Perceptual Quality of 2D Animation Interpolation" (EISAI),
arXiv 2111.12792, the table of its poster: the 2,000 test triplets at 960x540, protocol `atd12k`.
There SSIM is in per cent, LPIPS is times 100 (version 0.1, AlexNet, called on images in [0, 1],
hence our `lpips_unscaled`), and the chamfer line distance is times 100,000. Nothing here was
computed by this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PROTOCOL = "atd12k"
TRIPLETS = 2000
SOURCE = "EISAI poster, arXiv 2111.12792"

WITHOUT_FIGURE = (
    "No figure for Super SloMo, FILM or ToonCrafter on ATD-12K at this protocol is published that "
    "could be verified, so none is shown."
)


@dataclass(frozen=True)
class PublishedScore:
    """Published means of one method over the 2,000 test triplets.

    Attributes:
        method: Name of the method.
        values: Mean by column name, in the unit of that column.
        source: Where the figures stand.
    """

    method: str
    values: Mapping[str, float]
    source: str = SOURCE


def _score(
    method: str, psnr: float, ssim_percent: float, lpips_e2: float, chamfer_e5: float
) -> PublishedScore:
    # Rounding undoes what division adds: a published figure keeps its digits.
    return PublishedScore(
        method,
        {
            "psnr": psnr,
            "ssim_atd12k": round(ssim_percent / 100, 4),
            "lpips_unscaled": round(lpips_e2 / 100, 5),
            "chamfer": round(chamfer_e5 / 100_000, 8),
        },
    )


SCORES = (
    _score("AnimeInterp", 29.675, 95.84, 5.059, 5.564),
    _score("EISAI", 29.293, 95.15, 3.494, 4.350),
    _score("ABME", 29.177, 95.54, 5.731, 7.244),
    _score("ABME fine-tuned", 29.060, 95.19, 4.208, 4.981),
    _score("DAIN fine-tuned", 29.040, 95.27, 4.137, 4.851),
    _score("AnimeInterp fine-tuned", 28.962, 95.02, 3.757, 4.513),
    _score("DAIN", 28.840, 95.28, 4.695, 5.288),
    _score("RIFE", 28.515, 95.14, 4.451, 5.488),
    _score("RIFE fine-tuned", 27.977, 93.70, 4.233, 5.411),
)
"""All published rows, best PSNR first."""


def rows_for(protocol: str) -> tuple[PublishedScore, ...]:
    """Returns the rows that may stand beside results of a protocol.

    Args:
        protocol: Name of the protocol of our results.

    Returns:
        The published rows for 'atd12k'; none for any other.
    """
    return SCORES if protocol == PROTOCOL else ()


def notes_for(protocol: str, triplets: int) -> tuple[str, ...]:
    """Says what must be known to read the published rows.

    Args:
        protocol: Name of the protocol of our results.
        triplets: Number of triplets of our results.

    Returns:
        Sentences; none where there are no published rows.
    """
    if not rows_for(protocol):
        return ()
    notes = [
        f"Rows marked 'published' were not computed here: {SOURCE}, on the {TRIPLETS:,} test "
        "triplets of ATD-12K.",
        WITHOUT_FIGURE,
    ]
    if triplets != TRIPLETS:
        notes.insert(
            0,
            f"The published rows are on {TRIPLETS:,} triplets, the scored ones on {triplets:,}: "
            "not comparable with each other.",
        )
    return tuple(notes)
