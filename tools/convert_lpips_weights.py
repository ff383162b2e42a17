"""Makes the weights file of `lpips` and `lpips_unscaled` from the public PyTorch files.

    python tools/convert_lpips_weights.py --alexnet alexnet-owt-7be5be79.pth \
        --lpips alex.pth --output lpips_alexnet.npz

The first is torchvision's AlexNet, trained on ImageNet
(https://download.pytorch.org/models/alexnet-owt-7be5be79.pth), the second the file
`lpips/weights/v0.1/alex.pth` of https://github.com/richzhang/PerceptualSimilarity. Reading them
needs PyTorch (`pip install torch`, in an environment of its own or in this one); nothing else here
does. `frame_interpolation/eval/lpips.py` describes the file that is written.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import lpips

# Position of AlexNet's convolutions in torchvision's `features`, in order.
_POSITIONS = (0, 3, 6, 8, 10)


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the arguments and converts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alexnet", required=True, help="torchvision's alexnet-owt-*.pth")
    parser.add_argument("--lpips", required=True, help="lpips/weights/v0.1/alex.pth")
    parser.add_argument("--output", required=True, help=".npz file to write")
    options = parser.parse_args(arguments)
    try:
        weights = convert(_load(options.alexnet), _load(options.lpips))
        lpips.check_weights(weights, source=f"{options.alexnet} and {options.lpips}")
        write(weights, options.output)
    except InputError as error:
        sys.exit(f"error: {error}")
    size_mb = os.path.getsize(options.output) / 1e6
    print(f"{options.output}: {len(weights)} arrays, {size_mb:.1f} MB")


def convert(
    alexnet: Mapping[str, np.ndarray], linear: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Renames and transposes the weights.

    Args:
        alexnet: State dict of torchvision's AlexNet; its classifier is left out. Kernels are
            (out, in, height, width).
        linear: State dict of LPIPS's linear layers, (1, channels, 1, 1).

    Returns:
        float32 arrays by the names of `lpips`.

    Raises:
        InputError: If a weight is missing or has another number of axes.
    """
    weights = {}
    for k, position in enumerate(_POSITIONS, start=1):
        kernel = _find(alexnet, f"features.{position}.weight", axes=4, of="--alexnet")
        weights[f"conv{k}/kernel"] = kernel.transpose(2, 3, 1, 0)
        bias = _find(alexnet, f"features.{position}.bias", axes=1, of="--alexnet")
        weights[f"conv{k}/bias"] = bias
        channels = _find(linear, f"lin{k - 1}.model.1.weight", axes=4, of="--lpips")
        weights[f"linear{k}/weights"] = channels.reshape(-1)
    return {name: np.ascontiguousarray(values, np.float32) for name, values in weights.items()}


def write(weights: Mapping[str, np.ndarray], path: str) -> None:
    """Writes the file under another name first, so that a stopped run leaves no half file.

    Args:
        weights: Arrays by name.
        path: The file.

    Raises:
        InputError: If it cannot be written.
    """
    partial = Path(f"{path}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **weights)  # type: ignore[arg-type]
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path!r} cannot be written: {error.strerror}.") from error


def _find(state: Mapping[str, np.ndarray], name: str, *, axes: int, of: str) -> np.ndarray:
    values = state.get(name)
    if values is None:
        raise InputError(
            f"{of} holds no {name!r} but {', '.join(list(state)[:4]) or 'nothing'}, ...; is it the "
            "file named in --help?"
        )
    if values.ndim != axes:
        raise InputError(f"{of}: {name!r} has shape {values.shape}, expected {axes} axes.")
    return values


def _load(path: str) -> dict[str, np.ndarray]:
    """Reads a state dict."""
    try:
        import torch
    except ImportError as error:
        raise InputError(
            "reading PyTorch's files needs PyTorch, which is not installed here: pip install torch "
            "(its build for the CPU will do), then run this again."
        ) from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.detach().numpy() for name, tensor in state.items()}
    except OSError as error:
        raise InputError(f"{path!r} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # PyTorch reads byte by byte: another file may fail in any way.
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"{path!r} is not a state dict that PyTorch can read: {type(error).__name__} {reason}"
        ) from error


if __name__ == "__main__":
    main()
