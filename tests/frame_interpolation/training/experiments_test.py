"""Every shipped gin file parses and builds; the recipes are the released ones."""

import functools
import pathlib

import pytest
import tensorflow as tf

from frame_interpolation import config
from frame_interpolation.datasets.options import AUGMENTATION_NAMES
from frame_interpolation.errors import InputError
from frame_interpolation.eval import options as eval_options
from frame_interpolation.losses import weighting
from frame_interpolation.models import registry
from frame_interpolation.models.film_net import architecture
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training import learning_rate
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.variable_groups import create_plan

_GIN_CONFIGS = pathlib.Path(__file__).parents[3] / "gin_configs"
_SHIPPED = sorted(str(path.relative_to(_GIN_CONFIGS)) for path in _GIN_CONFIGS.rglob("*.gin"))
_EXPERIMENTS = {
    "film_l1",
    "film_vgg",
    "film_style",
    "film_small",
    "film_small_continued",
    "finetune_atd12k_l1",
    "finetune_atd12k_vgg",
    "finetune_atd12k_style",
    "finetune_atd12k_cpu",
    "finetune_atd12k_all_layers",
    "finetune_atd12k_features_frozen",
    "finetune_atd12k_fusion_only",
    "finetune_atd12k_layer_decay",
    "finetune_atd12k_rehearsal_and_pull",
}
_RELEASED_NETWORK = Options(
    pyramid_levels=7,
    fusion_pyramid_levels=5,
    specialized_levels=3,
    sub_levels=4,
    flow_convs=[3, 3, 3, 3],
    flow_filters=[32, 64, 128, 256],
    filters=64,
)
_RELEASED_PARAMETERS = 34_436_667
# In the manner of the released files: one file, schedules for every loss, names of the reference.
_FLAT_FILE = """
model.name = 'film_net'

film_net.pyramid_levels = 7
film_net.fusion_pyramid_levels = 5
film_net.specialized_levels = 3
film_net.sub_levels = 4
film_net.flow_convs = [3, 3, 3, 3]
film_net.flow_filters = [32, 64, 128, 256]
film_net.filters = 64

training.learning_rate = 0.0001
training.learning_rate_decay_steps = 750000
training.learning_rate_decay_rate = 0.464158
training.learning_rate_staircase = True
training.num_steps = 3000000

training_dataset.file = 'vimeo_interp_train.tfrecord@200'
training_dataset.batch_size = 8
training_dataset.crop_size = 256

eval_datasets.batch_size = 1
eval_datasets.max_examples = -1
eval_datasets.files = ['vimeo_interp_test.tfrecord@3', 'ucf101.tfrecord@2']
eval_datasets.names = ['vimeo', 'ucf101']

data_augmentation.names = [
    'random_image_rot90', 'random_flip', 'random_rotate', 'random_reverse']

training_losses.loss_names = ['l1', 'vgg', 'style']
training_losses.loss_weight_schedules = [
    @tf.keras.optimizers.schedules.PiecewiseConstantDecay,
    @tf.keras.optimizers.schedules.PiecewiseConstantDecay,
    @tf.keras.optimizers.schedules.PiecewiseConstantDecay]
training_losses.loss_weight_parameters = [
    {'boundaries':[0], 'values':[1.0, 1.0]},
    {'boundaries':[1500000], 'values':[1.0, 0.25]},
    {'boundaries':[1500000], 'values':[0.0, 40.0]}]

test_losses.loss_names = ['l1', 'psnr', 'ssim']
test_losses.loss_weights = [1.0, 1.0, 1.0]

vgg.vgg_model_file = 'imagenet-vgg-verydeep-19.mat'
style.vgg_model_file = 'imagenet-vgg-verydeep-19.mat'
"""


def _load(name, bindings=()):
    config.parse([_GIN_CONFIGS / "experiments" / f"{name}.gin"], bindings)
    return Experiment.create(config.make)


@pytest.fixture
def tiny_vgg(golden_dir):
    file = str(golden_dir / "vgg_tiny.mat")
    return [f"{selector}.vgg_model_file = {file!r}" for selector in ("vgg", "style")]


@functools.cache
def _parameters(options):
    model = registry.create_model(registry.ModelOptions(), film_net=options)
    return model.count_params()


def _groups(experiment):
    variables = list(architecture.variable_shapes(experiment.film_net).items())
    return {group.name: group for group in create_plan(experiment.fine_tuning, variables).groups}


