"""Evaluates a method of interpolation on triplets: predicts, scores, and writes the results.

Triplets stream through in the order of the dataset with flat memory. Every score goes into a
journal as soon as it is known, so that an evaluation that was killed goes on where it stopped;
`results.json`, written last, marks a finished one. Reading the next triplets and scoring the last
ones run in threads beside the network.
"""

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    difficulty,
    environment,
    evaluation_results,
    frame_store,
    metrics,
    protocols,
    scoring,
    triplet_preparation,
)
from frame_interpolation.eval.evaluation_example import ExampleSource
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.method import Method, Predictor, PreparedTriplet, predictor_of
from frame_interpolation.eval.progress import Progress
from frame_interpolation.eval.score_journal import ScoreJournal, check_identity
from frame_interpolation.eval.scored_triplet import ScoredTriplet

FRAMES_NAME = frame_store.FRAMES_NAME
_JOURNAL_NAME = "results.partial.jsonl"

__all__ = ["Method", "Predictor", "PreparedTriplet", "evaluate", "predictor_of"]

# Most of scoring lets other threads run. A fast network on a GPU is held up by one of them.
_SCORERS = min(4, os.cpu_count() or 1)
# Scored or waiting to be scored while the network goes on; bounds the frames in memory.
_MAX_PENDING = 2 * _SCORERS


def evaluate(
    *,
    source: ExampleSource,
    method: Method,
    output_dir: Path,
    experiment: str,
    protocol: protocols.Protocol,
    metric_names: Sequence[str],
    max_examples: int = -1,
    batch_size: int = 1,
    output_frames: bool = False,
    measure_difficulty: bool = True,
    overwrite: bool = False,
    config: str = "",
    lpips_weights: str = "",
    progress_stream: TextIO | None = None,
) -> tuple[EvaluationResults, bool]:
    """Evaluates a method, going on where an earlier run of the same evaluation stopped.

    Args:
        source: Triplets to evaluate.
        method: What is evaluated.
        output_dir: Folder of the results; made when it does not exist.
        experiment: Name of the evaluation.
        protocol: How frames are prepared.
        metric_names: Metric names, each possibly with the suffix `_roi`.
        max_examples: Number of triplets, from the first; -1 for all.
        batch_size: Neighbouring triplets of equal size that are predicted together.
        output_frames: Write the pictures of every triplet below `frames/` (see `frame_store`).
        measure_difficulty: Measure what makes each triplet hard (see `difficulty`).
        overwrite: Drop results that lie in the folder, of whatever evaluation.
        config: Text of `config.gin`, not written when empty.
        lpips_weights: File of LPIPS's weights; needed by the metrics `lpips*` only.
        progress_stream: Where progress is shown; standard error when None.

    Returns:
        The results, and whether they had been finished before.

    Raises:
        InputError: If the folder holds another evaluation's results, a record is damaged,
            metrics need regions of interest and no triplet has one, or an estimate has the wrong
            size or values that are not finite.
    """
    stop = len(source) if max_examples < 0 else min(max_examples, len(source))
    scorer = scoring.Scorer(metric_names, lpips_weights=lpips_weights)
    identity = {
        "protocol": protocol.name,
        "protocol_version": protocol.version,
        "metrics": list(metric_names),
        "triplets": stop,
        "model": method.description["fingerprint"],
        "records": source.description["records_sha256"],
        "output_frames": output_frames,
        "difficulty": difficulty.VERSION if measure_difficulty else None,
        **scorer.identity,
    }
    output_dir.mkdir(parents=True, exist_ok=True)
    finished = None if overwrite else _finished_results(output_dir, identity)
    if finished is not None:
        return finished, True
    _check_regions(source, stop, metric_names)
    predict = method.load() if overwrite else None  # Before anything is removed: it may fail.
    started = environment.now()
    with ScoreJournal(output_dir / _JOURNAL_NAME, identity, anew=overwrite) as journal:
        # From here on the folder is ours, and nobody else is writing what is removed.
        if overwrite:
            _remove_results(output_dir)
        _remove_unfinished(output_dir)
        if config:
            evaluation_results.write_text(output_dir / "config.gin", config)
        resumed = len(journal.triplets)
        if resumed < stop:
            predict = predict or method.load()  # Before the clock of the progress starts.
            with Progress(
                "evaluating", total=stop, done=resumed, stream=progress_stream
            ) as progress:
                for scored in _score_triplets(
                    prepared=triplet_preparation.prepare(
                        source.read(resumed, stop, exact_jpeg=protocol.exact_jpeg), protocol
                    ),
                    predict=predict,
                    protocol=protocol,
                    scorer=scorer,
                    batch_size=method.batch_size or batch_size,
                    measure_difficulty=measure_difficulty,
                    frames_dir=output_dir / FRAMES_NAME if output_frames else None,
                    folder_names=frame_store.FolderNames(t.frames for t in journal.triplets),
                ):
                    journal.append(scored)
                    progress.step()
        results = EvaluationResults(
            experiment=experiment,
            identity=identity,
            model=method.description,
            dataset=source.description,
            environment={
                **environment.describe(),
                "started": started,
                "finished": environment.now(),
                "resumed_after": resumed,
            },
            triplets=tuple(journal.triplets),
        )
        evaluation_results.write_results(output_dir, results)
    (output_dir / _JOURNAL_NAME).unlink()
    return results, False


