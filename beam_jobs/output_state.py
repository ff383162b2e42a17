"""The state of an output: nothing there, unfinished or finished, and the ways between them.

    PATH.plan.json      there from the first moment of a job to the last: unfinished
    PATH.manifest.json  written last: finished

An unfinished output of the same plan is completed, and so is a finished one that has lost shards or
sidecars since; an output of another plan is refused, and a whole one, all unless told to overwrite.
Nothing is ever deleted but what stands in the names of this project: shards, sidecars, temporary
files, plan, manifest and rejects.
"""

import collections
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from beam_jobs import storage
from beam_jobs.shard_plan import FORMAT_VERSION, Plan
from beam_jobs.shard_writing import is_sidecar_of
from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError

_log = logging.getLogger(__name__)


def rejects_path(path: str) -> str:
    """Returns the name of the list of triplets that could not be used, a JSON object a line."""
    return f"{path}.rejects.jsonl"


def split_list_path(path: str, split: str) -> str:
    """Returns the name of the list of a split's triplets, a name a line."""
    return f"{path}.split-{split}.txt"


def prepare(plan: Plan, *, overwrite: bool) -> None:
    """Makes the output ready for the workers, or refuses to.

    Raises:
        InputError: Something else is there already.
        OSError: The folder cannot be written to.
    """
    path = plan.path
    storage.make_parent(path)
    if not overwrite and _can_be_completed(plan):
        _log.info("Completing the unfinished output at %s.", path)
        if not storage.exists(tfrecord.plan_path(path)):
            storage.write_json(tfrecord.plan_path(path), plan.as_json())
        storage.delete([tfrecord.manifest_path(path)])  # Of a job killed while overwriting it.
        return
    # The plan comes first: from here on the output is unfinished, whatever happens to this job.
    storage.write_json(tfrecord.plan_path(path), plan.as_json())
    storage.delete([tfrecord.manifest_path(path), rejects_path(path)])
    storage.delete([*_shard_files(path), *storage.temporary_files(path)])


def _can_be_completed(plan: Plan) -> bool:
    """Tells whether a part of what is planned is there; False if nothing is.

    Raises:
        InputError: Something else is there, or all of it.
    """
    path = plan.path
    if storage.exists(tfrecord.plan_path(path)):
        begun = storage.read_json(tfrecord.plan_path(path)) or {}
        if begun.get("fingerprint") == plan.fingerprint:
            return True
        raise InputError(
            f"an unfinished output with {_difference(begun, plan)} is at {path!r}; finish it with "
            f"the options it was begun with, choose another path, or pass --overwrite."
        )
    if storage.exists(tfrecord.manifest_path(path)):
        manifest = storage.read_json(tfrecord.manifest_path(path)) or {}
        if manifest.get("fingerprint") == plan.fingerprint and not _is_whole(plan):
            return True
        raise InputError(
            f"{path!r} is finished, with {_finished_as(manifest, plan)}; pass --overwrite "
            f"to build it again, or choose another path."
        )
    files = _shard_files(path)
    if files and not _are_of(plan, files):
        raise InputError(
            f"shards that this job did not write are at {path!r}, the first is {files[0]!r}; "
            f"choose another path or pass --overwrite."
        )
    return bool(files)


def _is_whole(plan: Plan) -> bool:
    try:
        _checked_sidecars(plan)
    except InputError:
        return False
    return True


def _are_of(plan: Plan, files: Sequence[str]) -> bool:
    """Tells whether files are a plan's shards and sidecars, by the sidecars' fingerprints."""
    sidecars = {tfrecord.sidecar_path(task.path) for task in plan.tasks}
    if not set(files) <= {task.path for task in plan.tasks} | sidecars:
        return False
    contents = [storage.read_json(file) or {} for file in files if file in sidecars]
    return bool(contents) and all(c.get("fingerprint") == plan.fingerprint for c in contents)


