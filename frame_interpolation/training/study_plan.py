"""What a study does, task by task: trainings and evaluations, each a command and a folder.

    DIR/settings.json                what the study was begun with
    DIR/start/batch_eval/...         the model that all runs start from, evaluated
    DIR/runs/<strategy>_seed<N>/     a run of `training.train`, its evaluations in batch_eval/
    DIR/logs/                        what the tasks printed
    DIR/durations.json               seconds that whole tasks took, for the time left

All strategies have their first seed before any has its second one, so that a study that is stopped
early compares all of them.
"""

import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError
from frame_interpolation.training.run_folder import RunFolder
from frame_interpolation.training.study_options import Strategy, StudyOptions

ANIMATION = "animation"
NATURAL = "natural"
SETS = (ANIMATION, NATURAL)
"""The two evaluations, which are named so."""

TRAIN = "train"


@dataclasses.dataclass(frozen=True)
class Task:
    """A command that makes one file.

    Attributes:
      name: what it does, in a few words.
      kind: 'train', 'animation' or 'natural'; tasks of a kind take about the same time.
      command: the command line.
      result: the file whose presence says that the task is done.
      log: where its output goes.
    """

    name: str
    kind: str
    command: tuple[str, ...]
    result: Path
    log: Path

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.result.exists()


@dataclasses.dataclass(frozen=True)
class Plan:
    """The tasks of a study and where their results are.

    Attributes:
      options: what the study does.
      folder: DIR above.
      mode: device of trainings and evaluations, 'cpu' or 'gpu'.
    """

    options: StudyOptions
    folder: Path
    mode: str = "gpu"

    @property
    def start_path(self) -> str:
        """The SavedModel that all runs start from, found."""
        return repository_paths.find(self.options.start_model)

    @property
    def settings(self) -> Path:
        """The settings that the study was begun with."""
        return self.folder / "settings.json"

    @property
    def durations(self) -> Path:
        """How long the tasks took."""
        return self.folder / "durations.json"

    def rounds(self) -> list[list[Task]]:
        """The tasks in order: first those of the starting model, then a list for each seed."""
        rounds = [[self._evaluation(name, None) for name in SETS]]
        for seed in self.options.seeds:
            tasks = []
            for strategy in self.options.all_strategies:
                tasks.append(self._training(strategy, seed))
                tasks += [self._evaluation(name, run_label(strategy.name, seed)) for name in SETS]
            rounds.append(tasks)
        return rounds

    def results_of(self, set_name: str, label: str | None) -> Path:
        """`results.json` of an evaluation.

        Args:
          set_name: one of `SETS`.
          label: the run, None for the starting model.
        """
        parent = self.folder / "start" if label is None else self._run(label)
        return parent / "batch_eval" / set_name / "results.json"

    def gin_files(self, strategy: Strategy) -> list[str]:
        """The gin files of a strategy's runs, in their order."""
        return [*self.options.configs, *strategy.configs]

    def gin_bindings(self, strategy: Strategy, seed: int) -> list[str]:
        """The lines of gin of one run, in their order; the last ones are those of the study."""
        options = self.options
        records = [*options.train_records]
        if strategy.rehearsal:
            records += options.rehearsal_records
        return [
            *options.bindings,
            *strategy.bindings,
            f"pretrained.path = {options.start_model!r}",
            f"training_dataset.files = {records!r}",
            f"training_dataset.seed = {seed}",
            f"training.seed = {seed}",
            f"training.num_steps = {options.num_steps}",
        ]

    def _run(self, label: str) -> Path:
        return Path(RunFolder(str(self.folder / "runs"), label).path)

    def _training(self, strategy: Strategy, seed: int) -> Task:
        label = run_label(strategy.name, seed)
        arguments = [f"--gin_config={file}" for file in self.gin_files(strategy)]
        arguments += [f"--gin_bindings={line}" for line in self.gin_bindings(strategy, seed)]
        arguments += [f"--base_folder={self.folder / 'runs'}", f"--label={label}"]
        return self._task(
            f"{strategy.name}, seed {seed}: {self.options.num_steps} steps",
            TRAIN,
            ["frame_interpolation.training.train", *arguments],
            self._run(label) / "saved_model" / "saved_model.pb",
            label,
        )

    def _evaluation(self, set_name: str, label: str | None) -> Task:
        options = self.options
        config, records = {
            ANIMATION: (options.animation_config, options.animation_records),
            NATURAL: (options.natural_config, options.natural_records),
        }[set_name]
        model = self._run(label) / "saved_model" if label else Path(self.start_path)
        result = self.results_of(set_name, label)
        command = [
            "frame_interpolation.eval.eval_cli",
            f"--gin_config={config}",
            f"--gin_bindings=experiment.name = {set_name!r}",
            f"--gin_bindings=evaluation.tfrecord = {records!r}",
            f"--model_path={model}",
            f"--output_dir={result.parents[2]}",
        ]
        name = f"{label or 'start'} on {set_name}"
        return self._task(name, set_name, command, result, f"{label or 'start'}_{set_name}")

    def _task(self, name: str, kind: str, command: Sequence[str], result: Path, log: str) -> Task:
        return Task(
            name,
            kind,
            (sys.executable, "-m", *command, f"--mode={self.mode}"),
            result,
            self.folder / "logs" / f"{log}.txt",
        )


def run_label(strategy: str, seed: int) -> str:
    """Name of a run's folder."""
    return f"{strategy}_seed{seed}"


def check_gin_files_are_given(options: StudyOptions) -> None:
    """Refuses a strategy whose runs would have no gin file, before anything is trained.

    Raises:
      InputError: neither the study nor the strategy names one.
    """
    for strategy in options.all_strategies:
        if not [*options.configs, *strategy.configs]:
            raise InputError(
                f"The strategy {strategy.name!r} has no gin file; bind study.configs to those that "
                "all runs have in common, such as "
                f"{os.path.join('gin_configs', 'experiments', 'finetune_atd12k_cpu.gin')}."
            )
