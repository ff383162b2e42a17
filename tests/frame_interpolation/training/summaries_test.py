import tensorflow as tf

from frame_interpolation.training.summaries import TrainingSummaries
from frame_interpolation.training.train_loop import StepResult


def _tags(folder):
    (file,) = folder.iterdir()
    return {
        (event.step, summary.tag)
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for summary in event.summary.value
    }


def test_curves_and_pictures_come_at_their_steps(tmp_path, create_one_convolution, create_batch):
    summaries = TrainingSummaries(
        str(tmp_path),
        model=create_one_convolution(),
        frequency=2,
        image_frequency=4,
        first_step=0,
        batch_size=2,
        local_batch=lambda example: example,
    )
    for step in range(1, 5):
        metrics = {"loss": tf.constant(0.5), "losses/k*vgg": tf.constant(0.25)}
        summaries(StepResult(step, 10, metrics, create_batch()))
    summaries.close()
    speeds = {"steps_per_second", "examples_per_second", "data_wait_share"}
    curves = {"loss", "losses/k*vgg"} | speeds
    pictures = {"inputs", "truth", "prediction", "error", "lines"}
    assert _tags(tmp_path) == {(step, tag) for step in (2, 4) for tag in curves} | {
        (4, tag) for tag in pictures
    }
