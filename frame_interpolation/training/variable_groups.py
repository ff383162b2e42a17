"""Groups of variables: which train, from which step on, at which multiple of the learning rate.

Every variable belongs to one group. The shipped groups of a FILM network (arXiv 2202.04901), with
their depth, counted from the output back, for `fine_tuning.layer_decay`:

    output       0                   the last 1x1 convolution, which gives the image
    fusion       0                   the other convolutions of the fusion network
    flow_<i>     1 + i               the flow predictor of level i, one a specialised level
    flow_shared  1 + specialised     the flow predictor of all coarser levels
    features     2 + specialised     the feature extractor (1 + specialised without flow_shared)

so that the factor falls in the order in which the gradient passes them. Variables of other networks
are in the group `other`, depth 0. A group of the user's takes its variables out of these, and has
the least depth among them.

Nothing here needs TensorFlow; names and shapes are enough.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence

from frame_interpolation.errors import InputError
from frame_interpolation.eval import text_table
from frame_interpolation.training.fine_tuning import FineTuningOptions

Shape = tuple[int, ...]

_FLOW_LEVEL = re.compile(r"predict_flow/flow_predictor_(\d+)/")
_FUSION_LAYER = re.compile(r"fusion/conv2d(?:_(\d+))?/")
_OTHER = "other"


@dataclasses.dataclass(frozen=True)
class Group:
    """Variables that are treated alike.

    Attributes:
      name: of the group.
      indices: places of its variables in the model's list.
      parameters: how many numbers they hold.
      depth: how far back from the output they lie, see above.
      rate_factor: what the learning rate is multiplied with, layer-wise decay included.
      first_step: the first step, from 0, that trains them; None when they never train.
    """

    name: str
    indices: tuple[int, ...]
    parameters: int
    depth: int
    rate_factor: float
    first_step: int | None

    def trains_at(self, step: int) -> bool:
        """Tells whether a step, counted from 0, trains the group."""
        return self.first_step is not None and step >= self.first_step


@dataclasses.dataclass(frozen=True)
class TrainingPlan:
    """What every variable of a model does over the steps.

    Attributes:
      groups: every variable is in one of them; the nearest to the output first.
    """

    groups: tuple[Group, ...]

    @property
    def first_steps(self) -> tuple[int, ...]:
        """Steps from which on another set of variables trains; the first is 0."""
        return tuple(sorted({g.first_step for g in self.groups if g.first_step is not None}))

    @property
    def ever_trained(self) -> tuple[int, ...]:
        """Places of all variables that train at some step."""
        return _places(group for group in self.groups if group.first_step is not None)

    def phase(self, step: int) -> int:
        """Numbers the spans of steps that train the same variables, from 0."""
        return sum(first <= step for first in self.first_steps) - 1

    def groups_at(self, step: int) -> tuple[Group, ...]:
        """Groups that a step, counted from 0, trains."""
        return tuple(group for group in self.groups if group.trains_at(step))

    def trained_at(self, step: int) -> tuple[int, ...]:
        """Places of the variables that a step, counted from 0, trains, in the model's order."""
        return _places(self.groups_at(step))

    def table(self, *, learning_rate: float) -> str:
        """Describes the groups for a person.

        Args:
          learning_rate: of a group with the factor 1, warm-up left aside.

        Returns:
          Lines of text: a row for each group, and a last one for all.
        """
        rows = []
        for group in self.groups:
            trains, factor, rate = "no, frozen", "", ""
            if group.first_step is not None:
                trains = f"from step {group.first_step}" if group.first_step else "yes"
                factor = f"{group.rate_factor:.3g}"
                rate = f"{learning_rate * group.rate_factor:.3g}"
            sizes = (str(len(group.indices)), f"{group.parameters:,}")
            rows.append((group.name, trains, *sizes, factor, rate))
        total = sum(group.parameters for group in self.groups)
        trained = sum(g.parameters for g in self.groups if g.first_step is not None)
        count = sum(len(group.indices) for group in self.groups)
        rows.append(("all", f"{trained / total:.0%}", str(count), f"{total:,}", "", ""))
        return text_table.to_text(
            text_table.TextTable(
                title="What trains",
                headings=("group", "trains", "variables", "parameters", "factor", "rate"),
                rows=tuple(rows),
                text_columns=2,
                sections=(len(self.groups),),
            )
        )


