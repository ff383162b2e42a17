import re

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training.options import OptimizerOptions, TrainingOptions


def test_defaults_are_the_released_schedule():
    options = TrainingOptions()
    assert (options.learning_rate, options.num_steps) == (1e-4, 3_000_000)
    assert (options.learning_rate_decay_steps, options.learning_rate_decay_rate) == (
        750_000,
        0.464158,
    )
    assert options.learning_rate_staircase
    assert options.gradient_clip_norm is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_steps", 0),
        ("num_steps", 10.5),
        ("num_steps", True),
        ("learning_rate", 0.0),
        ("learning_rate", "fast"),
        ("learning_rate", 1e39),
        ("learning_rate", float("nan")),
        ("learning_rate_decay_rate", 1.5),
        ("learning_rate_decay_rate", "0.5"),
        ("learning_rate_decay_rate", True),
        ("learning_rate_staircase", "False"),
        ("learning_rate_warmup_steps", -1),
        ("save_checkpoint_frequency", -5),
        ("keep_checkpoints", 0),
        ("gradient_clip_norm", 0),
        ("accumulation_steps", 0),
        ("learning_rate_schedule", "linear"),
        ("learning_rate_final_fraction", 1.1),
        ("precision", "bfloat16"),
        ("xla", 1),
        ("deterministic", None),
        ("evaluate_at_start", "no"),
        ("seed", 2**32),
        ("num_steps", 2**63),
        ("best_metric", ["set/psnr"]),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_gin_name(name, value):
    message = re.escape(f"training.{name} is {value!r}; expected")
    with pytest.raises(InputError, match=message):
        TrainingOptions(**{name: value})


def test_early_stopping_needs_a_metric_and_none_is_no_metric():
    with pytest.raises(InputError, match=r"early_stopping_patience is 2, and no .*best_metric"):
        TrainingOptions(early_stopping_patience=2, best_metric=None)
    assert TrainingOptions(best_metric=None).best_metric == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "sgd"),
        ("beta_1", 1.0),
        ("beta_2", -0.1),
        ("epsilon", 0),
        ("weight_decay", -1e-3),
        ("epsilon", 1e39),
        ("weight_decay_pattern", "("),
        ("weight_decay_pattern", b"kernel"),
    ],
)
def test_a_constant_of_the_optimiser_out_of_range_is_refused_by_its_gin_name(name, value):
    with pytest.raises(InputError, match=rf"optimizer\.{name} is "):
        OptimizerOptions(**{name: value})


def test_adam_has_no_decay():
    with pytest.raises(InputError, match=r"bind optimizer\.name to 'adamw'"):
        OptimizerOptions(weight_decay=0.01)
    assert OptimizerOptions(name="adamw", weight_decay=0.01).weight_decay == 0.01
