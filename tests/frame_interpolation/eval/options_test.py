"""Options: what is accepted, and what the message says otherwise."""

import pathlib
import subprocess
import sys

import pytest

from frame_interpolation import config
from frame_interpolation.errors import InputError
from frame_interpolation.eval.options import EvaluationOptions, ExperimentOptions

_ROOT = pathlib.Path(__file__).parents[3]


def test_a_released_config_works_unchanged(tmp_path):
    path = tmp_path / "vimeo.gin"
    path.write_text(
        "experiment.name = 'vimeo_90K'\n"
        "evaluation.max_examples = -1\n"
        "evaluation.metrics = ['l1', 'l2', 'ssim', 'psnr']\n"
        "evaluation.tfrecord = 'gs://somewhere/vimeo_interp_test.tfrecord@3'\n"
    )
    config.parse([path])
    assert config.make(ExperimentOptions) == ExperimentOptions(name="vimeo_90K")
    options = config.make(EvaluationOptions)
    assert options.metrics == ("l1", "l2", "ssim", "psnr")
    assert options.tfrecord.endswith("@3")
    assert (options.protocol, options.max_examples, options.batch_size) == ("film", -1, 1)


def test_the_shipped_config_follows_the_protocol():
    config.parse(["gin_configs/eval/atd12k_test.gin"])
    options = config.make(EvaluationOptions)
    assert options.protocol == "atd12k"
    assert {"psnr", "ssim_atd12k", "psnr_roi", "ssim_atd12k_roi"} <= set(options.metrics)
    assert config.make(ExperimentOptions).name == "atd12k_test"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metrics": ()}, "metrics is empty"),
        ({"metrics": ("psnr", "ssin")}, "no metric 'ssin'"),
        ({"metrics": ("psnr", "psnr")}, "psnr more than once"),
        ({"metrics": ("psnr", 3)}, r"metrics is \('psnr', 3\)"),
        ({"metrics": None}, "metrics is None; give a list"),
        ({"protocol": ["film"]}, "protocol is"),
        ({"max_examples": 0}, "max_examples is 0"),
        ({"max_examples": -2}, "max_examples is -2"),
        ({"max_examples": True}, "max_examples is True"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"protocol": "atd"}, "no protocol 'atd'"),
        ({"metrics": ("psnr", "lpips_roi")}, "bind evaluation.lpips_weights"),
        ({"lpips_weights": None}, "lpips_weights is None"),
        ({"tfrecord": ["a", "b"]}, "one string"),
    ],
)
def test_bad_values_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        EvaluationOptions(**fields)


@pytest.mark.parametrize("name", ["", "  ", "..", "a/b", "a\\b", "a\nb", 3])
def test_names_that_are_no_folder_are_refused(name):
    with pytest.raises(InputError, match="name is"):
        ExperimentOptions(name=name)


def test_the_options_need_no_tensorflow():
    code = "import frame_interpolation.eval.options, sys; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_ROOT, check=False).returncode == 0
