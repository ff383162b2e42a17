"""The main job from end to end, in one process, on data that it draws itself (`make demo`).

    python -m examples.main_job [--output_dir demo_output] [--num_steps 300]

Draws a small ATD-12K tree, turns it into TFRecords with Beam, resumes training from the SavedModel
in assets/film_small, evaluates the drawn test films before and after, and writes a report. What is
there already is not made again, so an interrupted demo goes on; another --output_dir starts anew.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import tqdm
from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

FLAGS = flags.FlagValues()
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", "demo_output", "Folder of everything that the demo makes.", flag_values=FLAGS
)
_NUM_STEPS = flags.DEFINE_integer(
    "num_steps", 300, "Training steps; more take longer and may gain more.", flag_values=FLAGS
)
_TRAIN_TRIPLETS = flags.DEFINE_integer(
    "train_triplets", 48, "Triplets of the training films to draw.", flag_values=FLAGS
)
_TEST_TRIPLETS = flags.DEFINE_integer(
    "test_triplets", 12, "Triplets of the test films to draw.", flag_values=FLAGS
)

_PRETRAINED = "assets/film_small/saved_model"
_TRAINING_CONFIG = "gin_configs/experiments/finetune_atd12k_cpu.gin"
_EVALUATION_CONFIG = "gin_configs/eval/atd12k_test.gin"
_LABEL = "finetuned"
_NUM_SHARDS = 2


def main(argv: list[str]) -> int:
    """Runs the program; returns the exit status."""
    del argv
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    for package in ("frame_interpolation", "beam_jobs", "atd12k"):
        logging.getLogger(package).setLevel(logging.INFO)
    return run(
        output_dir=_OUTPUT_DIR.value,
        num_steps=_NUM_STEPS.value,
        train_triplets=_TRAIN_TRIPLETS.value,
        test_triplets=_TEST_TRIPLETS.value,
    )


def run(*, output_dir: str, num_steps: int, train_triplets: int, test_triplets: int) -> int:
    """Runs the main job.

    Args:
      output_dir: folder of everything that is made.
      num_steps: training steps.
      train_triplets: triplets of the training films.
      test_triplets: triplets of the test films.

    Returns:
      The exit status: 0, or that of a training that was stopped.

    Raises:
      InputError, DatasetError, OSError: as the steps raise them.
    """
    start = time.monotonic()
    _claim(
        output_dir,
        {"num_steps": num_steps, "train_triplets": train_triplets, "test_triplets": test_triplets},
    )
    root, records = (os.path.join(output_dir, name) for name in ("atd12k", "records"))
    clock = _StepClock(number_of_steps=5)

    clock("Drawing a small ATD-12K tree", root)
    _draw(root, train_triplets=train_triplets, test_triplets=test_triplets)
    clock("Turning it into TFRecords with Beam", records)
    train_records, test_records = _build_records(root, records)
    clock("Scoring the test films with the pre-trained model", _PRETRAINED)
    before = _evaluate(_PRETRAINED, test_records, os.path.join(output_dir, "before"))
    clock(f"Fine-tuning it for {num_steps} steps on the training films", output_dir)
    status = _train(train_records, output_dir, num_steps=num_steps)
    if status:
        return status
    clock("Scoring the test films with the fine-tuned model", output_dir)
    tuned_model = os.path.join(output_dir, _LABEL, "saved_model")
    after = _evaluate(tuned_model, test_records, os.path.join(output_dir, "after"))
    clock.finish()
    page = _report(output_dir, before=before, after=after, num_steps=num_steps)
    minutes = (time.monotonic() - start) / 60
    print(f"\nReport with pictures: {page}\nThe demo took {minutes:.1f} minutes.")
    return 0


class _StepClock:
    """Announces the steps of the job, and says what each took."""

    def __init__(self, *, number_of_steps: int):
        self._number_of_steps = number_of_steps
        self._number = 0
        self._started: float | None = None

    def __call__(self, title: str, place: str) -> None:
        """Begins a step."""
        self.finish()
        self._number += 1
        self._started = time.monotonic()
        print(f"\n[{self._number}/{self._number_of_steps}] {title} ({place})", flush=True)

    def finish(self) -> None:
        """Ends the step that runs."""
        if self._started is not None:
            print(f"    {time.monotonic() - self._started:.0f} s", flush=True)
            self._started = None


def _claim(output_dir: str, settings: Mapping[str, int]) -> None:
    """Makes the folder; one that was begun with other settings is refused."""
    path = Path(output_dir, "demo.json")
    if path.exists():
        former = json.loads(path.read_text(encoding="utf-8"))
        if former != settings:
            raise InputError(
                f"{output_dir} was made with {former}, not with {dict(settings)}; choose another "
                "--output_dir, or remove it."
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(".demo.json")
    temporary.write_text(json.dumps(settings), encoding="utf-8")
    temporary.replace(path)


def _draw(root: str, *, train_triplets: int, test_triplets: int) -> None:
    from atd12k import sample

    if os.path.exists(root):  # It is renamed to this name when it is complete.
        print("    already there")
        return
    with tqdm.tqdm(total=train_triplets + test_triplets, unit="triplet") as bar:
        sample.draw_tree(
            root,
            train_triplets=train_triplets,
            test_triplets=test_triplets,
            progress=lambda done, total: bar.update(),
        )


def _build_records(root: str, records: str) -> tuple[str, str]:
    from beam_jobs import build_tfrecord

    os.makedirs(records, exist_ok=True)
    patterns = []
    for split in ("train", "test"):
        path = os.path.join(records, split)
        if os.path.exists(f"{path}.manifest.json"):
            print(f"    {split}: already there")
        else:
            manifest = build_tfrecord.build_tfrecord(
                dataset="atd12k",
                input_dir=root,
                split=split,
                output=path,
                num_shards=_NUM_SHARDS,
                validation_share=0.0,  # All films that are not the test's are trained on.
            )
            print(f"    {split}: {manifest['records']} records")
        patterns.append(f"{path}@{_NUM_SHARDS}")
    return patterns[0], patterns[1]


def _evaluate(model_path: str, records: str, output_dir: str) -> Path:
    from frame_interpolation import repository_paths
    from frame_interpolation.eval import eval_cli

    _, folder = eval_cli.run(
        gin_config=_EVALUATION_CONFIG,
        gin_bindings=[f"evaluation.tfrecord = {records!r}"],
        model_path=repository_paths.find(model_path),
        output_dir=output_dir,
        output_frames=True,
    )
    return folder


def _train(records: str, output_dir: str, *, num_steps: int) -> int:
    from frame_interpolation.training import train

    return train.run(
        gin_files=[_TRAINING_CONFIG],
        gin_bindings=[
            f"training_dataset.files = [{records!r}]",
            f"training.num_steps = {num_steps}",
        ],
        base_folder=output_dir,
        label=_LABEL,
    )


def _report(output_dir: str, *, before: Path, after: Path, num_steps: int) -> Path:
    from frame_interpolation.eval import evaluation_results, report, score_table

    folders = {"before": before, "after": after}
    page = report.write_report(
        os.path.join(output_dir, "report"),
        title="Fine-tuning on drawn animation",
        introduction=(
            f"The small pre-trained model before and after {num_steps} steps of fine-tuning on "
            "drawn films; these are other films, which it was not trained on."
        ),
        results=[
            (label, folder / "results.json", folder / "frames") for label, folder in folders.items()
        ],
    )
    labeled = [
        (label, evaluation_results.read_results(folder / "results.json"))
        for label, folder in folders.items()
    ]
    print("\nThe test films before and after fine-tuning:\n")
    print(score_table.to_text(score_table.build_table(labeled)))
    return page


if __name__ == "__main__":
    program.run(main, FLAGS)
