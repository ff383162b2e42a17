"""Which checkpoints of a run stay."""

import dataclasses
from collections.abc import Iterable

_SECONDS_PER_HOUR = 3600.0


@dataclasses.dataclass(frozen=True)
class Retention:
    """A rule by number and by time.

    Attributes:
      newest: how many of the newest stay.
      every_hours: of the others the oldest stays, and then one each time that this many hours have
        passed; 0 for none.
      regular_frequency: steps between two regular checkpoints. The newest regular one always stays,
        since a run that diverges goes back to it; 0 for none.
    """

    newest: int
    every_hours: float = 0.0
    regular_frequency: int = 0

    def kept(self, checkpoints: Iterable[tuple[int, float]]) -> set[int]:
        """Chooses.

        Args:
          checkpoints: step and time of saving, in seconds, of each one.

        Returns:
          The steps of those that stay.
        """
        in_order = sorted(checkpoints)
        steps = [step for step, _ in in_order]
        kept = set(steps[-self.newest :])
        if self.regular_frequency:
            kept.update([step for step in steps if step % self.regular_frequency == 0][-1:])
        if self.every_hours:
            last_s = None
            for step, saved_s in in_order:
                if last_s is None or saved_s - last_s >= self.every_hours * _SECONDS_PER_HOUR:
                    last_s = saved_s
                    kept.add(step)
        return kept
