"""Measures what a training step costs, against the plain formulation of the same network.

    python -m benchmarks.train_step --batch_sizes 1 2 --steps 5

The network has the released configuration (34.4 million parameters), random weights and a batch of
256x256 crops; the step is forward, L1 loss, backward and Adam. The ways:

    plain     a pass for each image and each flow direction, `dense_image_warp` of TensorFlow
              Addons, all auxiliary outputs, float32
    ours      `training.train_step.TrainStep` with the allocator of `training.train`, in each
              precision, and with groups of the network frozen (`--train`: regular expressions of
              the variables that are trained)

Every way has a process of its own, because the peak of its memory (VmHWM) belongs to the process;
all are started first and then make their steps in turns, so that whatever else the machine does
befalls them alike. Ratios are of medians of processor time (all threads) and of the peaks after the
last step, against `plain`.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from frame_interpolation.training import memory, processor

_CROP = 256
_PLAIN = "plain"
_PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_EVERYTHING = ".*"
_TARGETS = {"cpu": 1.5, "float32": 1.0, "memory": 0.75}


class _PlainFilm:
    """The network as one would write it down, on the variables of the given one."""

    def __init__(self, model: Any):
        features = model.get_layer("feat_net")
        self._feature_convs = features.extract_sublevels.convs
        self._predictors = [
            predictor._convs for predictor in model.get_layer("predict_flow")._predictors
        ]
        fusion = model.get_layer("fusion")
        self._fusion_convs, self._output_conv = fusion.convs, fusion.output_conv

    def __call__(self, x0: Any, x1: Any) -> dict[str, Any]:
        import tensorflow as tf

        levels = len(self._predictors)
        pyramids = [self._pyramid(x, levels) for x in (x0, x1)]
        features = [self._features(pyramid) for pyramid in pyramids]
        residuals = [self._residuals(*features), self._residuals(*features[::-1])]
        flows = [self._flows(pyramid) for pyramid in residuals]
        aligned = []
        for level in range(len(self._fusion_convs) + 1):
            backward, forward = 0.5 * flows[1][level], 0.5 * flows[0][level]
            warped = [
                self._warp(tf.concat([pyramids[i][level], features[i][level]], axis=-1), flow)
                for i, flow in enumerate((backward, forward))
            ]
            aligned.append(tf.concat([*warped, backward, forward], axis=-1))
        return {
            "image": self._fuse(aligned),
            "x0_warped": aligned[0][..., :3],
            "x1_warped": aligned[0][..., (aligned[0].shape[-1] - 4) // 2 :][..., :3],
            "residuals": residuals,
            "flows": flows,
        }

    def _pyramid(self, image: Any, levels: int) -> list[Any]:
        import tensorflow as tf

        pyramid = [image]
        while len(pyramid) < levels:
            pyramid.append(tf.nn.avg_pool2d(pyramid[-1], 2, 2, "VALID"))
        return pyramid

    def _features(self, pyramid: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        depths = len(self._feature_convs) // 2
        columns: list[list[Any]] = []
        for level, net in enumerate(pyramid):
            columns.append([])
            for depth in range(min(depths, len(pyramid) - level)):
                net = tf.nn.avg_pool2d(net, 2, 2, "VALID") if depth else net
                for conv in self._feature_convs[2 * depth : 2 * depth + 2]:
                    net = conv(net)
                columns[level].append(net)
        return [
            tf.concat([columns[i - j][j] for j in range(min(i + 1, depths))], axis=-1)
            for i in range(len(pyramid))
        ]

    def _residuals(self, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        flow, residuals = None, []
        for level in reversed(range(len(a))):
            other = b[level]
            if flow is not None:
                flow = tf.image.resize(2.0 * flow, tf.shape(other)[1:3])
                other = self._warp(other, flow)
            net = tf.concat([a[level], other], axis=-1)
            for conv in self._predictors[level]:
                net = conv(net)
            residuals.append(net)
            flow = net if flow is None else flow + net
        return residuals[::-1]

    def _flows(self, residuals: Sequence[Any]) -> list[Any]:
        import tensorflow as tf

        flows = [residuals[-1]]
        for residual in residuals[-2::-1]:
            flows.append(tf.image.resize(2.0 * flows[-1], tf.shape(residual)[1:3]) + residual)
        return flows[::-1]

    def _warp(self, image: Any, flow: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "TFA has ended development ..."
            import tensorflow_addons as tfa
        # Addons' flow points the other way, and is (dy, dx).
        return tfa.image.dense_image_warp(image, -flow[..., ::-1])

    def _fuse(self, pyramid: Sequence[Any]) -> Any:
        import tensorflow as tf

        net = pyramid[-1]
        for level, convs in reversed(list(enumerate(self._fusion_convs))):
            net = tf.image.resize(net, tf.shape(pyramid[level])[1:3], "nearest")
            net = tf.nn.conv2d(net, convs[0].kernel, 1, "SAME") + convs[0].bias
            net = tf.concat([pyramid[level], net], axis=-1)
            net = convs[2](convs[1](net))
        return self._output_conv(net)


def _create_model(*, use_aux_outputs: bool, precision: str) -> Any:
    import tensorflow as tf

    from frame_interpolation.models.film_net.interpolator import create_model
    from frame_interpolation.models.film_net.options import Options

    tf.keras.utils.set_random_seed(0)
    options = Options(
        pyramid_levels=7,
        flow_convs=[3, 3, 3, 3],
        flow_filters=[32, 64, 128, 256],
        filters=64,
        use_aux_outputs=use_aux_outputs,
    )
    return create_model(options, precision=precision)


def _plain_step(model: Any) -> Callable[[Any], Any]:
    import tensorflow as tf

    network = _PlainFilm(model)
    optimizer = tf.keras.optimizers.Adam(1e-6, jit_compile=False)

    @tf.function
    def step(example: dict[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            outputs = network(example["x0"], example["x1"])
            loss = tf.reduce_mean(tf.abs(outputs["image"] - example["y"]))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return outputs | {"loss": loss}

    return step


def _own_step(model: Any, pattern: str) -> Callable[[Any], Any]:
    import tensorflow as tf

    from frame_interpolation.losses import weighting
    from frame_interpolation.losses.options import StyleOptions, TrainingLosses, VggOptions
    from frame_interpolation.training.fine_tuning import FineTuningOptions
    from frame_interpolation.training.optimizers import AdamByGroup
    from frame_interpolation.training.options import OptimizerOptions
    from frame_interpolation.training.train_step import TrainStep, named_shapes
    from frame_interpolation.training.variable_groups import create_plan

    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, tf.keras.layers.Conv2D):
            layer.trainable = bool(re.search(pattern, layer.kernel.name))
    losses = weighting.create_training_losses(
        TrainingLosses(), vgg=VggOptions(), style=StyleOptions()
    )
    variables = model.trainable_variables
    plan = create_plan(FineTuningOptions(), named_shapes(variables))
    optimizer = AdamByGroup(1e-6, options=OptimizerOptions(), plan=plan)
    optimizer.build(variables)
    return TrainStep(
        model=model,
        optimizer=optimizer,
        losses=losses,
        strategy=tf.distribute.get_strategy(),
        plan=plan,
    )


def _serve(way: str, *, batch_size: int, pattern: str) -> None:
    """Makes a step for every line of standard input and answers with what it took."""
    if way != _PLAIN:
        memory.reuse_what_was_freed()  # As `training.train` does.
    import tensorflow as tf

    if way == _PLAIN:
        step = _plain_step(_create_model(use_aux_outputs=True, precision="float32"))
    else:
        step = _own_step(_create_model(use_aux_outputs=False, precision=way), pattern)
    frames = tf.random.stateless_uniform([3, batch_size, _CROP, _CROP, 3], seed=[0, 1])
    example = dict(zip(("x0", "y", "x1"), tf.unstack(frames), strict=True))
    example["time"] = tf.fill([batch_size, 1], 0.5)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        loss = float(step(example)["loss"])
        answer = {
            "loss": loss,
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "peak_gb": _peak_gb(),
        }
        print(json.dumps(answer), flush=True)


def _peak_gb() -> float:
    with open("/proc/self/status", encoding="ascii") as file:
        (kilobytes,) = (line.split()[1] for line in file if line.startswith("VmHWM:"))
    return int(kilobytes) / 1e6


class _Worker:
    """A process that makes steps of one way."""

    def __init__(self, way: str, *, batch_size: int, pattern: str = _EVERYTHING):
        self.way = way
        self.pattern = pattern
        self.answers: list[dict[str, float]] = []
        self.first_loss = float("nan")
        arguments = {"way": way, "batch_size": batch_size, "pattern": pattern}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.train_step", "--worker", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            text=True,
        )

    def step(self) -> dict[str, float]:
        """Makes a step."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def median(self, name: str) -> float:
        """Returns the median over the steps so far."""
        return statistics.median(answer[name] for answer in self.answers)

    def peak_gb(self) -> float:
        """Returns the largest size that the process has had."""
        return self.answers[-1]["peak_gb"]


