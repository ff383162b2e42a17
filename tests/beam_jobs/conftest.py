"""A little ATD-12K tree of noise: 4 films to train on, 3 of them in the test set."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image

FILMS = ("Disney_v4_1", "Disney_v4_10", "Disney_v4_2", "Japan_v2_0")


@pytest.fixture
def write_triplet():
    """Writes three frames of noise, (width, height) in pixels, into a folder."""

    def write(folder, *, names=("frame1.png", "frame2.png", "frame3.png"), size=(16, 12), seed=0):
        random = np.random.default_rng(seed)
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            Image.fromarray(pixels).save(folder / name)
        return folder

    return write


@pytest.fixture
def atd12k_root(tmp_path, write_triplet):
    root = tmp_path / "atd 12k ö"
    for f, film in enumerate(FILMS):
        for i in range(3):
            names = [f"frame{k}.jpg" for k in (1, 2, 3)]
            write_triplet(root / "train_10k" / f"{film}_{i:06d}_s1", names=names, seed=10 * f + i)
    for f, film in enumerate(FILMS[:3]):
        name = f"{film}_{100 + f:06d}_s1"
        write_triplet(root / "test_2k_540p" / name, seed=100 + f)
        write_triplet(root / "test_2k_original" / name, size=(32, 24), seed=100 + f)
        write_annotation(root, name, level=f)
    return root


def write_annotation(root, name, **change):
    content = {
        "level": 0,
        "motion_RoI": {"x": 1, "y": 2, "width": 10, "height": 9},
        "image_size": [32, 24],
        "general_motion_type": ["translation", "rotation"],
        "behavior": "walking",
    } | change
    folder = root / "test_2k_annotations" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content))