def create_plan(options: FineTuningOptions, variables: Sequence[tuple[str, Shape]]) -> TrainingPlan:
    """Puts every variable into its group.

    Args:
      options: groups and what becomes of them.
      variables: names, `fusion` counted from zero (`weight_matching.canonical_names`), and shapes
        in the model's order.

    Returns:
      The plan.

    Raises:
      InputError: a pattern matches nothing, or a variable that another one matches too; a name is
        not that of a group; or no group trains at step 0.
    """
    names = [name for name, _ in variables]
    shipped, depths = _shipped_groups(names)
    members = _with_own_groups(shipped, options.groups, names)
    _check_names(options, members)
    groups = [
        _create_group(options, name, indices, variables=variables, depths=depths)
        for name, indices in members.items()
    ]
    plan = TrainingPlan(tuple(sorted(groups, key=lambda group: (group.depth, group.indices[0]))))
    if not plan.first_steps or plan.first_steps[0] > 0:
        raise InputError(
            "fine_tuning leaves nothing to train at step 0 (the groups are "
            f"{', '.join(members)}); leave one of them out of fine_tuning.frozen and "
            "fine_tuning.unfreeze_at, and in fine_tuning.trained if that is bound."
        )
    return plan


def _create_group(
    options: FineTuningOptions,
    name: str,
    indices: Sequence[int],
    *,
    variables: Sequence[tuple[str, Shape]],
    depths: Sequence[int],
) -> Group:
    depth = min(depths[index] for index in indices)
    trains = name not in options.frozen and (options.trained is None or name in options.trained)
    return Group(
        name=name,
        indices=tuple(indices),
        parameters=sum(_size(variables[index][1]) for index in indices),
        depth=depth,
        rate_factor=options.rate_multipliers.get(name, 1.0) * options.layer_decay**depth,
        first_step=options.unfreeze_at.get(name, 0) if trains else None,
    )


def _shipped_groups(names: Sequence[str]) -> tuple[dict[str, list[int]], list[int]]:
    """Gives the places of the variables by group, and the depth of each variable."""
    flow_levels = {int(match[1]) for name in names if (match := _FLOW_LEVEL.match(name))}
    fusion_layers = [int(m[1] or 0) for name in names if (m := _FUSION_LAYER.match(name))]
    has_shared = any(name.startswith("predict_flow/flow_predictor_shared/") for name in names)
    specialised = len(flow_levels)

    def find(name: str) -> tuple[str, int]:
        if match := _FUSION_LAYER.match(name):
            return ("output" if int(match[1] or 0) == max(fusion_layers) else "fusion"), 0
        if match := _FLOW_LEVEL.match(name):
            return f"flow_{match[1]}", 1 + int(match[1])
        if name.startswith("predict_flow/flow_predictor_shared/"):
            return "flow_shared", 1 + specialised
        if name.startswith("feat_net/"):
            return "features", 1 + specialised + has_shared
        return _OTHER, 0

    members: dict[str, list[int]] = {}
    depths = []
    for index, name in enumerate(names):
        group, depth = find(name)
        members.setdefault(group, []).append(index)
        depths.append(depth)
    return members, depths


def _with_own_groups(
    shipped: Mapping[str, list[int]], patterns: Mapping[str, str], names: Sequence[str]
) -> dict[str, list[int]]:
    """Takes the variables of the user's groups out of the shipped ones."""
    members = {group: list(indices) for group, indices in shipped.items()}
    owner: dict[int, str] = {}
    for group, pattern in patterns.items():
        if group in shipped:
            raise InputError(
                f"fine_tuning.groups[{group!r}] has the name of a shipped group; the shipped ones "
                f"are {', '.join(shipped)}. Choose another name."
            )
        found = [index for index, name in enumerate(names) if re.search(pattern, name)]
        if not found:
            raise InputError(
                f"fine_tuning.groups[{group!r}] is {pattern!r}, which is found in the name of no "
                "variable. The names are:\n  " + "\n  ".join(names)
            )
        for index in found:
            if index in owner:
                raise InputError(
                    f"{names[index]} is in two groups, fine_tuning.groups[{owner[index]!r}] and "
                    f"[{group!r}]; expected patterns of which one matches it."
                )
            owner[index] = group
        members[group] = found
    for group in shipped:
        members[group] = [index for index in members[group] if index not in owner]
    return {group: indices for group, indices in members.items() if indices}


def _check_names(options: FineTuningOptions, members: Mapping[str, object]) -> None:
    for field in ("frozen", "trained", "rate_multipliers", "unfreeze_at"):
        for name in getattr(options, field) or ():
            if name not in members:
                raise InputError(
                    f"fine_tuning.{field} names the group {name!r}, which has no variables in this "
                    f"network; its groups are {', '.join(members)}."
                )


def _places(groups) -> tuple[int, ...]:
    return tuple(sorted(index for group in groups for index in group.indices))


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
