"""What people preferred: reads the answers of a preference study and sums them up.

The share of a method against another is over the answers that prefer one of them; ties are counted
beside it. A metric agrees with an answer when the preferred result has the better value of the two.
Intervals are Wilson's for a proportion, 95 %; they take answers as independent, which several
answers to one pair are not.
"""

import csv
import dataclasses
import datetime
import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics, result_alignment
from frame_interpolation.eval.preference_page import ANSWERS, CSV_COLUMNS
from frame_interpolation.eval.preference_pairs import PreferencePair, StudyKey
from frame_interpolation.eval.result_alignment import AlignedResults
from frame_interpolation.eval.text_table import TextTable

Interval = tuple[float, float]


@dataclass(frozen=True)
class PreferenceAnswer:
    """One answer.

    Attributes:
        participant: Opaque name of the participant.
        pair: The pair.
        preferred: Label of the preferred result, None for no difference.
        answered_at: When it was given, None where that cannot be read.
    """

    participant: str
    pair: PreferencePair
    preferred: str | None
    answered_at: datetime.datetime | None


@dataclass(frozen=True)
class Proportion:
    """A share with its interval.

    Attributes:
        count: How often.
        total: Of how many.
        interval: 95 % interval of the share, None when the total is 0.
    """

    count: int
    total: int
    interval: Interval | None

    @property
    def share(self) -> float | None:
        """The share in [0, 1], None when the total is 0."""
        return self.count / self.total if self.total else None


@dataclass(frozen=True)
class MethodPreference:
    """How often one method was preferred to another.

    Attributes:
        label: The method.
        other: What it was compared with.
        preferred: Its share of the answers that prefer one of the two.
        ties: Answers without a difference.
    """

    label: str
    other: str
    preferred: Proportion
    ties: int


@dataclass(frozen=True)
class MetricAgreement:
    """How often a metric agrees with people.

    Attributes:
        metric: Column name.
        agreed: Share of the answers in which the preferred result has the better value.
        left_out: Answers that prefer one result, but whose values are equal or missing.
    """

    metric: str
    agreed: Proportion
    left_out: int


