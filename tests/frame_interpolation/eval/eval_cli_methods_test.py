"""The program with every kind of method, from the command line's choices to results."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import eval_cli, evaluation_results

_HOSTILE = "<b>/../x y"


@pytest.fixture
def evaluate(tmp_path, write_records):
    """Runs the program on four triplets of two sizes; two of them share a name."""
    names = ["a", "same", "same", _HOSTILE]
    sizes = [(32, 24), (32, 24), (48, 32), (48, 32)]
    records = write_records(
        tmp_path / "test.tfrecord",
        [{"name": name, "size": size} for name, size in zip(names, sizes, strict=True)],
    )
    (tmp_path / "eval.gin").write_text(
        "experiment.name = 'test'\n"
        "evaluation.metrics = ['psnr', 'ssim', 'l1']\n"
        "evaluation.batch_size = 4\n"
        f"evaluation.tfrecord = '{records}'\n"
    )

    def run(**choices):
        return eval_cli.run(gin_config=str(tmp_path / "eval.gin"), **choices)

    return run


def _psnrs(results):
    return [triplet.values["psnr"] for triplet in results.triplets]


def test_frames_that_were_written_score_as_the_model_up_to_rounding(
    evaluate, tmp_path, toy_model_path
):
    model, folder = evaluate(
        model_path=toy_model_path, output_dir=str(tmp_path / "model"), output_frames=True
    )
    shutil.copytree(folder / "frames", tmp_path / "methods" / "toy")
    frames, found = evaluate(predictions=str(tmp_path / "methods" / "toy"))
    assert found == tmp_path / "methods" / "batch_eval" / "test"
    np.testing.assert_allclose(_psnrs(frames), _psnrs(model), atol=0.05)
    assert _psnrs(frames) != _psnrs(model)
    assert frames.model["kind"] == "predictions" and frames.model["files"] == 4
    # A second folder beside the first is another method.
    shutil.copytree(tmp_path / "methods" / "toy", tmp_path / "methods" / "other")
    picture = tmp_path / "methods" / "other" / "a" / "frame2.png"
    Image.new("RGB", (32, 24)).save(picture)
    with pytest.raises(InputError, match=r"model was .*--overwrite"):
        evaluate(predictions=str(tmp_path / "methods" / "other"))


def test_16_bits_score_closer_to_the_model_than_8(evaluate, tmp_path, toy_model_path, toy_middle):
    import cv2

    from frame_interpolation.eval import frame_store
    from frame_interpolation.eval.evaluation_example import RecordSource

    model, _ = evaluate(model_path=toy_model_path, output_dir=str(tmp_path / "model"))
    names = frame_store.FolderNames()
    for folder in ("deep", "plain"):
        (tmp_path / folder).mkdir()
    for example in RecordSource(str(tmp_path / "test.tfrecord")).read(0, 4):
        image = np.clip(toy_middle(example.x0 / 255.0, example.x1 / 255.0), 0, 1)
        name = names.assign(example.name, example.index)
        deep = np.rint(image * 65535).astype(np.uint16)[..., ::-1]
        assert cv2.imwrite(str(tmp_path / "deep" / f"{name}.png"), deep)
        frame_store.write_image(tmp_path / "plain" / f"{name}.png", frame_store.to_bytes(image))
    errors = []
    for folder in ("deep", "plain"):
        results, _ = evaluate(
            predictions=str(tmp_path / folder), output_dir=str(tmp_path / f"{folder}_results")
        )
        errors.append(np.abs(np.subtract(_psnrs(results), _psnrs(model))).max())
    assert errors[0] < 1e-3 < errors[1]


def test_missing_predictions_are_listed_and_left_out_on_request(evaluate, tmp_path, capsys):
    for name in ("a", "same-000002"):
        size = (32, 24) if name == "a" else (48, 32)
        (tmp_path / "p").mkdir(exist_ok=True)
        Image.new("RGB", size, 90).save(tmp_path / "p" / f"{name}.webp")
    with pytest.raises(InputError, match=r"2 of 4 .*'same', .*--allow_missing_predictions"):
        evaluate(predictions=str(tmp_path / "p"))
    results, folder = evaluate(predictions=str(tmp_path / "p"), allow_missing_predictions=True)
    assert [triplet.name for triplet in results.triplets] == ["a", "same"]
    assert results.dataset["left_out"] == ["same", _HOSTILE]
    assert "2 triplets were left out: no prediction" in capsys.readouterr().out
    assert evaluation_results.read_results(folder / "results.json") == results


def test_a_prediction_that_cannot_be_used_keeps_the_scores_before_it(evaluate, tmp_path):
    (tmp_path / "p").mkdir()
    sizes = {"a": (32, 24), "same": (32, 24), "same-000002": (40, 32), "_b_.._x_y-000003": (48, 32)}
    for name, size in sizes.items():
        Image.new("RGB", size, 90).save(tmp_path / "p" / f"{name}.png")
    with pytest.raises(InputError, match=r"same-000002\.png.*40x32 pixels, expected 48x32"):
        evaluate(predictions=str(tmp_path / "p"))
    journal = tmp_path / "batch_eval" / "test" / "results.partial.jsonl"
    assert len(journal.read_text().splitlines()) == 1 + 2
    results, _ = evaluate(predictions=str(tmp_path / "p"), resize_predictions=True, overwrite=True)
    assert len(results.triplets) == 4 and results.model["resized"]


def test_a_command_goes_on_where_it_failed(evaluate, tmp_path):
    (tmp_path / "method.py").write_text(
        "import pathlib, shutil, sys\n"
        "inputs, outputs, allowed = map(pathlib.Path, sys.argv[1:])\n"
        "folders = sorted(inputs.iterdir())\n"
        "print('got', len(folders), 'triplets')\n"
        "if len(folders) == 2 and not allowed.exists(): sys.exit(9)\n"
        "[shutil.copy(f / 'frame1.png', outputs / f'{f.name}.png') for f in folders]\n"
    )
    arguments = {
        "command": f"{sys.executable} {tmp_path / 'method.py'} {{inputs}} {{outputs}} "
        f"{tmp_path / 'allowed'}",
        "output_dir": str(tmp_path / "out"),
        "command_batch_size": 3,
    }
    # Two sizes make batches of two and two, whatever evaluation.batch_size says.
    with pytest.raises(InputError, match=r"ended with status 9(.|\n)*got 2 triplets"):
        evaluate(**arguments)
    (tmp_path / "allowed").mkdir()
    results, _ = evaluate(**arguments)
    nearest, _ = evaluate(baseline="nearest", output_dir=str(tmp_path / "nearest"))
    assert _psnrs(results) == _psnrs(nearest)
    assert results.model["kind"] == "command" and nearest.model["baseline"] == "nearest"


@pytest.mark.slow
def test_a_terminated_program_takes_its_command_along(evaluate, tmp_path):
    (tmp_path / "method.py").write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "eval.eval_cli", "--mode=cpu"),
            f"--gin_config={tmp_path / 'eval.gin'}",
            f"--command={sys.executable} {tmp_path / 'method.py'} {{inputs}} {{outputs}}",
            f"--output_dir={tmp_path / 'out'}",
        ],
        stderr=subprocess.DEVNULL,
    )
    ends = time.monotonic() + 120
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
        assert time.monotonic() < ends and program.poll() is None
        time.sleep(0.1)
    program.terminate()
    assert program.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.slow
def test_a_training_checkpoint(evaluate, tmp_path, golden_dir):
    train = tmp_path / "runs" / "run0" / "train"
    shutil.copytree(golden_dir / "reference_checkpoint", train)
    inferred, folder = evaluate(checkpoint=str(train), gin_bindings=["evaluation.max_examples=1"])
    assert folder == train.parent / "batch_eval" / "test"
    assert inferred.model["step"] == 1234
    (train.parent / "config.gin").write_text("film_net.filters = 3\nunknown.thing = 1\n")
    with pytest.raises(InputError, match=r"film_net\.filters"):
        evaluate(
            base_folder=str(tmp_path / "runs"),
            overwrite=True,
            gin_bindings=["evaluation.max_examples=1"],
        )
    assert (folder / "results.json").exists()  # Nothing is removed before the method is loaded.
