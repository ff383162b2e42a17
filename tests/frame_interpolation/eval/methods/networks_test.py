"""Networks from files: a checkpoint predicts as the model that it was saved from."""

import dataclasses
import shutil

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.methods import networks
from frame_interpolation.models import pretrained


@pytest.fixture(scope="module")
def checkpoint(golden_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "train"
    shutil.copytree(golden_dir / "reference_checkpoint", folder)
    (prefix,) = folder.glob("ckpt-*.index")
    return str(prefix)[: -len(".index")]


@pytest.mark.slow
def test_a_checkpoint_predicts_as_the_reference_did(checkpoint, golden_dir, make_triplet):
    golden = np.load(golden_dir / "film_small.npz")
    frames = [golden[f"case0/{name}"] for name in ("x0", "y", "x1")]
    frames = [frame.reshape(frame.shape[-3:]) for frame in frames]
    method = networks.checkpoint(checkpoint)
    image = method.load()([make_triplet(frames=frames)])
    np.testing.assert_allclose(image[0], golden["case0/image"].reshape(frames[0].shape), atol=2e-4)
    assert method.description["kind"] == "checkpoint" and method.description["step"] == 1234


@pytest.mark.slow
def test_options_of_another_network_are_refused(checkpoint):
    options = pretrained.read_options(checkpoint)
    fine = networks.checkpoint(checkpoint, options=options)
    assert fine.description == networks.checkpoint(checkpoint).description
    with pytest.raises(InputError, match=r"trained with film_net\.filters"):
        wrong = dataclasses.replace(options, filters=options.filters * 2)
        networks.checkpoint(checkpoint, options=wrong).load()
    with pytest.raises(InputError, match=r"trained with film_net\.pyramid_levels"):
        more = dataclasses.replace(options, pyramid_levels=options.pyramid_levels + 1)
        networks.checkpoint(checkpoint, options=more)


def test_what_is_no_checkpoint_is_refused(tmp_path, toy_model_path):
    with pytest.raises(InputError, match="no weights at"):
        networks.checkpoint(str(tmp_path / "ckpt-3"))
    with pytest.raises(InputError):
        networks.checkpoint(toy_model_path)


def test_a_saved_model(toy_model_path, toy_middle, make_triplet):
    method = networks.saved_model(toy_model_path)
    triplets = [make_triplet(i) for i in range(2)]
    np.testing.assert_allclose(
        method.load()(triplets), [toy_middle(t.x0, t.x1) for t in triplets], atol=1e-6
    )
    assert method.description["kind"] == "saved_model"
    with pytest.raises(InputError, match="does not exist"):
        networks.saved_model("/nowhere")
