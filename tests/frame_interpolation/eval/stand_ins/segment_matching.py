"""Stands in for AnimeInterp's gen_sgm.py: `python gen_sgm.py INPUTS OUTPUTS --use_gpu`."""

import os
import sys

import numpy as np


def main():
    inputs, outputs, option = sys.argv[1:]
    assert option == "--use_gpu"
    for triplet in sorted(os.listdir(inputs)):
        assert len(os.listdir(os.path.join(inputs, triplet))) == 3
        os.mkdir(os.path.join(outputs, triplet))
        for name in ("guide_flo13.npy", "guide_flo31.npy"):
            np.save(os.path.join(outputs, triplet, name), np.zeros((2, 540, 960)))


if __name__ == "__main__":
    main()
