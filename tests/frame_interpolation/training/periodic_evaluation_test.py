import contextlib

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import StyleOptions, TestLosses, VggOptions
from frame_interpolation.training.periodic_evaluation import PeriodicEvaluation
from frame_interpolation.training.train_loop import StepResult


class _FirstFrame(tf.keras.Model):
    """Predicts x0."""

    def call(self, inputs, training=False):
        del training
        return {"image": inputs["x0"]}


def _example(error, *, batch_size=1, side=4):
    zero = tf.zeros([batch_size, side, side, 3])
    return {"x0": zero + error, "y": zero, "x1": zero, "time": tf.fill([batch_size, 1], 0.5)}


@pytest.fixture
def create(tmp_path):
    def create(datasets, **arguments):
        losses = weighting.create_test_losses(
            TestLosses(loss_names=["l1", "l2"], loss_weights=[1.0, 10.0]),
            vgg=VggOptions(),
            style=StyleOptions(),
        )
        arguments = {"frequency": 2} | arguments
        return PeriodicEvaluation(
            str(tmp_path), model=_FirstFrame(), losses=losses, datasets=datasets, **arguments
        )

    return create


def test_each_triplet_counts_the_same_whatever_its_batch_and_size(create):
    evaluation = create({"a": [_example(0.5, batch_size=3), _example(0.1, side=6)]})
    scores = evaluation.evaluate(7)["a"]
    assert scores["l1"] == pytest.approx((3 * 0.5 + 0.1) / 4)
    assert scores["k*l2"] == pytest.approx(10 * (3 * 0.25 + 0.01) / 4)


def test_the_weights_to_evaluate_are_there_for_the_evaluation_alone(create):
    events = []

    @contextlib.contextmanager
    def weights():
        events.append("given")
        yield
        events.append("taken back")

    class _Batches:
        def __iter__(self):
            events.append("evaluated")
            return iter([_example(0.5)])

    create({"a": _Batches()}, weights=weights).evaluate(3)
    assert events == ["given", "evaluated", "taken back"]
    create({}, weights=weights).evaluate(3)
    assert len(events) == 3


def test_images_are_not_clipped(create):
    assert create({"a": [_example(3.0)]}).evaluate(0)["a"]["l1"] == pytest.approx(3.0)


def test_every_set_has_its_curve(create, tmp_path):
    evaluation = create({"a": [_example(0.5)], "b": [_example(0.25)]})
    for step in (1, 2, 3):
        evaluation(StepResult(step, 3, {}, {}))
    evaluation.close()
    for name, value in (("a", 0.5), ("b", 0.25)):
        (file,) = (tmp_path / name).iterdir()
        written = [
            (event.step, summary)
            for event in tf.compat.v1.train.summary_iterator(str(file))
            for summary in event.summary.value
        ]
        points = [
            (step, float(np.squeeze(tf.make_ndarray(summary.tensor))))
            for step, summary in written
            if summary.tag == "losses/l1"
        ]
        assert points == [(2, value), (3, value)]
        assert [step for step, summary in written if summary.tag == "error"] == [2, 3]


def test_a_requested_stop_cuts_it_short_and_reports_nothing_half(create):
    requests = iter([False, True])
    evaluation = create(
        {"a": [_example(0.5)], "b": [_example(0.5), _example(0.5)]},
        stop_requested=lambda: next(requests),
    )
    assert list(evaluation.evaluate(1)) == ["a"]
