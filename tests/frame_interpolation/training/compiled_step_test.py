"""The whole training step under XLA, and what the graph of a step may hold."""

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import StyleOptions, TrainingLosses, VggOptions
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.loss_scaling import LossScale
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.options import OptimizerOptions
from frame_interpolation.training.train_step import TrainStep, named_shapes
from frame_interpolation.training.variable_groups import create_plan
from frame_interpolation.training.weight_averaging import AveragedWeights

# Run on the host, whatever accelerator there is: Python, files, text, queues.
_HOST_ONLY = ("PyFunc", "EagerPyFunc", "String", "AsString", "Print", "Decode", "ReadFile", "Queue")


def _step(model, vgg_file, **arguments):
    options = TrainingLosses(
        loss_names=["l1", "vgg", "style", "l1_warped", "charbonnier", "laplacian", "census", "line"]
    )
    losses = weighting.create_training_losses(
        options,
        vgg=VggOptions(vgg_model_file=vgg_file),
        style=StyleOptions(vgg_model_file=vgg_file),
    )
    return TrainStep(
        model=model,
        optimizer=tf.keras.optimizers.SGD(1.0, jit_compile=False),
        losses=losses,
        strategy=tf.distribute.get_strategy(),
        **arguments,
    )


@pytest.fixture
def vgg_file(golden_dir):
    return str(golden_dir / "vgg_tiny.mat")


@pytest.mark.slow
def test_the_whole_step_compiles_and_equals_the_one_that_is_not_compiled(
    create_tiny_model, create_batch, vgg_file
):
    example = create_batch(side=32)
    updates = []
    for xla in (False, True):
        model = create_tiny_model()
        before = model.get_weights()
        _step(model, vgg_file, xla=xla)(example)
        updates.append([old - new for old, new in zip(before, model.get_weights(), strict=True)])
    for plain, compiled, variable in zip(*updates, model.variables, strict=True):
        largest = np.abs(plain).max()
        assert largest > 0, variable.name
        np.testing.assert_allclose(
            compiled, plain, atol=1e-3 * largest, rtol=0, err_msg=variable.name
        )


@pytest.mark.slow
def test_the_optimiser_of_training_compiles_with_all_that_goes_with_it(
    create_tiny_model, create_batch
):
    example = create_batch()
    spoilt = example | {"y": example["y"] * np.nan}
    losses = weighting.create_training_losses(
        TrainingLosses(), vgg=VggOptions(), style=StyleOptions()
    )
    ends = []
    for xla in (False, True):
        variables = (model := create_tiny_model()).trainable_variables
        plan = create_plan(FineTuningOptions(frozen=["flow_0"]), named_shapes(variables))
        options = OptimizerOptions(name="adamw", weight_decay=0.1)
        optimizer = AdamByGroup(0.01, options=options, plan=plan, warmup_steps=2)
        optimizer.build(variables)
        average = AveragedWeights(variables, plan.ever_trained, decay=0.5)
        step = TrainStep(
            model=model,
            optimizer=optimizer,
            losses=losses,
            strategy=tf.distribute.get_strategy(),
            gradient_clip_norm=0.1,
            plan=plan,
            accumulation_steps=2,
            average=average,
            loss_scale=LossScale(),
            xla=xla,
        )
        for batch in (example, spoilt, example):
            metrics = step(batch)
        assert float(metrics["skipped_steps"]) == 1.0
        ends.append([*model.get_weights(), *average.copies.by_place().values()])
    for plain, compiled in zip(*ends, strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-6)


@pytest.mark.slow
def test_the_step_holds_no_operation_of_the_host(create_tiny_model, create_batch, vgg_file):
    compiled = _step(create_tiny_model(), vgg_file).compiled_at(0)
    graph = compiled.get_concrete_function(create_batch(side=32)).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    types = {node.op for node in nodes}
    assert "Conv2DBackpropFilter" in types
    assert not sorted(op for op in types if op.startswith(_HOST_ONLY))


def test_xla_on_several_devices_is_refused(create_one_convolution, vgg_file):
    class _TwoReplicas:
        num_replicas_in_sync = 2

    with pytest.raises(InputError, match=r"training\.xla is True with 2 devices"):
        TrainStep(
            model=create_one_convolution(),
            optimizer=tf.keras.optimizers.SGD(1.0),
            losses=[],
            strategy=_TwoReplicas(),
            xla=True,
        )