def finish(
    plan: Plan,
    *,
    max_rejects: int,
    code_version: str,
    splits: Mapping[str, Sequence[str]],
    dataset_facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Checks every shard against the plan and writes the manifest.

    Args:
        plan: What the workers were to write.
        max_rejects: How many triplets may be left out.
        code_version: Goes into the manifest.
        splits: Names of the triplets by split, of which a list each is written.
        dataset_facts: Further entries of the manifest.

    Returns:
        The manifest's content.

    Raises:
        InputError: A shard is missing or not of this plan, more triplets than allowed cannot be
            used, none is left, or another job took the path over. The output stays unfinished.
    """
    path = plan.path
    sidecars = _checked_sidecars(plan)
    rejects = [reject for sidecar in sidecars for reject in sidecar["rejects"]]
    records = sum(sidecar["records"] for sidecar in sidecars)
    _write_rejects(path, rejects)
    if len(rejects) > max_rejects:
        raise InputError(_too_many_rejects(plan, rejects, max_rejects))
    if not records:
        raise InputError(
            f"none of the {plan.num_triplets} triplets can be used; see {rejects_path(path)!r}."
        )
    for split, names in splits.items():
        storage.write_text(split_list_path(path, split), "".join(f"{name}\n" for name in names))
    manifest = {
        "fingerprint": plan.fingerprint,
        "format_version": FORMAT_VERSION,
        "code_version": code_version,
        "planned": plan.num_triplets,
        "records": records,
        "rejects": dict(collections.Counter(reject["reason"] for reject in rejects)),
        "conversions": dict(_summed(sidecar["conversions"] for sidecar in sidecars)),
        "max_rejects": max_rejects,
        "shards": [
            {key: sidecar[key] for key in ("records", "bytes", "sha256")} for sidecar in sidecars
        ],
        "names": [name for sidecar in sidecars for name in sidecar["names"]],
        **plan.description,
        **dataset_facts,
    }
    storage.delete(storage.temporary_files(path))
    _check_still_ours(plan)
    storage.write_json(tfrecord.manifest_path(path), manifest)
    storage.delete([tfrecord.plan_path(path)])
    return manifest


def _check_still_ours(plan: Plan) -> None:
    begun = storage.read_json(tfrecord.plan_path(plan.path)) or {}
    if begun.get("fingerprint") != plan.fingerprint:
        raise InputError(
            f"another job, with {_difference(begun, plan)}, has taken {plan.path!r} over while "
            f"this one was writing; run one job at a time, or choose another path."
        )


def _checked_sidecars(plan: Plan) -> list[dict[str, Any]]:
    sizes = storage.sizes(f"{plan.path}-?????-of-?????")
    sidecars = []
    for task in plan.tasks:
        sidecar = storage.read_json(tfrecord.sidecar_path(task.path))
        if sidecar is None or not is_sidecar_of(sidecar, task):
            raise InputError(
                f"{task.path!r} has no sidecar of this job: its worker failed, or another job "
                f"writes to the same path; run the job again, one at a time."
            )
        if sizes.get(task.path) != sidecar["bytes"]:
            raise InputError(
                f"{task.path!r} has {sizes.get(task.path, 0)} bytes, expected {sidecar['bytes']}: "
                f"it was cut or changed after it was written; run the job again."
            )
        sidecars.append(sidecar)
    return sidecars


def _write_rejects(path: str, rejects: Sequence[Mapping[str, str]]) -> None:
    if rejects:
        lines = (json.dumps(r, ensure_ascii=False, sort_keys=True) + "\n" for r in rejects)
        storage.write_text(rejects_path(path), "".join(lines))
    else:
        storage.delete([rejects_path(path)])


def _too_many_rejects(plan: Plan, rejects: Sequence[Mapping[str, str]], max_rejects: int) -> str:
    first = rejects[0]
    return (
        f"{len(rejects)} of {plan.num_triplets} triplets cannot be used and --max_rejects allows "
        f"{max_rejects}; the first is {first['triplet']!r}: {first['reason']}, {first['detail']}. "
        f"All are listed in {rejects_path(plan.path)!r}: mend them, or pass "
        f"--max_rejects={len(rejects)} to leave them out, and run the job again."
    )


def _summed(counts) -> collections.Counter[str]:
    total: collections.Counter[str] = collections.Counter()
    for count in counts:
        total.update(count)
    return total


def _finished_as(manifest: Mapping[str, Any], plan: Plan) -> str:
    """Says what a finished output is, and in what it differs from a plan."""
    records = f"{manifest.get('records', 'some')} records"
    if manifest.get("fingerprint") == plan.fingerprint:
        return records
    for key, value in plan.description.items():
        if key in manifest and manifest[key] != json.loads(json.dumps(value)):
            return f"{records} and with {key} {manifest[key]!r} instead of {value!r}"
    return f"{records}, of other triplets or in another number of shards"


def _difference(begun: Mapping[str, Any], plan: Plan) -> str:
    """Says in what an unfinished output differs from a plan."""
    wanted = plan.as_json()
    for key, value in plan.description.items():
        if begun.get(key) != json.loads(json.dumps(value)):
            return f"{key} {begun.get(key)!r} instead of {value!r}"
    if begun.get("shards") != wanted["shards"]:
        return "other triplets or another number of shards"
    return "another plan"


def _shard_files(path: str) -> list[str]:
    return [
        *storage.sizes(f"{path}-?????-of-?????"),
        *storage.sizes(f"{path}-?????-of-?????.json"),
    ]
