"""LPIPS: what the definition implies, the smallest frame, and files that are no weights.

Its values are compared with PyTorch's in golden_metrics_test and tools/convert_lpips_weights_test.
"""

import pathlib

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.lpips import MINIMUM_SIDE_PX, Lpips
from frame_interpolation.eval.scoring import Scorer


@pytest.fixture(scope="module")
def weights_file(golden_dir):
    return str(golden_dir / "metrics" / "lpips_tiny.npz")


def _frames(height=48, width=57):
    random = np.random.default_rng(2)
    truth = random.random((height, width, 3)).astype(np.float32)
    return np.clip(truth + random.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32), truth


def test_a_distance(weights_file):
    network = Lpips(weights_file)
    estimate, truth = _frames()
    for distance in (network.distance, network.unscaled_distance):
        # Not 0 to the bit: what one frame of a batch gives may depend on its place there.
        assert distance(truth, truth) == pytest.approx(0.0, abs=1e-12)
        assert distance(estimate, truth) == pytest.approx(distance(truth, estimate), rel=1e-5)
        assert 0 < distance(0.9 * truth + 0.1 * estimate, truth) < distance(estimate, truth)
    # The one is the other on frames that were scaled by the caller.
    assert network.distance(estimate, truth) == pytest.approx(
        network.unscaled_distance(2 * estimate - 1, 2 * truth - 1), rel=1e-5
    )
    assert network.distance(estimate, truth) != network.unscaled_distance(estimate, truth)


def test_frames_smaller_than_the_network_allows_have_no_value(weights_file):
    scorer = Scorer(["lpips", "lpips_unscaled_roi"], lpips_weights=weights_file)
    estimate, truth = _frames(MINIMUM_SIDE_PX, 40)
    values = scorer.score(estimate, truth, (2, 0, MINIMUM_SIDE_PX, MINIMUM_SIDE_PX)).values
    assert values["lpips"] > 0 and values["lpips_unscaled_roi"] > 0
    values = scorer.score(estimate, truth, (2, 0, MINIMUM_SIDE_PX - 1, MINIMUM_SIDE_PX)).values
    assert values["lpips"] > 0 and values["lpips_unscaled_roi"] is None
    values = scorer.score(estimate[1:], truth[1:], (0, 0, 40, MINIMUM_SIDE_PX - 1)).values
    assert set(values.values()) == {None}


def test_the_weights_are_part_of_the_identity(weights_file, tmp_path):
    weights = dict(np.load(weights_file))
    packed, changed = str(tmp_path / "packed.npz"), str(tmp_path / "changed.npz")
    np.savez_compressed(packed, **dict(reversed(weights.items())))
    weights["conv1/bias"] = weights["conv1/bias"] + np.float32(1e-3)
    np.savez(changed, **weights)
    identities = [
        Scorer(["lpips"], lpips_weights=file).identity for file in (weights_file, packed, changed)
    ]
    assert identities[0] == identities[1] != identities[2]
    assert Scorer(["psnr"], lpips_weights=weights_file).identity == {}


@pytest.mark.parametrize("given", [None, ""])
def test_without_weights_it_is_refused(given):
    with pytest.raises(InputError, match=r"convert_lpips_weights\.py and bind evaluation"):
        Scorer(["psnr", "lpips_roi"], lpips_weights=given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv3/bias": None}, "lacks conv3/bias"),
        ({"conv6/bias": np.zeros(3, np.float32)}, "has conv6/bias"),
        ({"conv1/kernel": np.zeros((4, 3, 11, 11), np.float32)}, r"\(4, 3, 11, 11\), not \(11, 11"),
        ({"conv2/kernel": np.zeros((5, 5, 9, 6), np.float32)}, r"not \(5, 5, 4, channels\)"),
        ({"linear2/weights": np.zeros(5, np.float32)}, r"linear2/weights of shape \(5,\), not"),
        ({"conv4/bias": np.full(7, np.nan, np.float32)}, "no finite numbers"),
        ({"conv4/bias": np.zeros(7, np.int64)}, "of type int64"),
    ],
)
def test_weights_of_another_layout_are_refused(weights_file, tmp_path, change, message):
    weights = {
        name: values
        for name, values in (dict(np.load(weights_file)) | change).items()
        if values is not None
    }
    path = tmp_path / "other.npz"
    np.savez(path, **weights)
    with pytest.raises(InputError, match=message):
        Lpips(str(path))


def test_files_that_are_no_archive_are_refused(weights_file, tmp_path):
    with pytest.raises(InputError, match="no file"):
        Lpips(str(tmp_path / "none.npz"))
    whole = pathlib.Path(weights_file).read_bytes()
    array = tmp_path / "array.npz"
    with array.open("wb") as file:
        np.save(file, np.zeros(3))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, a=np.array([{}], dtype=object))
    cases = {"text": b"weights?", "empty": b"", "cut": whole[: len(whole) // 2]}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 0xFF
    (tmp_path / "flipped").write_bytes(flipped)
    for name in (*cases, "array.npz", "pickled.npz", "flipped"):
        with pytest.raises(InputError, match=r"not a readable \.npz file"):
            Lpips(str(tmp_path / name))
