"""Stands in for AnimeInterp's test script: reads and writes the same files, by the same rules.

Called as `python test_anime_sequence_one_by_one.py SETTINGS`. Its frame is the mean of the inputs.
"""

import importlib
import json
import os
import sys

import numpy as np
from PIL import Image


def load_settings(path):
    sys.path.append(os.path.dirname(path))
    # The original strips letters, not a suffix: a name that ends in 'p' or 'y' would be cut.
    return importlib.import_module(os.path.basename(path).rstrip(".py"))


def main():
    settings = load_settings(sys.argv[1])
    if not os.path.exists(settings.store_path):
        os.mkdir(settings.store_path)
    for triplet in os.listdir(settings.testset_root):
        folder = os.path.join(settings.testset_root, triplet)
        files = sorted(os.listdir(folder))
        assert len(files) == 3, files
        frames = [np.asarray(Image.open(os.path.join(folder, file)), np.float32) for file in files]
        assert {frame.shape for frame in frames} == {(*settings.test_size[::-1], 3)}
        for name in ("guide_flo13.npy", "guide_flo31.npy"):
            flow = np.load(os.path.join(settings.test_flow_root, triplet, name))
            assert flow.ndim == 3 and flow.shape[0] == 2
        with open(os.path.join(settings.test_annotation_root, triplet, f"{triplet}.json")) as file:
            annotation = json.load(file)
        assert annotation["level"] in (0, 1, 2)
        for side, length in zip(("width", "height"), annotation["image_size"], strict=True):
            scale = length / dict(zip(("width", "height"), settings.test_size, strict=True))[side]
            assert annotation["motion_RoI"][side] // scale >= 7
        target = os.path.join(settings.store_path, triplet)
        os.makedirs(target, exist_ok=True)
        middle = Image.fromarray(np.uint8((frames[0] + frames[2]) / 2))
        middle.save(os.path.join(target, files[1][:-4] + ".png"))
        for other in ("frame1", "frame3", "frame2_F12", "frame2_F21"):
            middle.save(os.path.join(target, other + ".jpg"))
    with open(os.path.join(settings.store_path, "psnr.txt"), "w") as file:
        file.write("done\n")


if __name__ == "__main__":
    main()
