"""Computes `values.json` without any code of this project: what each metric gives on these images.

    python tests/golden/metrics/make_values.py

PSNR and SSIM (ATD-12K) by scikit-image, SSIM (FILM) by TensorFlow, LPIPS by PyTorch with the small
random network of `lpips_tiny.npz` (needed here alone: pip install torch), the others by NumPy and
SciPy from their definitions.
"""

import json
import math
import pathlib

import numpy as np
import skimage.metrics
import tensorflow as tf
import torch
from PIL import Image
from scipy import ndimage
from torch.nn import functional

_FOLDER = pathlib.Path(__file__).parent
_ROI = {"drawing": (14, 10, 71, 52), "shaded": (40, 9, 37, 33)}  # x, y, width, height


def _chamfer(a, b):
    maps = []
    for frame in (a, b):
        grey = 0.299 * frame[..., 0] + 0.587 * frame[..., 1] + 0.114 * frame[..., 2]
        # SciPy's kernel reaches int(truncate * sigma + 0.5) to either side: 6 and 4.
        coarse = ndimage.gaussian_filter(grey, 1.6, mode="nearest", truncate=3.75)
        fine = ndimage.gaussian_filter(grey, 1.0, mode="nearest", truncate=4.0)
        maps.append(0.5 + 2 * (coarse - fine) - 0.01 > 0.5)
    distances = [ndimage.distance_transform_edt(~lines) for lines in maps]
    crossed = (maps[0] * distances[1]).mean() + (maps[1] * distances[0]).mean()
    return crossed / 2 / math.hypot(*maps[0].shape)


def _lpips(a, b, weights):
    def features(frame):
        shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
        scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
        net = (torch.from_numpy(np.float32(frame)).permute(2, 0, 1)[None] - shift) / scale
        for k, padding in enumerate((2, 2, 1, 1, 1), start=1):
            net = functional.max_pool2d(net, 3, 2) if k in (2, 3) else net
            kernel = torch.from_numpy(weights[f"conv{k}/kernel"]).permute(3, 2, 0, 1)
            bias = torch.from_numpy(weights[f"conv{k}/bias"])
            net = functional.conv2d(net, kernel, bias, stride=4 if k == 1 else 1, padding=padding)
            net = net.relu()
            yield net / (net.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)

    total = 0.0
    for k, (of_a, of_b) in enumerate(zip(features(a), features(b), strict=True), start=1):
        channels = torch.from_numpy(weights[f"linear{k}/weights"])[None, :, None, None]
        total += float(((of_a - of_b).square() * channels).sum(dim=1).mean())
    return total


def _values(estimate, truth, weights):
    a, b = estimate.astype(np.float64), truth.astype(np.float64)
    return {
        "l1": np.abs(a - b).mean(),
        "l2": ((a - b) ** 2).mean(),
        "psnr": skimage.metrics.peak_signal_noise_ratio(b, a, data_range=1.0),
        "ssim": float(tf.image.ssim(estimate, truth, max_val=1.0)),
        "ssim_atd12k": skimage.metrics.structural_similarity(
            a,
            b,
            win_size=7,
            gaussian_weights=False,
            use_sample_covariance=True,
            K1=0.01,
            K2=0.03,
            data_range=2.0,
            channel_axis=-1,
        ),
        "ie": np.sqrt(((255 * a - 255 * b) ** 2).sum(axis=-1)).mean(),
        "chamfer": _chamfer(a, b),
        "lpips": _lpips(2 * estimate - 1, 2 * truth - 1, weights),
        "lpips_unscaled": _lpips(estimate, truth, weights),
    }


def main():
    weights = np.load(_FOLDER / "lpips_tiny.npz")
    pinned = {}
    for name, (x, y, width, height) in _ROI.items():
        estimate, truth = (
            np.asarray(Image.open(_FOLDER / f"{name}_{role}.png")).astype(np.float32)
            / np.float32(255)
            for role in ("estimate", "truth")
        )
        crop = np.s_[y : y + height, x : x + width]
        of_region = _values(estimate[crop].copy(), truth[crop].copy(), weights)
        pinned[name] = {
            "roi": [x, y, width, height],
            "values": _values(estimate, truth, weights)
            | {f"{metric}_roi": value for metric, value in of_region.items()},
        }
    text = json.dumps(pinned, indent=2) + "\n"
    (_FOLDER / "values.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
