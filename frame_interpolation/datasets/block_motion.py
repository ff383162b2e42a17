"""How far things move between two frames: block matching, the classical full search.

Meant for statistics of a dataset, where speed and never being far off count for more than
precision. Both frames are brought to a luma image of `LONG_SIDE_PX` along the longer side; each
block of `BLOCK_PX` of the first is compared with the second at every displacement of at most
`RADIUS_PX`, and takes the one with the smallest mean absolute difference, a little being added for
each pixel of displacement, so that flat blocks and straight edges, which fit in many places, stay
as near as they can. A parabola through the neighbouring differences gives the fraction.

What it cannot see: motion of more than an eighth of the longer side (such blocks get some smaller
displacement, often the largest; `at_limit` tells), what is much smaller than a block (1/16 of the
longer side), several motions in one block, and changes that are no motion: a fade or a cut is
matched as well as can be. Flat areas do not move. Nothing below about a tenth of a pixel of the
small image (1/2000 of the longer side) means anything.

Displacements are (dx, dy), from the first frame to the second.
"""

from typing import Final, NamedTuple

import numpy as np

LONG_SIDE_PX: Final = 192
BLOCK_PX: Final = 12
RADIUS_PX: Final = 24
# In luma of [0, 1] for each pixel of displacement: a quarter of an 8-bit step.
_COST_OF_DISTANCE: Final = 0.001
# In luma; less is rounding.
_SMALLEST_BEND: Final = 1e-4


class BlockMotion(NamedTuple):
    """Displacements of the blocks of a frame.

    Attributes:
        displacement: (rows, columns, 2) float32, (dx, dy) in pixels of the images that were given.
        at_limit: (rows, columns) bool, whether it is as large as is looked for.
    """

    displacement: np.ndarray
    at_limit: np.ndarray

    @property
    def magnitude(self) -> np.ndarray:
        """(rows, columns) float32, in pixels of the images that were given."""
        return np.hypot(self.displacement[..., 0], self.displacement[..., 1])


def estimate(first: np.ndarray, last: np.ndarray) -> BlockMotion:
    """Finds where the blocks of one image went in another.

    Args:
        first: (height, width) float32, luma in [0, 1], the longer side `LONG_SIDE_PX` for the
            limits to be what the module's documentation says.
        last: Likewise.
    """
    if first.shape != last.shape:
        raise ValueError(f"images of {first.shape} and {last.shape}")
    costs = _costs(_whole_blocks(first), _whole_blocks(last))
    reach = np.arange(-RADIUS_PX, RADIUS_PX + 1)
    dy, dx = np.meshgrid(reach, reach, indexing="ij")
    distance = np.hypot(dx, dy).astype(np.float32)
    weighed = costs + _COST_OF_DISTANCE * distance[..., np.newaxis, np.newaxis]
    weighed[distance > RADIUS_PX] = np.inf
    best = weighed.reshape(reach.size**2, *costs.shape[2:]).argmin(axis=0)
    row, column = np.unravel_index(best, distance.shape)
    displacement = np.stack(
        [
            dx[row, column] + _fraction(costs, row, column, axis=1),
            dy[row, column] + _fraction(costs, row, column, axis=0),
        ],
        axis=-1,
    )
    displacement[best == distance.argmin()] = 0.0  # What does not move, does not move at all.
    return BlockMotion(displacement.astype(np.float32), distance[row, column] > RADIUS_PX - 1)


def _whole_blocks(image: np.ndarray) -> np.ndarray:
    missing = [(0, -side % BLOCK_PX) for side in image.shape]
    return np.pad(image.astype(np.float32), missing, mode="edge")


def _costs(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(2 RADIUS + 1, 2 RADIUS + 1, rows, columns): mean absolute differences by (dy, dx)."""
    height, width = first.shape
    # Sums over blocks as two matrix products, several times as fast as sums over axes.
    rows = np.repeat(np.eye(height // BLOCK_PX, dtype=np.float32), BLOCK_PX, axis=1) / BLOCK_PX
    columns = np.repeat(np.eye(width // BLOCK_PX, dtype=np.float32), BLOCK_PX, axis=0) / BLOCK_PX
    around = np.pad(last, RADIUS_PX, mode="edge")
    places = range(2 * RADIUS_PX + 1)
    costs = np.empty((len(places), len(places), len(rows), columns.shape[1]), np.float32)
    for y in places:
        for x in places:
            difference = np.abs(first - around[y : y + height, x : x + width])
            costs[y, x] = rows @ difference @ columns
    return costs


def _fraction(costs: np.ndarray, row: np.ndarray, column: np.ndarray, axis: int) -> np.ndarray:
    """Where between -1/2 and 1/2 a parabola through three costs along an axis is lowest."""
    block_rows, block_columns = np.indices(row.shape)
    place = (row, column)[axis]
    within = np.clip(place, 1, 2 * RADIUS_PX - 1)

    def cost(step: int) -> np.ndarray:
        places = [row, column]
        places[axis] = within + step
        return costs[places[0], places[1], block_rows, block_columns]

    before, here, after = cost(-1), cost(0), cost(1)
    bend = before - 2.0 * here + after
    known = (bend > _SMALLEST_BEND) & (place == within)
    fraction = 0.5 * (before - after) / np.where(known, bend, 1.0)
    return np.where(known, np.clip(fraction, -0.5, 0.5), 0.0)
