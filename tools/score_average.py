"""Scores the average of the two inputs on folders of triplets: the floor for any interpolation.

python tools/score_average.py natural/test
"""

import argparse
import statistics

from frame_interpolation.datasets import triplet_folder
from frame_interpolation.eval import image_io, metrics

_METRICS = ("psnr", "ssim", "l1")


def main() -> None:
    """Reads the arguments and prints the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="holds a folder for each triplet")
    triplets = triplet_folder.list_triplets(parser.parse_args().folder)
    scores: dict[str, list[float]] = {name: [] for name in _METRICS}
    for triplet in triplets:
        x0, y, x1 = (image_io.read_image(path) for path in triplet.frames)
        for name in _METRICS:
            scores[name].append(metrics.METRICS[name].measure((x0 + x1) / 2, y))
    print(f"{len(triplets)} triplets")
    for name, values in scores.items():
        print(f"{name}\t{statistics.fmean(values):.4f}")


if __name__ == "__main__":
    main()