def _measure(workers: Sequence[_Worker], steps: int) -> None:
    try:
        for worker in workers:
            # Traces, and lets oneDNN prepare its kernels. Before any update the losses compare.
            worker.first_loss = worker.step()["loss"]
        for _ in range(steps):
            for worker in workers:
                worker.answers.append(worker.step())
    finally:
        for worker in workers:
            worker.close()


def measure_step(way: str, *, batch_size: int, steps: int = 2) -> tuple[float, float]:
    """Measures training steps in a process of their own.

    Args:
        way: "plain", or a precision of ours.
        batch_size: examples a step.
        steps: how many, after the first one.

    Returns:
        Seconds of a step by the clock, and of the processor (all threads); medians.
    """
    worker = _Worker(way, batch_size=batch_size)
    _measure([worker], steps)
    return worker.median("wall"), worker.median("cpu")


def _rows(workers: Sequence[_Worker]) -> Iterator[str]:
    plain = workers[0]
    for worker in workers:
        trained = "everything" if worker.pattern == _EVERYTHING else worker.pattern
        yield (
            f"{worker.way:16}{trained:28}{worker.median('wall'):8.2f}{worker.median('cpu'):8.2f}"
            f"{worker.peak_gb():9.2f}{plain.median('cpu') / worker.median('cpu'):9.2f}"
            f"{worker.peak_gb() / plain.peak_gb():9.2f}"
            f"{worker.first_loss:10.5f}"
        )


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch_sizes", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--precisions",
        nargs="+",
        choices=_PRECISIONS,
        default=[precision for precision in _PRECISIONS if not processor.is_slow_in(precision)],
        help="by default those that the processor has instructions for; others take minutes",
    )
    parser.add_argument(
        "--train",
        nargs="*",
        default=["^predict_flow|^fusion", "^fusion"],
        help="regular expressions of variables; the rest is frozen",
    )
    parser.add_argument("--steps", type=int, default=5, help="measured for each line")
    parser.add_argument("--worker", type=json.loads, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.worker:
        _serve(**flags.worker)
        return
    print(f"{os.cpu_count()} cores, crops of {_CROP}, medians of {flags.steps} steps")
    print(
        "targets against plain: CPU time of the best precision at most 1 / "
        f"{_TARGETS['cpu']:g}, of float32 not more, memory at most {_TARGETS['memory']:g}"
    )
    for batch_size in flags.batch_sizes:
        workers = [_Worker(_PLAIN, batch_size=batch_size)]
        workers += [_Worker(precision, batch_size=batch_size) for precision in flags.precisions]
        workers += [
            _Worker(precision, batch_size=batch_size, pattern=pattern)
            for pattern in flags.train
            for precision in flags.precisions
        ]
        _measure(workers, flags.steps)
        print(
            f"\nbatch {batch_size:<10}{'trained':28}{'wall s':>8}{'CPU s':>8}{'peak GB':>9}"
            f"{'faster':>9}{'memory':>9}{'loss':>10}"
        )
        print("\n".join(_rows(workers)), flush=True)


if __name__ == "__main__":
    main()
