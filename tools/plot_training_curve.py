"""Writes the curves of training runs, read from their TensorBoard files, as a table and a picture.

    python tools/plot_training_curve.py --output assets/film_small/training_curve RUN [RUN ...]

The runs follow one another: the steps of each are counted on from the last step of the one before.
"""

import argparse
import csv
import pathlib

import matplotlib

matplotlib.use("Agg")

import numpy as np
import tensorflow as tf
from matplotlib import pyplot
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

_SMOOTHED_POINTS = 10


def main() -> None:
    """Reads the arguments and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="without an ending")
    arguments = parser.parse_args()
    curves, offset = {}, 0
    for run in arguments.runs:
        last_step = 0
        for folder in [run / "train", *sorted((run / "eval").iterdir())]:
            for tag, points in _read_scalars(folder).items():
                name = tag if folder.name == "train" else f"{folder.name}/{tag}"
                curves.setdefault(name, []).extend((offset + s, v) for s, v in points)
                last_step = max(last_step, *(step for step, _ in points))
        offset += last_step
    _write_table(curves, arguments.output.with_suffix(".tsv"))
    _plot(curves, arguments.output.with_suffix(".png"))


def _read_scalars(folder: pathlib.Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    curves = {}
    for tag in events.Tags()["tensors"]:
        values = [(e.step, tf.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]
        if values and values[0][1].dtype == np.float32 and values[0][1].ndim == 0:
            curves[tag] = [(step, float(value)) for step, value in values]
    return curves


def _write_table(curves: dict[str, list[tuple[int, float]]], path: pathlib.Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["curve", "step", "value"])
        for name, points in sorted(curves.items()):
            if name != "steps_per_second":
                writer.writerows([name, step, f"{value:.6g}"] for step, value in points)


def _plot(curves: dict[str, list[tuple[int, float]]], path: pathlib.Path) -> None:
    figure, left = pyplot.subplots(figsize=(8, 4), layout="constrained")
    steps, loss = np.array(curves["loss"]).T
    kernel = np.ones(_SMOOTHED_POINTS) / _SMOOTHED_POINTS
    left.plot(steps, loss, color="0.8", label="training loss")
    left.plot(
        steps[_SMOOTHED_POINTS - 1 :],
        np.convolve(loss, kernel, "valid"),
        color="tab:blue",
        label=f"mean of {_SMOOTHED_POINTS} points",
    )
    left.set(xlabel="step", ylabel="L1 loss", ylim=(0, 3 * float(np.median(loss))))
    right = left.twinx()
    for name, points in curves.items():
        if name.endswith("/losses/psnr"):
            right.plot(*np.array(points).T, "o-", color="tab:orange", label="held-out PSNR")
    right.set_ylabel("PSNR [dB]")
    handles = [h for axes in (left, right) for h in axes.get_legend_handles_labels()[0]]
    left.legend(handles=handles, loc="upper center")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