def _finished_results(folder: Path, identity: Mapping[str, Any]) -> EvaluationResults | None:
    """Returns the finished results in a folder, None when there is room for or a rest to do."""
    if not (folder / evaluation_results.JSON_NAME).exists():
        table = folder / evaluation_results.CSV_NAME
        if table.exists() and not (folder / _JOURNAL_NAME).exists():
            raise InputError(
                f"{str(table)!r} exists, but was not written by this program or is not complete; "
                "give another experiment.name, or --overwrite to replace it."
            )
        return None
    results = evaluation_results.read_results(folder / evaluation_results.JSON_NAME)
    # Who asks for no pictures or measures is served by results that have them.
    extras = ("output_frames", "difficulty")
    spared = {name: results.identity.get(name) for name in extras if not identity[name]}
    asked = {**identity, **spared}
    check_identity(results.identity, asked, folder)
    # A run that was killed between its last two steps leaves its journal beside the results.
    (folder / _JOURNAL_NAME).unlink(missing_ok=True)
    return results


def _check_regions(source: ExampleSource, stop: int, metric_names: Sequence[str]) -> None:
    """Refuses metrics on regions where no triplet has one; that some have none is counted."""
    on_region = [name for name in metric_names if metrics.split_name(name)[1]]
    if on_region and not source.has_annotations(stop):
        raise InputError(
            f"{', '.join(on_region)} need regions of interest, and none of the {stop} triplets has "
            "an annotation; evaluate without them (bind evaluation.metrics to the names without "
            "_roi), or on data with annotations."
        )


def _remove_results(folder: Path) -> None:
    """Removes what an evaluation writes but its journal, the mark of a finished one first."""
    for name in evaluation_results.FILE_NAMES:
        (folder / name).unlink(missing_ok=True)
    if (folder / FRAMES_NAME).is_dir():
        shutil.rmtree(folder / FRAMES_NAME)