@dataclass(frozen=True)
class Preferences:
    """The outcome of a study.

    Attributes:
        study: Opaque name of the study.
        participants: Number of participants.
        answers: Number of answers.
        methods: Preferences by pair of methods.
        metrics: Agreement by metric.
    """

    study: str
    participants: int
    answers: int
    methods: tuple[MethodPreference, ...]
    metrics: tuple[MetricAgreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the outcome as a JSON object."""
        return dataclasses.asdict(self)


def read_answers(
    paths: Sequence[str | os.PathLike[str]], key: StudyKey
) -> tuple[PreferenceAnswer, ...]:
    """Reads downloaded answers.

    Args:
        paths: CSV files; a participant's answer to a pair that is in several of them counts once,
            the latest.
        key: The key of the study.

    Returns:
        The answers, in the order of participants and pairs.

    Raises:
        InputError: If a file is not such a CSV file, is of another study or holds no answer; the
            file and the line are named.
        FileNotFoundError: If a file does not exist.
    """
    pairs = {pair.pair: pair for pair in key.pairs}
    latest: dict[tuple[str, str], PreferenceAnswer] = {}
    for path in paths:
        for answer in _read_file(os.fspath(path), key, pairs):
            place = (answer.participant, answer.pair.pair)
            latest[place] = _later(latest.get(place, answer), answer, path)
    order = {pair.pair: i for i, pair in enumerate(key.pairs)}
    return tuple(
        latest[place] for place in sorted(latest, key=lambda place: (place[0], order[place[1]]))
    )


def sum_up(
    answers: Sequence[PreferenceAnswer], key: StudyKey, aligned: AlignedResults
) -> Preferences:
    """Sums answers up.

    Args:
        answers: The answers.
        key: The key of the study.
        aligned: The results that the study was made of; others may be among them.

    Returns:
        The outcome.

    Raises:
        InputError: If the study shows methods or triplets that are not among the results, or the
            same name stands for another model.
    """
    _check_results(key, aligned)
    shown = {label for pair in key.pairs for label in (pair.left, pair.right)}
    labels = [label for label in aligned.labels if label in shown]
    methods = []
    for label, other in itertools.combinations(labels, 2):
        of_both = [a for a in answers if {a.pair.left, a.pair.right} == {label, other}]
        if of_both:
            wins = [sum(a.preferred == name for a in of_both) for name in (label, other)]
            ties = len(of_both) - sum(wins)
            methods.append(MethodPreference(label, other, proportion(wins[0], sum(wins)), ties))
    return Preferences(
        study=key.study,
        participants=len({answer.participant for answer in answers}),
        answers=len(answers),
        methods=tuple(methods),
        metrics=tuple(_agreements(answers, labels, aligned)),
    )


def proportion(count: int, total: int) -> Proportion:
    """Returns a share with Wilson's 95 % interval.

    Args:
        count: How often.
        total: Of how many.

    Returns:
        The share.
    """
    from scipy import stats  # Slow to import.

    if not total:
        return Proportion(count, total, None)
    found = stats.binomtest(count, total).proportion_ci(confidence_level=0.95, method="wilson")
    return Proportion(count, total, (float(found.low), float(found.high)))


def tables_of(preferences: Preferences) -> list[TextTable]:
    """Returns the outcome as two tables: by pair of methods, and by metric.

    Args:
        preferences: The outcome.

    Returns:
        The tables.
    """
    size = f"{preferences.answers} answers of {preferences.participants} participants"
    by_method = TextTable(
        title=f"Preferences of people, {size}",
        headings=("method", "against", "preferred", "share", "95 %", "no difference"),
        rows=tuple(
            (one.label, one.other, *_share_cells(one.preferred), str(one.ties))
            for one in preferences.methods
        ),
        text_columns=2,
        notes=(
            "Shares are of the answers that prefer one of the two; intervals are Wilson's and take "
            "answers as independent.",
        ),
    )
    by_metric = TextTable(
        title=f"How often a metric agrees with people, {size}",
        headings=("metric", "agrees", "share", "95 %", "equal or missing"),
        rows=tuple(
            (one.metric, *_share_cells(one.agreed), str(one.left_out))
            for one in preferences.metrics
        ),
        notes=(
            "A metric agrees when the preferred result has the better value; by chance it would "
            "half of the time.",
        ),
    )
    return [by_method, by_metric]


def _read_file(
    path: str, key: StudyKey, pairs: Mapping[str, PreferencePair]
) -> list[PreferenceAnswer]:
    answers = []
    try:
        # A spreadsheet may have put a byte-order mark in front.
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path!r} is no CSV file of answers ({error}).") from error
    if not rows or tuple(rows[0]) != CSV_COLUMNS:
        found = ",".join(rows[0])[:80] if rows else ""
        raise InputError(
            f"{path!r} is no CSV file of answers: its title row is {found!r}, expected "
            f"{','.join(CSV_COLUMNS)!r}; use the file as the page downloads it."
        )
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        where = f"{path!r}, row {number}"
        if len(row) != len(CSV_COLUMNS):
            raise InputError(
                f"{where} has {len(row)} cells, expected {len(CSV_COLUMNS)}; the file was cut or "
                "changed, download it again."
            )
        fields = dict(zip(CSV_COLUMNS, row, strict=True))
        if fields["study"] != key.study:
            raise InputError(
                f"{where} is of study {fields['study']!r}, the key of {key.study!r}; give the key "
                "of the same study."
            )
        if fields["pair"] not in pairs:
            raise InputError(f"{where} has pair {fields['pair']!r}, which the key does not list.")
        if fields["answer"] not in ANSWERS:
            raise InputError(
                f"{where} has answer {fields['answer']!r}, expected one of {', '.join(ANSWERS)}."
            )
        if not fields["participant"]:
            raise InputError(f"{where} names no participant; use the file as it was downloaded.")
        pair = pairs[fields["pair"]]
        preferred = {"left": pair.left, "right": pair.right, "tie": None}[fields["answer"]]
        time = _time(fields["answered_at"])
        answers.append(PreferenceAnswer(fields["participant"], pair, preferred, time))
    if not answers:
        raise InputError(f"{path!r} holds no answer.")
    return answers


def _time(text: str) -> datetime.datetime | None:
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _later(
    held: PreferenceAnswer, answer: PreferenceAnswer, path: str | os.PathLike[str]
) -> PreferenceAnswer:
    """The later of two answers of a participant to a pair; the second of two at one time."""
    if held.answered_at is not None and answer.answered_at is not None:
        return held if held.answered_at > answer.answered_at else answer
    if held.preferred == answer.preferred:
        return held
    raise InputError(
        f"{os.fspath(path)!r} holds a second answer of {answer.participant!r} to pair "
        f"{answer.pair.pair!r}, and no time such as '2026-01-31T12:00:00.000Z' says which is the "
        "later; a spreadsheet may have changed the file, use it as it was downloaded."
    )


def _check_results(key: StudyKey, aligned: AlignedResults) -> None:
    known = set(result_alignment.identities(aligned.results[0][1].triplets))
    for pair in key.pairs:
        for label in (pair.left, pair.right):
            if label not in aligned.labels:
                raise InputError(
                    f"The study shows results of {label!r}, which are not among the compared ones "
                    f"({', '.join(aligned.labels)}); name them as in the study."
                )
        if pair.triplet not in known:
            raise InputError(
                f"The study shows triplet {pair.triplet[0]!r}, which the compared results do not "
                "hold; compare the results that the study was made of."
            )
    for label in aligned.labels:
        model = str(aligned[label].identity.get("model"))
        if key.models.get(label, model) != model:
            raise InputError(
                f"{label!r} was another model in the study than in these results (its fingerprint "
                "differs); compare the results that the study was made of."
            )


def _agreements(
    answers: Sequence[PreferenceAnswer], labels: Sequence[str], aligned: AlignedResults
) -> list[MetricAgreement]:
    keys = result_alignment.identities(aligned.results[0][1].triplets)
    values = {
        label: dict(zip(keys, (t.values for t in aligned[label].triplets), strict=True))
        for label in labels
    }
    names = [name for label in labels for name in aligned[label].metric_names]
    found = []
    for name in dict.fromkeys(names):
        sign = 1 if metrics.find(name).higher_is_better else -1
        agreed = compared = left_out = 0
        for answer in answers:
            if answer.preferred is None:
                continue
            pair = answer.pair
            loser = pair.left if answer.preferred == pair.right else pair.right
            better = values[answer.preferred][pair.triplet].get(name)
            worse = values[loser][pair.triplet].get(name)
            if better is None or worse is None or better == worse:
                left_out += 1
                continue
            compared += 1
            agreed += math.copysign(1, better - worse) == sign
        found.append(MetricAgreement(name, proportion(agreed, compared), left_out))
    return found


def _share_cells(found: Proportion) -> tuple[str, str, str]:
    if found.share is None or found.interval is None:
        return f"{found.count}/{found.total}", "-", "-"
    low, high = found.interval
    return (
        f"{found.count}/{found.total}",
        f"{100 * found.share:.0f} %",
        f"{100 * low:.0f} to {100 * high:.0f} %",
    )