def _weights(experiment, steps):
    losses = weighting.create_training_losses(
        experiment.training_losses, vgg=experiment.vgg, style=experiment.style
    )
    return {
        loss.name: [float(loss.weight(tf.constant(step, tf.int64))) for step in steps]
        for loss in losses
    }


def test_the_experiments_are_there():
    assert {path.stem for path in (_GIN_CONFIGS / "experiments").iterdir()} == _EXPERIMENTS


@pytest.mark.parametrize("name", _SHIPPED)
def test_every_file_parses_alone_and_makes_its_options(name):
    config.parse([_GIN_CONFIGS / name])
    Experiment.create(config.make)
    if name.startswith("eval/"):
        for value in vars(eval_options).values():
            if isinstance(value, type) and value.__module__ == eval_options.__name__:
                config.make(value)


@pytest.mark.parametrize("name", _SHIPPED)
def test_no_file_has_a_placeholder_or_a_path_of_somebody(name):
    text = (_GIN_CONFIGS / name).read_text(encoding="utf-8")
    for word in ("TODO", "FIXME", "<", "/path/to", "'path", "XXX", "/home", "/work", "/tmp"):
        lines = [line for line in text.splitlines() if word in line and not line.startswith("#")]
        assert not lines, f"{name} has a placeholder: leave the value unbound instead. {lines}"


@pytest.mark.parametrize("name", sorted(_EXPERIMENTS))
def test_every_experiment_builds(name, tiny_vgg):
    experiment = _load(name, tiny_vgg)
    small = name.startswith("film_small") or name.endswith("cpu")
    parameters = _parameters(experiment.film_net)
    assert parameters < 1_000_000 if small else parameters == _RELEASED_PARAMETERS
    assert float(learning_rate.create_schedule(experiment.training)(10_000)) > 0
    assert sum(weights[0] for weights in _weights(experiment, [1]).values()) > 0
    assert sum(group.parameters for group in _groups(experiment).values()) == parameters
    # The records are the user's.
    assert experiment.training_dataset.paths == ()


@pytest.mark.parametrize("name", ["film_l1", "film_vgg", "film_style"])
def test_the_recipes_are_the_released_ones(name):
    experiment = _load(name)
    assert experiment.film_net == _RELEASED_NETWORK
    training = experiment.training
    assert (training.learning_rate, training.learning_rate_warmup_steps) == (1e-4, 0)
    assert training.learning_rate_decay_steps == 750_000
    assert training.learning_rate_decay_rate == 0.464158
    assert training.learning_rate_staircase
    assert training.num_steps == 3_000_000
    assert training.gradient_clip_norm is None
    assert (experiment.training_dataset.batch_size, experiment.training_dataset.crop_size) == (
        8,
        256,
    )
    assert experiment.data_augmentation.names == AUGMENTATION_NAMES
    assert experiment.pretrained.path == ""


def test_the_released_loss_weights_change_after_step_1500000(tiny_vgg):
    steps = [0, 1_500_000, 1_500_001, 2_999_999]
    assert _weights(_load("film_l1"), steps) == {"l1": [1.0] * 4}
    vgg = {"l1": [1.0] * 4, "vgg": [1.0, 1.0, 0.25, 0.25]}
    assert _weights(_load("film_vgg", tiny_vgg), steps) == vgg
    style = vgg | {"style": [0.0, 0.0, 40.0, 40.0]}
    assert _weights(_load("film_style", tiny_vgg), steps) == style


@pytest.mark.parametrize("name", ["l1", "vgg", "style"])
def test_fine_tuning_goes_on_where_the_released_recipe_ended(name, tiny_vgg):
    released = _load(f"film_{name}", tiny_vgg)
    last = _weights(released, [2_999_999])
    rate = float(learning_rate.create_schedule(released.training)(2_999_999))
    fine_tuning = _load(f"finetune_atd12k_{name}", tiny_vgg)
    assert {loss: weights[0] for loss, weights in _weights(fine_tuning, [0]).items()} == {
        loss: weights[0] for loss, weights in last.items()
    }
    assert fine_tuning.film_net == _RELEASED_NETWORK
    assert fine_tuning.training.learning_rate == pytest.approx(rate, rel=1e-3)
    assert fine_tuning.training.learning_rate_warmup_steps > 0
    assert fine_tuning.pretrained.path.endswith("saved_model")


