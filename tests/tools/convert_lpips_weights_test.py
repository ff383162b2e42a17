"""The converter, and LPIPS against the same network written in PyTorch where that is installed."""

import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.lpips import Lpips
from tools import convert_lpips_weights

_ROOT = pathlib.Path(__file__).parents[2]
_POSITIONS = (0, 3, 6, 8, 10)
_CHANNELS = (4, 6, 5, 7, 6)
_SIDES = (11, 5, 3, 3, 3)


def _states(seed=0):
    """State dicts of the public files' layout with few channels, as NumPy arrays."""
    random = np.random.default_rng(seed)
    alexnet, linear, before = {}, {}, 3
    for k, (position, channels, side) in enumerate(zip(_POSITIONS, _CHANNELS, _SIDES, strict=True)):
        kernel = random.normal(size=(channels, before, side, side)) / (side * before**0.5)
        alexnet[f"features.{position}.weight"] = kernel.astype(np.float32)
        alexnet[f"features.{position}.bias"] = random.normal(size=channels).astype(np.float32) / 5
        linear[f"lin{k}.model.1.weight"] = random.random((1, channels, 1, 1)).astype(np.float32)
        before = channels
    alexnet["classifier.1.weight"] = random.normal(size=(3, 2)).astype(np.float32)
    return alexnet, linear


def _in_pytorch(alexnet, linear, estimate, truth):
    """The definition of LPIPS 0.1, frames (H, W, 3) in whatever range the network gets."""
    import torch
    from torch.nn import functional

    def features(frame):
        shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
        scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
        net = (torch.from_numpy(frame).permute(2, 0, 1)[None] - shift) / scale
        for k, position in enumerate(_POSITIONS):
            if k in (1, 2):
                net = functional.max_pool2d(net, 3, 2)
            net = functional.conv2d(
                net,
                torch.from_numpy(alexnet[f"features.{position}.weight"]),
                torch.from_numpy(alexnet[f"features.{position}.bias"]),
                stride=4 if k == 0 else 1,
                padding=(2, 2, 1, 1, 1)[k],
            ).relu()
            yield net / (net.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)

    total = 0.0
    for k, (a, b) in enumerate(zip(features(estimate), features(truth), strict=True)):
        weights = torch.from_numpy(linear[f"lin{k}.model.1.weight"])
        total += float(functional.conv2d((a - b).square(), weights).mean())
    return total


def test_layout():
    alexnet, linear = _states()
    weights = convert_lpips_weights.convert(alexnet, linear)
    assert len(weights) == 15
    assert weights["conv2/kernel"].shape == (5, 5, 4, 6)
    assert weights["conv2/kernel"][1, 2, 3, 4] == alexnet["features.3.weight"][4, 3, 1, 2]
    assert weights["conv5/bias"].tolist() == alexnet["features.10.bias"].tolist()
    assert weights["linear3/weights"].tolist() == linear["lin2.model.1.weight"].ravel().tolist()
    assert {values.dtype for values in weights.values()} == {np.dtype(np.float32)}


def test_files_of_another_network_are_refused():
    alexnet, linear = _states()
    with pytest.raises(InputError, match=r"--alexnet holds no 'features\.0\.weight' but lin0"):
        convert_lpips_weights.convert(linear, alexnet)
    linear["lin4.model.1.weight"] = linear["lin4.model.1.weight"].ravel()
    with pytest.raises(InputError, match=r"--lpips: 'lin4.*shape \(6,\), expected 4 axes"):
        convert_lpips_weights.convert(alexnet, linear)


def test_without_pytorch_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    names = [str(tmp_path / name) for name in ("a.pth", "b.pth", "c.npz")]
    with pytest.raises(SystemExit, match="pip install torch"):
        convert_lpips_weights.main(
            ["--alexnet", names[0], "--lpips", names[1], "--output", names[2]]
        )


@pytest.mark.parametrize("error", [KeyError(101), EOFError(), IndexError("pop from empty list")])
def test_whatever_pytorch_says_of_another_file_is_one_line(monkeypatch, tmp_path, error):
    def load(*_, **__):
        raise error

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(load=load))
    arguments = ["--alexnet", "a.pth", "--lpips", "b.pth", "--output", str(tmp_path / "c.npz")]
    with pytest.raises(SystemExit, match=rf"'a\.pth' is not a state dict.*{type(error).__name__}"):
        convert_lpips_weights.main(arguments)


def test_help_needs_no_pytorch():
    command = [sys.executable, "tools/convert_lpips_weights.py", "--help"]
    result = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    assert "--alexnet" in result.stdout


@pytest.mark.parametrize("legacy", [False, True])
def test_lpips_is_what_pytorch_gives(tmp_path, legacy, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is needed to write and read its files")
    alexnet, linear = _states(seed=7)
    files = {}
    for name, state in (("alexnet", alexnet), ("lpips", linear)):
        files[name] = str(tmp_path / f"{name}.pth")
        tensors = {key: torch.from_numpy(values) for key, values in state.items()}
        torch.save(tensors, files[name], _use_new_zipfile_serialization=not legacy)
    output = str(tmp_path / "weights.npz")
    convert_lpips_weights.main(
        ["--alexnet", files["alexnet"], "--lpips", files["lpips"], "--output", output]
    )
    assert "15 arrays" in capsys.readouterr().out
    network = Lpips(output)
    random = np.random.default_rng(3)
    for height, width in ((31, 31), (32, 45), (64, 83)):
        truth = random.random((height, width, 3)).astype(np.float32)
        estimate = np.clip(truth + random.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)
        assert network.unscaled_distance(estimate, truth) == pytest.approx(
            _in_pytorch(alexnet, linear, estimate, truth), rel=1e-5
        )
        assert network.distance(estimate, truth) == pytest.approx(
            _in_pytorch(alexnet, linear, 2 * estimate - 1, 2 * truth - 1), rel=1e-5
        )


def test_unreadable_files_are_a_users_mistake(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is needed to read its files")
    junk = tmp_path / "junk.pth"
    junk.write_bytes(b"<html>not found</html>")
    arguments = ["--lpips", str(junk), "--output", str(tmp_path / "w.npz")]
    with pytest.raises(SystemExit, match="not a state dict"):
        convert_lpips_weights.main(["--alexnet", str(junk), *arguments])
    with pytest.raises(SystemExit, match="cannot be read: No such file"):
        convert_lpips_weights.main(["--alexnet", str(tmp_path / "none.pth"), *arguments])
