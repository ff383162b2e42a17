import math

import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import evaluation_history
from frame_interpolation.training.evaluation_history import BestMetric, EvaluationHistory


def _take(history, *values, first_step=1):
    return [
        history.take({"a": {"psnr": value}}, step) for step, value in enumerate(values, first_step)
    ]


@pytest.mark.parametrize(
    ("loss", "values", "best"),
    [
        ("psnr", [30, 31, 30.5, 32], [True, True, False, True]),
        ("l1", [0.3, 0.2, 0.2, 0.1], [True, True, False, True]),
        ("k*ssim", [0.5, 0.4], [True, False]),
        ("l1", [math.nan, 0.2, math.nan, 0.1], [False, True, False, True]),
    ],
)
def test_the_best_value_is_found(loss, values, best):
    metric = BestMetric("a", loss)
    history = EvaluationHistory(best_metric=metric)
    found = [history.take({"a": {loss: value}}, step) for step, value in enumerate(values)]
    assert found == best


def test_evaluations_without_a_better_value_are_counted():
    history = EvaluationHistory(best_metric=BestMetric("a", "psnr"))
    _take(history, 30, 29, 30)
    assert (history.without_improvement, history.best) == (2, (1, 30.0))
    _take(history, 31, first_step=4)
    assert (history.without_improvement, history.best, history.last_step) == (0, (4, 31.0), 4)


def test_forgetting_is_the_drop_since_step_0_on_natural_sets():
    history = EvaluationHistory(natural_names=["natural"])
    assert history.forgetting("natural", {"psnr": 30.0}, 5) is None
    assert history.forgetting("natural", {"psnr": 33.0}, 0) == 0.0
    assert history.forgetting("natural", {"psnr": 31.5}, 10) == 1.5
    assert history.forgetting("natural", {"psnr": 34.0}, 20) == -1.0
    assert history.forgetting("animation", {"psnr": 30.0}, 0) is None


def test_a_checkpoint_holds_all_of_it(tmp_path):
    def create():
        return EvaluationHistory(best_metric=BestMetric("a", "psnr"), natural_names=["a/b", "c"])

    history = create()
    history.forgetting("a/b", {"psnr": 0.1}, 0)
    _take(history, 1 / 3, 0.2)
    path = tf.train.Checkpoint(evaluations=history.state).write(str(tmp_path / "ckpt"))
    other = create()
    tf.train.Checkpoint(evaluations=other.state).read(path).assert_consumed()
    assert (other.best, other.last_step, other.without_improvement) == ((1, 1 / 3), 2, 1)
    assert other.forgetting("a/b", {"psnr": 0.1}, 9) == 0.0


@pytest.mark.parametrize(("metric", "best"), [("psnr", (2, 31.0)), ("ssim", (-1, math.nan))])
def test_a_best_value_is_that_of_its_metric_alone(metric, best, tmp_path):
    history = EvaluationHistory(best_metric=BestMetric("a", "psnr"))
    _take(history, 30, 31, 29)
    path = tf.train.Checkpoint(evaluations=history.state).write(str(tmp_path / "ckpt"))
    other = EvaluationHistory(best_metric=BestMetric("a", metric))
    tf.train.Checkpoint(evaluations=other.state).read(path)
    other.check_restored()
    assert other.best == pytest.approx(best, nan_ok=True)
    assert other.without_improvement == (metric == "psnr")
    assert other.last_step == 3


def test_metrics_are_named_as_they_are_reported():
    names = evaluation_history.reported_names(["l1", "psnr"], [2.0, 1])
    assert names == ["k*l1", "psnr"]
    assert BestMetric.parse("", datasets=["a"], losses=names) is None
    parsed = BestMetric.parse("a/k*l1", datasets=["a"], losses=names)
    assert parsed == BestMetric("a", "k*l1")
    for text in ("a/l1", "psnr", "b/psnr"):
        with pytest.raises(InputError, match=r"best_metric is .*expected one of a/k\*l1, a/psnr"):
            BestMetric.parse(text, datasets=["a"], losses=names)
