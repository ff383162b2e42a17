"""Compares strategies of fine-tuning: what each gains on animation and loses on natural motion.

    python -m training.study --config gin_configs/studies/sample.gin --output_dir DIR
        --gin_bindings "study.train_records = ['records/animation_train@2']" ...

trains every strategy with every seed from one model, evaluates each on films that it was not
trained on and on natural motion, and leaves DIR/study.{md,csv,json} and DIR/study.png: gains and
losses with confidence intervals. They are written anew after each seed.

The same command goes on where an earlier one stopped, after Ctrl-C or SIGTERM as after a crash;
what is finished is not repeated, and the study of a finished DIR is only written again. A study
with other settings needs another DIR. docs/fine_tuning_study.md says more.

Exit status: 0 when the study is finished, 1 for bad input and for a task that failed, 2 for bad
flags, 130 after Ctrl-C, 143 after SIGTERM.
"""

import contextlib
import fcntl
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    from frame_interpolation.training.study_plan import Plan

FLAGS = flags.FlagValues()
_CONFIG = flags.DEFINE_multi_string(
    "config",
    None,
    "Gin file of the study; may be given several times.",
    flag_values=FLAGS,
    required=True,
)
_GIN_BINDINGS = flags.DEFINE_multi_string(
    "gin_bindings",
    [],
    'One more line of gin, such as "study.num_steps = 100"; may be given several times.',
    flag_values=FLAGS,
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the study.", flag_values=FLAGS, required=True
)
_PAGE = flags.DEFINE_string(
    "page",
    None,
    "Markdown file that gets the tables too, in the place of those of an earlier study, and the "
    "plot in images/ beside it.",
    flag_values=FLAGS,
)
_MODE = flags.DEFINE_enum(
    "mode",
    "gpu",
    ["cpu", "gpu"],
    "Where trainings and evaluations run; without a GPU, gpu warns and goes on on the CPU.",
    flag_values=FLAGS,
)

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Runs the program; returns the exit status."""
    del argv
    return run(
        configs=_CONFIG.value,
        gin_bindings=_GIN_BINDINGS.value,
        output_dir=_OUTPUT_DIR.value,
        page=_PAGE.value,
        mode=_MODE.value,
    )


def run(
    *,
    configs: Sequence[str],
    output_dir: str,
    gin_bindings: Sequence[str] = (),
    page: str | None = None,
    mode: str = "gpu",
) -> int:
    """Makes a study, or goes on with one.

    Args:
      configs: gin files of the study.
      output_dir: its folder.
      gin_bindings: further lines of gin.
      page: Markdown file that gets the tables too; None for none.
      mode: 'cpu' or 'gpu'.

    Returns:
      The exit status: 0, or 128 and the number of the signal that stopped it.

    Raises:
      InputError: something that the user can put right.
    """
    from frame_interpolation.training import study_execution

    plan, settings = _plan(configs, gin_bindings, Path(output_dir), mode)
    with _locked(plan.folder):
        _claim(plan, settings)
        rounds = plan.rounds()
        tasks = [task for tasks in rounds for task in tasks]
        started_with = sum(task.is_done for task in tasks)
        if started_with:
            _log.info("%d of %d tasks are done already.", started_with, len(tasks))
        try:
            with study_execution.TaskProcess() as run_task:
                for number, members in enumerate(rounds):
                    is_needed = not all(task.is_done for task in members)
                    study_execution.run_round(plan, members, remaining=tasks, run_task=run_task)
                    if 0 < number < len(rounds) - 1 and is_needed:
                        _write(plan, seeds=plan.options.seeds[:number], notes=(), page=None)
        except study_execution.Stopped as stopped:
            _log.info("Stopped; the same command goes on from here.")
            return stopped.exit_status
        _write(plan, seeds=plan.options.seeds, notes=_leakage(plan), page=page)
    print(f"The study is finished: {plan.folder}/study.{{md,csv,json,png}}")
    return 0


def _plan(
    configs: Sequence[str], gin_bindings: Sequence[str], folder: Path, mode: str
) -> tuple["Plan", dict[str, Any]]:
    """Reads the study, and the configuration of every run, so that errors come before hours."""
    from frame_interpolation import config
    from frame_interpolation.training.study_options import StudyOptions
    from frame_interpolation.training.study_plan import Plan, check_gin_files_are_given

    config.parse(configs, gin_bindings)
    options = config.make(StudyOptions)
    study = config.flattened()
    check_gin_files_are_given(options)
    plan = Plan(options, folder, mode)
    from frame_interpolation.eval.options import EvaluationOptions
    from frame_interpolation.training.experiment import Experiment

    texts = {"the study": study}
    for strategy in options.all_strategies:
        bindings = plan.gin_bindings(strategy, options.seeds[0])
        try:
            config.parse(plan.gin_files(strategy), bindings)
            Experiment.create(config.make)
        except InputError as error:
            raise InputError(f"The strategy {strategy.name!r}: {error}") from error
        texts[f"the strategy {strategy.name}"] = config.flattened()
    for name in (options.animation_config, options.natural_config):
        config.parse([name])
        found = config.make(EvaluationOptions).metrics
        if options.metric not in found:
            raise InputError(
                f"study.metric is {options.metric!r}, which {name} does not have; it has "
                f"{', '.join(found)}."
            )
        texts[f"the evaluation {name}"] = config.flattened()
    return plan, {"configurations": texts, "data": _fingerprints(plan)}


def _fingerprints(plan: "Plan") -> dict[str, str]:
    """What the data are, whatever their files are called."""
    from frame_interpolation.datasets import tfrecord
    from frame_interpolation.eval import fingerprint

    options = plan.options
    found = {"study.start_model": fingerprint.of_saved_model(plan.start_path)["fingerprint"]}
    for name in ("train_records", "rehearsal_records", "animation_records", "natural_records"):
        specs = getattr(options, name)
        for spec in (specs,) if isinstance(specs, str) else specs:
            records = fingerprint.of_records(tfrecord.build_index(spec))
            found[f"study.{name} ({spec})"] = records["records_sha256"]
    return found


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps a second process from the same study; the lock goes with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"Another process is at the study in {folder}; wait for it, or choose another "
                "--output_dir."
            ) from error
        yield


def _claim(plan: "Plan", settings: dict[str, Any]) -> None:
    """Keeps the settings of a new study, or compares them with those of the one that is there."""
    from frame_interpolation import config
    from frame_interpolation.training.run_folder import write_text

    if not plan.settings.exists():
        write_text(str(plan.settings), json.dumps(settings, indent=1) + "\n")
        return
    former = json.loads(plan.settings.read_text(encoding="utf-8"))
    differences = [
        f"{name}: {former['data'].get(name, 'none')} before, {settings['data'].get(name)} now"
        for name in sorted(former["data"].keys() | settings["data"].keys())
        if former["data"].get(name) != settings["data"].get(name)
    ]
    texts, old_texts = settings["configurations"], former["configurations"]
    for name in dict.fromkeys((*old_texts, *texts)):
        lines = config.describe_difference(old_texts.get(name, ""), texts.get(name, ""))
        differences += [f"{name}, {line}" for line in lines]
    if differences:
        raise InputError(
            f"The study in {plan.folder} was begun with other settings: {'; '.join(differences)}. "
            "Choose another --output_dir, or go back to those."
        )


def _leakage(plan: "Plan") -> list[str]:
    """Says whether what the study is measured on is among what it was trained on."""
    from frame_interpolation.eval import evaluation_results, leakage
    from frame_interpolation.training.study_plan import ANIMATION, NATURAL

    options = plan.options
    trained_on = [*options.train_records]
    if any(strategy.rehearsal for strategy in options.all_strategies):
        trained_on += options.rehearsal_records
    notes = []
    for name in (ANIMATION, NATURAL):
        scored = evaluation_results.read_results(plan.results_of(name, None))
        notes += leakage.search(scored.triplets, trained_on).sentences()
    return notes


def _write(plan: "Plan", *, seeds: Sequence[int], notes: Sequence[str], page: str | None) -> None:
    from frame_interpolation.eval import text_table
    from frame_interpolation.training import study_report, study_results

    results = study_results.read(plan.options, plan.results_of, seeds=seeds, notes=notes)
    study_report.write(plan.folder, results)
    if page:
        study_report.write_page(Path(page), results)
    print(text_table.to_text(study_report.main_table(results)), flush=True)


def _show_progress() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("frame_interpolation").setLevel(logging.INFO)
    # Run by `-m`, this module's own logger is called __main__.
    _log.setLevel(logging.INFO)


if __name__ == "__main__":
    _show_progress()
    program.run(main, FLAGS)
