"""Stands in for ToonCrafter's inference.py: reads and writes the same files, by the same rules.

Its 16 frames fade from the first input to the last, as MPEG-4 video: OpenCV has no H.264 encoder.
"""

import argparse
import glob
import os
import pathlib

import cv2
import numpy as np


def main():
    parser = argparse.ArgumentParser()
    for name in ("prompt_dir", "savedir", "ckpt_path", "config", "timestep_spacing"):
        parser.add_argument(f"--{name}", required=True)
    whole = ("seed", "n_samples", "bs", "height", "width", "video_length", "frame_stride")
    for name in (*whole, "ddim_steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("unconditional_guidance_scale", "ddim_eta", "guidance_rescale"):
        parser.add_argument(f"--{name}", type=float, required=True)
    for name in ("text_input", "perframe_ae", "interp"):
        parser.add_argument(f"--{name}", action="store_true")
    args = parser.parse_args()
    assert args.interp and args.text_input and args.bs == 1 and args.n_samples == 1

    prompts = [
        line
        for path in glob.glob(os.path.join(args.prompt_dir, "*.txt"))
        for line in pathlib.Path(path).read_text().splitlines()
        if line.strip()
    ]
    images = sorted(
        path
        for suffix in ("jpg", "png", "jpeg", "JPEG", "PNG")
        for path in glob.glob(os.path.join(args.prompt_dir, f"*.{suffix}"))
    )
    folder = os.path.join(args.savedir, "samples").replace("samples", "samples_separate")
    os.makedirs(os.path.join(args.savedir, "samples_separate"), exist_ok=True)
    for number in range(len(prompts)):
        first, last = (cv2.imread(path) for path in images[2 * number : 2 * number + 2])
        assert first.shape == last.shape == (args.height, args.width, 3)
        name = os.path.basename(images[2 * number]).split(".")[0]
        size = (args.width, args.height)
        code = cv2.VideoWriter_fourcc(*"mp4v")
        writer = cv2.VideoWriter(os.path.join(folder, f"{name}_sample0.mp4"), code, 8, size)
        assert writer.isOpened()
        for time in np.linspace(0, 1, args.video_length):
            writer.write(cv2.addWeighted(first, 1 - time, last, time, 0))
        writer.release()


if __name__ == "__main__":
    main()
