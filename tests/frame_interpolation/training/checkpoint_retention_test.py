import pytest

from frame_interpolation.training.checkpoint_retention import Retention

_HOURLY = [(step, 3600.0 * step) for step in range(1, 11)]


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Retention(newest=1), {10}),
        (Retention(newest=3), {8, 9, 10}),
        (Retention(newest=2, every_hours=4), {1, 5, 9, 10}),
        (Retention(newest=1, every_hours=0.5), set(range(1, 11))),
        (Retention(newest=1, regular_frequency=4), {8, 10}),
        (Retention(newest=1, regular_frequency=5), {10}),
        (Retention(newest=20), set(range(1, 11))),
    ],
)
def test_rules(rule, kept):
    assert rule.kept(_HOURLY) == kept


def test_what_stays_for_its_time_stays_whenever_the_rule_is_asked():
    rule = Retention(newest=2, every_hours=3)
    present, ever_since = [], []
    for checkpoint in _HOURLY:
        kept = rule.kept([*present, checkpoint])
        present = [(step, time) for step, time in [*present, checkpoint] if step in kept]
        ever_since.append(sorted(kept))
    assert ever_since[-1] == [1, 4, 7, 9, 10]