def _remove_unfinished(folder: Path) -> None:
    """Removes the files that a run was writing under temporary names when it was killed."""
    for pattern in (".*.tmp", f"{FRAMES_NAME}/*/.*.tmp.*"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _score_triplets(
    *,
    prepared: Iterable[PreparedTriplet],
    predict: Predictor,
    protocol: protocols.Protocol,
    scorer: scoring.Scorer,
    batch_size: int,
    measure_difficulty: bool,
    frames_dir: Path | None,
    folder_names: frame_store.FolderNames,
) -> Iterator[ScoredTriplet]:
    """Yields scores in order; the scoring threads work while the network predicts on."""
    pending: deque[Future[ScoredTriplet]] = deque()
    batches = triplet_preparation.read_ahead(triplet_preparation.batches(prepared, batch_size))
    with ThreadPoolExecutor(max_workers=_SCORERS) as executor:
        while True:
            try:
                batch = next(batches, None)
                estimates = None if batch is None else _checked_estimates(predict, batch)
            except (Exception, KeyboardInterrupt):
                # What was predicted before is scored, and not lost to the journal.
                yield from _results(pending)
                raise
            if batch is None or estimates is None:
                break
            for triplet, estimate in zip(batch, estimates, strict=True):
                frames = ""
                if frames_dir is not None:
                    frames = folder_names.assign(triplet.example.name, triplet.example.index)
                pending.append(
                    executor.submit(
                        _score,
                        triplet,
                        protocol.finish(estimate),
                        protocol,
                        scorer,
                        measure_difficulty,
                        None if frames_dir is None else frames_dir / frames,
                    )
                )
            while pending and (pending[0].done() or len(pending) > _MAX_PENDING):
                yield pending.popleft().result()
        yield from _results(pending)


def _results(pending: deque[Future[ScoredTriplet]]) -> Iterator[ScoredTriplet]:
    while pending:
        yield pending.popleft().result()


def _score(
    triplet: PreparedTriplet,
    estimate: np.ndarray,
    protocol: protocols.Protocol,
    scorer: scoring.Scorer,
    measure_difficulty: bool,
    frames_folder: Path | None,
) -> ScoredTriplet:
    x0, truth, x1 = map(protocol.finish, (triplet.x0, triplet.y, triplet.x1))
    if frames_folder is not None:
        frame_store.write_triplet(frames_folder, x0=x0, estimate=estimate, x1=x1, truth=truth)
    example, annotation = triplet.example, triplet.example.annotation
    scores = scorer.score(estimate, truth, triplet.roi)
    measures = difficulty.measure(*map(_to_uint8, (x0, truth, x1))) if measure_difficulty else {}
    return ScoredTriplet(
        index=example.index,
        shard=example.shard,
        offset=example.offset,
        key=example.key,
        name=example.name,
        film=example.film,
        level=None if annotation is None else annotation.level,
        frame_size=(truth.shape[1], truth.shape[0]),
        image_size=None if annotation is None else annotation.image_size,
        motion_roi=None if annotation is None else annotation.motion_roi,
        roi=triplet.roi,
        general_motion_type=() if annotation is None else annotation.general_motion_type,
        behavior=() if annotation is None else annotation.behavior,
        values=scores.values,
        frames="" if frames_folder is None else frames_folder.name,
        frame_marks=example.frame_marks,
        measures=measures,
        remarks=(*triplet.remarks, *scores.remarks),
    )


def _to_uint8(frame: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(frame, alpha=255.0)  # Undoes `Protocol.prepare` exactly.


def _checked_estimates(predict: Predictor, batch: Sequence[PreparedTriplet]) -> np.ndarray:
    estimates = predict(batch)
    expected = (len(batch), *batch[0].y.shape)
    width, height = batch[0].scored_size or (expected[2], expected[1])
    if estimates.shape not in (expected, (len(batch), height, width, 3)):
        raise InputError(
            f"The method answered with an image of shape {estimates.shape} for triplet "
            f"{batch[0].example.name!r}, expected {expected}."
        )
    for triplet, estimate in zip(batch, estimates, strict=True):
        bad = estimate.size - int(np.count_nonzero(np.isfinite(estimate)))
        if bad:
            raise InputError(
                f"The estimate of triplet {triplet.example.name!r} has {bad} values that are not "
                "finite numbers; the model has diverged or its file is damaged."
            )
    return estimates
