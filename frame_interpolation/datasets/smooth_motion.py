"""Smooth motion of a flat layer: translation, rotation, zoom, shear, perspective, slow local warp.

Time t runs over [-1, 1]: the outer frames of a triplet are at -1 and 1, the middle one at 0. Every
amount is the change from the first to the last frame; at time t the layer has gone tau(t) / 2 of
it from its middle pose, with tau(t) = t + acceleration * (1 - t^2): at constant velocity tau = t
and the pose at t = 0 is half-way.

`Motion.layer_from_frame` maps frame coordinates to layer coordinates (the backward map that
rendering needs). Both are (x, y) in pixels of the rendered frame; pixel centres lie at k + 0.5, the
layer's origin is its pivot.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Wave:
    """One sinusoid of the local warp.

    Attributes:
      amplitude_px: (dx, dy), outer-to-outer.
      frequency: (fx, fy) in radians a pixel.
      phase: Radians.
    """

    amplitude_px: tuple[float, float]
    frequency: tuple[float, float]
    phase: float


@dataclasses.dataclass(frozen=True)
class Motion:
    """Motion of a layer from the first to the last frame of a triplet.

    Attributes:
      pivot_px: Where the layer's origin lies in the middle pose, (x, y).
      displacement_px: Translation from the first to the last frame, (dx, dy).
      rotation: Radians, clockwise on screen.
      log_zoom: Logarithm of the magnification.
      shear: Change of x by y.
      perspective: (px, py), change of 1 / depth a pixel.
      waves: The local warp, a sum of sinusoids that are fixed to the layer.
      acceleration: Where between the poses the middle frame is: 0 half-way, 1 at the last.
    """

    pivot_px: tuple[float, float]
    displacement_px: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    log_zoom: float = 0.0
    shear: float = 0.0
    perspective: tuple[float, float] = (0.0, 0.0)
    waves: tuple[Wave, ...] = ()
    acceleration: float = 0.0

    @property
    def is_affine(self) -> bool:
        """Whether straight lines stay straight and parallel ones parallel."""
        return not self.waves and self.perspective == (0.0, 0.0)

    def half_phase(self, time: float) -> float:
        """Share of the whole motion gone since the middle pose, in [-1/2, 1/2]."""
        return (time + self.acceleration * (1.0 - time * time)) / 2.0

    def layer_from_frame(self, points: np.ndarray, time: float) -> np.ndarray:
        """Maps points of the frame at a time to the layer.

        Args:
          points: Frame coordinates (..., 2), (x, y) in pixels.
          time: In [-1, 1].

        Returns:
          Layer coordinates (..., 2) in pixels.
        """
        phase = self.half_phase(time)
        moved = points - np.asarray(self.pivot_px) - phase * np.asarray(self.displacement_px)
        if self.perspective != (0.0, 0.0):
            depth = 1.0 + phase * (moved @ np.asarray(self.perspective))
            moved = moved / np.maximum(depth, 0.2)[..., None]
        warped = moved
        for wave in self.waves:
            angle = moved @ np.asarray(wave.frequency) + wave.phase
            warped = warped - phase * np.sin(angle)[..., None] * np.asarray(wave.amplitude_px)
        cosine, sine = np.cos(phase * self.rotation), np.sin(phase * self.rotation)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        shear = np.array([[1.0, phase * self.shear], [0.0, 1.0]])
        return warped @ (np.exp(-phase * self.log_zoom) * shear @ turn).T


@dataclasses.dataclass(frozen=True)
class Band:
    """How far layers move in a share of the cases; everything outer-to-outer.

    Attributes:
      share: Share of the layers.
      least_px: Least displacement.
      most_px: Largest displacement; in between its logarithm is uniform.
      rotation_degrees: Largest rotation, either way.
      log_zoom: Largest zoom, either way.
      shear: Largest shear, either way.
      perspective: Largest change of depth over the frame, either way.
      warp_px: Largest amplitude of a wave of the local warp.
    """

    share: float
    least_px: float
    most_px: float
    rotation_degrees: float
    log_zoom: float
    shear: float
    perspective: float
    warp_px: float


SMALL = Band(0.35, 0.2, 4.0, 2.0, 0.02, 0.02, 0.02, 2.0)
MEDIUM = Band(0.40, 4.0, 16.0, 7.0, 0.09, 0.06, 0.08, 4.0)
LARGE = Band(0.25, 16.0, 60.0, 18.0, 0.22, 0.12, 0.15, 7.0)
BANDS = (SMALL, MEDIUM, LARGE)
_MOST_ACCELERATION = 0.12


def _sometimes(rng: np.random.Generator, limit: float, share: float) -> float:
    """A uniform number of [-limit, limit] in a share of the cases, else 0."""
    return float(rng.uniform(-limit, limit)) if rng.random() < share else 0.0


def _draw_waves(rng: np.random.Generator, warp_px: float) -> tuple[Wave, ...]:
    """One to three waves so long that the layer stretches but never folds."""
    waves = []
    for _ in range(rng.integers(1, 4)):
        wavelength_px = rng.uniform(90, 320)
        direction = rng.uniform(0, 2 * np.pi)
        amplitude_px = rng.uniform(0.2, 1.0) * min(warp_px, 0.04 * wavelength_px)
        toward = rng.uniform(0, 2 * np.pi)
        radians = 2 * np.pi / wavelength_px
        waves.append(
            Wave(
                amplitude_px=(amplitude_px * np.cos(toward), amplitude_px * np.sin(toward)),
                frequency=(radians * np.cos(direction), radians * np.sin(direction)),
                phase=rng.uniform(0, 2 * np.pi),
            )
        )
    return tuple(waves)


def draw(
    rng: np.random.Generator,
    *,
    pivot_px: tuple[float, float],
    frame_side_px: int,
    carried_px: tuple[float, float] = (0.0, 0.0),
) -> Motion:
    """Draws a motion of one of the bands: small (up to 4 px), medium (to 16), large (to 60).

    Nine in ten have constant velocity, so that the middle frame shows the half-way pose.

    Args:
      rng: Source of all randomness.
      pivot_px: Position of the layer's origin in the middle pose.
      frame_side_px: Side of the frame; perspective is measured over it.
      carried_px: Displacement of what the layer is carried by, added to its own.
    """
    band = BANDS[rng.choice(len(BANDS), p=[b.share for b in BANDS])]
    length_px = np.exp(rng.uniform(np.log(band.least_px), np.log(band.most_px)))
    angle = rng.uniform(0, 2 * np.pi)
    waves = _draw_waves(rng, band.warp_px) if rng.random() < 0.3 else ()
    tilts = rng.random() >= 0.8
    rotation = np.deg2rad(_sometimes(rng, band.rotation_degrees, 0.6))
    log_zoom = _sometimes(rng, band.log_zoom, 0.6)
    shear = _sometimes(rng, band.shear, 0.25)
    perspective = (0.0, 0.0)
    if tilts:
        limit = band.perspective / frame_side_px
        perspective = (_sometimes(rng, limit, 1.0), _sometimes(rng, limit, 1.0))
    return Motion(
        pivot_px=pivot_px,
        displacement_px=(
            carried_px[0] + length_px * np.cos(angle),
            carried_px[1] + length_px * np.sin(angle),
        ),
        rotation=rotation,
        log_zoom=log_zoom,
        shear=shear,
        perspective=perspective,
        waves=waves,
        acceleration=_sometimes(rng, _MOST_ACCELERATION, 0.1),
    )
