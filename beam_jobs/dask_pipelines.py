"""What Beam's runner for Dask can run, and what its failures mean.

The runner of Beam 2.77 turns a pipeline into one Dask bag and leaves a lot out without a word:

    of several ends of a pipeline only the last one is computed
    tagged outputs are merged into one
    transforms that it has no translation for are skipped, their input being handed on
    a plan of up to 128 elements becomes a single task
    metrics are not collected

So a pipeline is looked at before it is submitted. What passes is `Create` followed by `ParDo`s in
one line, which is what the jobs of this project are.
"""

import collections
import concurrent.futures
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor

from frame_interpolation.errors import InputError

RUNNER_NAME: Final = "DaskRunner"

_IMPORTABLE: Final = (
    "this project has to be importable on the scheduler and on every worker, in the same versions "
    "as here: start them in its folder or install it there"
)


def check_shape(pipeline: beam.Pipeline) -> None:
    """Refuses a pipeline of which Dask would run only a part.

    Raises:
        InputError: Names the transform that would be left out, and why.
    """
    steps = _Steps()
    pipeline.visit(steps)
    for step in steps.found:
        trouble = _trouble_of(step)
        if trouble:
            raise InputError(_refusal(trouble))
    used = {id(value) for step in steps.found for value in step.inputs}
    ends = [
        step.full_label
        for step in steps.found
        if not any(id(value) in used for value in step.outputs.values())
    ]
    if len(ends) != 1:
        raise InputError(
            _refusal(f"it has {len(ends)} ends ({', '.join(ends)}), and only the last is computed")
        )


class _Steps(PipelineVisitor):
    """Collects the transforms of a pipeline that Dask's runner sees, `Create` as a whole."""

    def __init__(self):
        self.found: list[AppliedPTransform] = []
        self._depth_in_create = 0

    def enter_composite_transform(self, transform_node: AppliedPTransform) -> None:
        is_create = isinstance(transform_node.transform, beam.Create)
        if is_create and not self._depth_in_create:
            self.found.append(transform_node)
        if is_create or self._depth_in_create:
            self._depth_in_create += 1

    def leave_composite_transform(self, transform_node: AppliedPTransform) -> None:
        if self._depth_in_create:
            self._depth_in_create -= 1

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        if not self._depth_in_create:
            self.found.append(transform_node)


def _trouble_of(step: AppliedPTransform) -> str | None:
    label, transform = step.full_label, step.transform
    # The runner looks transforms up by their exact class, so a subclass is skipped as well.
    if type(transform) not in (beam.Create, beam.ParDo):
        return f"{label!r} is a {type(transform).__name__}"
    if len(step.outputs) > 1:
        tags = ", ".join(sorted(str(tag) for tag in step.outputs if tag is not None))
        return f"{label!r} has tagged outputs ({tags}), which are merged into one"
    if step.side_inputs:
        return f"{label!r} has side inputs, which are not computed once and shared"
    return None


def _refusal(trouble: str) -> str:
    return (
        f"Dask's runner cannot run this pipeline: {trouble}; expected one Create followed by "
        f"ParDos in one line. Leave --runner out to run it here."
    )


def set_partitions(options: PipelineOptions, num_elements: int) -> None:
    """Gives every element a task of its own, unless the options say otherwise.

    Args:
        options: Of the pipeline; changed in place.
        num_elements: Of its `Create`.
    """
    # Here, since importing the runner imports Dask, which is an extra.
    from apache_beam.runners.dask.dask_runner import DaskOptions

    dask_options = options.view_as(DaskOptions)
    if not dask_options.npartitions and not dask_options.partition_size:
        dask_options.npartitions = max(1, num_elements)


def close_client(result: Any) -> None:
    """Ends the connection to the scheduler, or the cluster that was started in its place."""
    client = getattr(result, "client", None)
    if client is not None:
        client.close()


def message_of_failure(error: BaseException) -> str | None:
    """Returns what a failure of the cluster means; None if it was something else."""
    causes = list(_chain(error))
    names = collections.Counter(type(cause).__name__ for cause in causes)
    text = "\n".join(str(cause) for cause in causes)
    if names["ModuleNotFoundError"] or "deserialization of the task graph" in text:
        return f"the Dask cluster cannot load the job ({_last_line(causes[-1])}): {_IMPORTABLE}."
    if isinstance(error, OSError) and "trying to connect" in text:
        return f"no Dask scheduler answers: {_last_line(error)}; see --dask_client_address."
    if names["KilledWorker"]:
        return (
            "a shard was given up because every worker that began it died, perhaps for lack of "
            "memory; see the workers' logs, then run the job again to complete the output."
        )
    lost = any(isinstance(cause, concurrent.futures.CancelledError) for cause in causes)
    if lost or names["FutureCancelledError"] or names["CommClosedError"]:
        return (
            "the connection to the Dask scheduler was lost; run the job again to complete the "
            "output."
        )
    return None


def _chain(error: BaseException | None):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].rstrip(".")