@pytest.mark.parametrize(
    ("strategy", "trained", "slowest"),
    [
        ("all_layers", 1.0, 1.0),
        ("features_frozen", 0.95, 1.0),
        ("fusion_only", 0.7, 1.0),
        ("layer_decay", 1.0, 0.65**5),
        ("rehearsal_and_pull", 1.0, 1.0),
    ],
)
def test_the_strategies_differ_in_what_trains_and_how_fast(strategy, trained, slowest):
    experiment, plain = _load(f"finetune_atd12k_{strategy}"), _load("finetune_atd12k_l1")
    for part in ("model", "film_net", "training", "optimizer", "pretrained", "training_losses"):
        assert getattr(experiment, part) == getattr(plain, part)
    groups = [g for g in _groups(experiment).values() if g.first_step is not None]
    share = sum(group.parameters for group in groups) / _RELEASED_PARAMETERS
    assert share == trained or 0.0 < share < trained < 1.0
    assert min(group.rate_factor for group in groups) == pytest.approx(slowest)
    guarded = strategy == "rehearsal_and_pull"
    assert (experiment.fine_tuning.pull_weight > 0) == guarded
    assert bool(experiment.training_dataset.weights) == guarded


def test_the_fragments_of_fine_tuning_go_with_the_released_network():
    files = [f"training/{name}.gin" for name in ("unfreezing", "averaged_weights")]
    model = _GIN_CONFIGS / "experiments" / "finetune_atd12k_style.gin"
    config.parse([model, *(_GIN_CONFIGS / file for file in files)])
    experiment = Experiment.create(config.make)
    assert {g.name for g in _groups(experiment).values() if g.first_step == 0} == {
        "fusion",
        "output",
    }
    assert experiment.fine_tuning.average_decay > 0


def test_the_small_fine_tuning_has_the_network_of_the_small_model():
    small = _load("film_small")
    fine_tuning = _load("finetune_atd12k_cpu")
    assert _load("film_small_continued").film_net == small.film_net
    assert fine_tuning.film_net == small.film_net
    assert fine_tuning.pretrained.path == "assets/film_small/saved_model"
    assert fine_tuning.training.learning_rate_warmup_steps > 0


def test_a_flat_file_in_the_released_manner_runs_unchanged_but_for_paths(tmp_path, tiny_vgg):
    (tmp_path / "film_net-Style.gin").write_text(_FLAT_FILE)
    config.parse([tmp_path / "film_net-Style.gin"], tiny_vgg)
    flat = Experiment.create(config.make)
    ours = _load("film_style", tiny_vgg)
    for part in ("model", "film_net", "training", "data_augmentation", "test_losses", "vgg"):
        assert getattr(flat, part) == getattr(ours, part)
    assert flat.training_dataset.paths == ("vimeo_interp_train.tfrecord@200",)
    assert flat.eval_datasets.names == ("vimeo", "ucf101")
    assert _weights(flat, [1_500_001]) == {"l1": [1.0], "vgg": [0.25], "style": [40.0]}


def test_the_operative_configuration_loads_alone_and_says_the_same(tmp_path, tiny_vgg):
    experiment = _load("film_style", tiny_vgg)
    (tmp_path / "operative_config.gin").write_text(experiment.as_gin())
    config.parse([tmp_path / "operative_config.gin"])
    again = Experiment.create(config.make)
    assert again.as_gin() == experiment.as_gin()
    assert again.training == experiment.training
    assert _weights(again, [0, 1_500_001]) == _weights(experiment, [0, 1_500_001])


def test_the_options_of_fine_tuning_survive_the_operative_configuration(tmp_path):
    bindings = [
        "fine_tuning.groups = {'deep': 'cfeat_conv_[67]/'}",
        "fine_tuning.unfreeze_at = {'deep': 100}",
        "fine_tuning.trained = ['deep', 'fusion']",
        "optimizer.name = 'adamw'",
        "optimizer.weight_decay = 0.01",
    ]
    experiment = _load("finetune_atd12k_l1", bindings)
    (tmp_path / "operative_config.gin").write_text(experiment.as_gin())
    config.parse([tmp_path / "operative_config.gin"])
    again = Experiment.create(config.make)
    assert again.fine_tuning == experiment.fine_tuning
    assert again.optimizer == experiment.optimizer


def test_without_vgg_weights_the_error_names_the_file():
    experiment = _load("film_vgg", ["vgg.vgg_model_file = 'nowhere/vgg.mat'"])
    with pytest.raises((InputError, FileNotFoundError), match="nowhere"):
        _weights(experiment, [0])
