"""Options of an evaluation, as bound by gin (`experiment.*`, `evaluation.*`).

The two selectors and the fields `name`, `max_examples`, `metrics` and `tfrecord` are those of the
released FILM evaluation configs, which work unchanged but for the path; the others are ours.
"""

from dataclasses import dataclass

import gin

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics, protocols


@gin.register("experiment")
@dataclass(frozen=True)
class ExperimentOptions:
    """Names an evaluation.

    Attributes:
        name: Folder name of the results below `batch_eval/`.
    """

    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(
                f"name is {self.name!r}; bind it to the name of the folder that the "
                "results go to, for example experiment.name = 'atd12k_test'."
            )
        if self.name in (".", "..") or set(self.name) & set("/\\") or not self.name.isprintable():
            raise InputError(
                f"name is {self.name!r}, but it names one folder below batch_eval/; "
                "leave out path separators and line breaks."
            )


@gin.register("evaluation")
@dataclass(frozen=True)
class EvaluationOptions:
    """What is evaluated and how.

    Attributes:
        max_examples: Number of examples to evaluate, from the first; -1 for all.
        metrics: Metric names, in the order of the columns of `results.csv`; each may carry the
            suffix `_roi`.
        tfrecord: Records to evaluate, `path@shards` or one file. Required by `eval_cli` without
            `--input_dir`.
        protocol: 'film' scores frames as they are, 'atd12k' at 960x540,
            'atd12k_512x320' the same frames at ToonCrafter's size (see `protocols`).
        batch_size: Neighbouring triplets of equal size that go through the network together. It
            changes speed and memory, and no score beyond rounding.
        lpips_weights: File of LPIPS's weights (see `lpips`); needed by `lpips` and
            `lpips_unscaled`.
        difficulty: Measure what makes each triplet hard from its true frames, to group by it (see
            `difficulty`); takes 0.06 s a triplet, beside the network.
    """

    max_examples: int = -1
    metrics: tuple[str, ...] = ("l1", "l2", "psnr", "ssim")
    tfrecord: str = ""
    protocol: str = "film"
    batch_size: int = 1
    lpips_weights: str = ""
    difficulty: bool = True

    def __post_init__(self) -> None:
        given = (self.metrics,) if isinstance(self.metrics, str) else self.metrics
        if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
            raise InputError(f"metrics is {given!r}; give a list of names, such as ['psnr'].")
        object.__setattr__(self, "metrics", tuple(given))
        if not self.metrics:
            raise InputError(
                f"metrics is empty; name at least one of {', '.join(metrics.METRICS)}."
            )
        for name in self.metrics:
            metrics.find(name)
        repeated = sorted({name for name in self.metrics if self.metrics.count(name) > 1})
        if repeated:
            raise InputError(f"metrics names {', '.join(repeated)} more than once.")
        if not isinstance(self.lpips_weights, str):
            raise InputError(f"lpips_weights is {self.lpips_weights!r}; give the path of one file.")
        if not self.lpips_weights and any(map(metrics.needs_lpips_weights, self.metrics)):
            raise InputError(metrics.NO_LPIPS_WEIGHTS)
        if not isinstance(self.protocol, str):
            raise InputError(f"protocol is {self.protocol!r}; give the name of one.")
        protocols.find(self.protocol)
        if not _is_integer(self.max_examples) or self.max_examples == 0 or self.max_examples < -1:
            raise InputError(
                f"max_examples is {self.max_examples!r}; give a positive number of "
                "examples, or -1 for all."
            )
        if not _is_integer(self.batch_size) or self.batch_size < 1:
            raise InputError(f"batch_size is {self.batch_size!r}; give a positive integer.")
        if not isinstance(self.difficulty, bool):
            raise InputError(f"difficulty is {self.difficulty!r}; give True or False.")
        if not isinstance(self.tfrecord, str):
            raise InputError(
                f"tfrecord is {self.tfrecord!r}; give one string, 'path@shards' or the "
                "path of one file."
            )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
