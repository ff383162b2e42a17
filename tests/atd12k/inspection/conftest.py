"""A small dataset in ATD-12K's layout, sound but for its size, to be spoilt by the tests."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

TRAIN = ("Disney_v4_0_000001_s1", "Disney_v4_1_000010_s2", "Japan_v2_0_000005_s3")
TEST = ("Disney_v4_7_000020_s1", "Japan_v2_2_000300_s2")
ANNOTATION = {
    "level": 1,
    "motion_RoI": {"x": 10, "y": 20, "width": 300, "height": 200},
    "image_size": [1280, 720],
    "general_motion_type": "translation",
    "behavior": "walking",
}


def draw(seed, size=(480, 270)):
    """A drawing of overlapping shapes, another one for each seed."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(0, 256, 3).tolist()))
    canvas = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        w, h = random.uniform(10, size[0] / 2), random.uniform(10, size[1] / 2)
        shape = canvas.ellipse if random.random() < 0.5 else canvas.rectangle
        shape((x - w / 2, y - h / 2, x + w / 2, y + h / 2), tuple(random.integers(0, 256, 3)))
    return image


class Dataset:
    """A dataset and what the tests do to it."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.train = [root / "train_10k" / name for name in TRAIN]
        self.test = [root / "test_2k_540p" / name for name in TEST]
        self.annotations = [root / f"test_2k_annotations/{name}/{name}.json" for name in TEST]
        for number, folder in enumerate(self.train + self.test):
            folder.mkdir(parents=True)
            suffix = "jpg" if folder in self.train else "png"
            for frame in (1, 2, 3):
                draw(10 * number + frame).save(folder / f"frame{frame}.{suffix}", quality=90)
        for path in self.annotations:
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(ANNOTATION))

    def annotate(self, number=0, **changes):
        """Replaces keys of an annotation; None removes one."""
        content = {**ANNOTATION, **changes}
        content = {key: value for key, value in content.items() if value is not None}
        self.annotations[number].write_text(json.dumps(content))

    def flows(self):
        """Adds precomputed flows to all test triplets and returns their folders."""
        folders = [self.root / "test_2k_pre_calc_sgm_flows" / name for name in TEST]
        for folder in folders:
            folder.mkdir(parents=True)
            for file in ("guide_flo13.npy", "guide_flo31.npy"):
                np.save(folder / file, np.zeros((2, 54, 96), np.float32))
        return folders


@pytest.fixture
def dataset(tmp_path):
    return Dataset(tmp_path / "atd12k")
