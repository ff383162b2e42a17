"""Answers of people: read with their key, summed up, and bad files refused."""

import math

import pytest
from scipy import stats

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    preference_answers,
    preference_pairs,
    result_alignment,
    text_table,
)

_HEAD = "study,participant,pair,answer,view,seconds,answered_at"


@pytest.fixture
def study(make_results):
    """A key of eight pairs of 'a' and 'b', and results of which b has the better PSNR but on t0."""
    psnr = [20.0 + i for i in range(8)]
    results = {
        "a": make_results({"psnr": psnr, "l1": [0.1] * 8}, identity={"model": "one"}),
        "b": make_results(
            {"psnr": [19.0, *(value + 1 for value in psnr[1:7]), None], "l1": [0.1] * 7 + [0.2]},
            identity={"model": "two"},
        ),
    }
    aligned = result_alignment.align(list(results.items()))
    key = preference_pairs.draw_pairs(aligned, number=8, seed=0, differ=lambda *_: True)
    return key, aligned


@pytest.fixture
def write_answers(study, tmp_path):
    """Writes answers, the label preferred by triplet name (None for a tie); returns the path."""
    key, _ = study

    def write(preferred, name="answers.csv", participant="p1", time="2026-01-01T00:00:00.000Z"):
        lines = [_HEAD]
        for pair in key.pairs:
            if pair.triplet[0] in preferred:
                label = preferred[pair.triplet[0]]
                answer = {pair.left: "left", pair.right: "right", None: "tie"}[label]
                lines.append(f"{key.study},{participant},{pair.pair},{answer},still,1.0,{time}")
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path / name

    return write


def _sum_up(study, *paths):
    key, aligned = study
    return preference_answers.sum_up(preference_answers.read_answers(paths, key), key, aligned)


def test_shares_and_agreement(study, write_answers):
    preferred = {"t0": "a", "t1": "b", "t2": "b", "t3": "a", "t4": None, "t7": "a"}
    found = _sum_up(study, write_answers(preferred))
    assert (found.participants, found.answers) == (1, 6)
    (one,) = found.methods
    assert (one.label, one.other, one.ties) == ("a", "b", 1)
    assert (one.preferred.count, one.preferred.total) == (3, 5)
    expected = stats.binomtest(3, 5).proportion_ci(method="wilson")
    assert one.preferred.interval == pytest.approx((expected.low, expected.high))
    agreement = {one.metric: one for one in found.metrics}
    # PSNR: t0, t1 and t2 agree, t3 does not, t7 has no value of b.
    assert (agreement["psnr"].agreed.count, agreement["psnr"].agreed.total) == (3, 4)
    assert agreement["psnr"].left_out == 1
    # L1, lower is better, is equal but on t7, where a has the lower one.
    assert (agreement["l1"].agreed.count, agreement["l1"].agreed.total) == (1, 1)
    text = "\n".join(map(text_table.to_text, preference_answers.tables_of(found)))
    assert "3/5" in text and "60 %" in text and "6 answers of 1 participants" in text


def test_an_infinite_value_is_the_better_one(make_results):
    results = [("a", make_results({"psnr": [math.inf]})), ("b", make_results({"psnr": [30.0]}))]
    aligned = result_alignment.align(results)
    key = preference_pairs.draw_pairs(aligned, number=1, seed=0, differ=lambda *_: True)
    answer = preference_answers.PreferenceAnswer("p", key.pairs[0], "a", None)
    (agreement,) = preference_answers.sum_up([answer], key, aligned).metrics
    assert agreement.agreed.share == 1.0


def test_files_of_one_participant_are_joined_the_latest_answer_counting(study, write_answers):
    early = write_answers({"t0": "a", "t1": "a"}, "1.csv")
    late = write_answers({"t1": "b", "t2": "b"}, "2.csv", time="2026-01-02T00:00:00.000Z")
    other = write_answers({"t1": "a"}, "3.csv", participant="p2")
    for order in ([early, late, other], [other, late, early]):
        found = _sum_up(study, *order)
        assert (found.answers, found.participants) == (4, 2)
        assert found.methods[0].preferred.count == 2


def test_times_of_two_answers_have_to_be_readable(study, write_answers):
    first = write_answers({"t0": "a", "t1": "b"}, "1.csv", time="31.01.2026 12:00")
    assert _sum_up(study, first).answers == 2
    same = write_answers({"t0": "a"}, "2.csv", time="")
    assert _sum_up(study, first, same).answers == 2
    other = write_answers({"t0": "b"}, "3.csv")
    with pytest.raises(InputError, match=r"'p1' to pair .* which is the later"):
        _sum_up(study, first, other)
    # Times of different zones are compared as moments.
    early = write_answers({"t0": "a"}, "4.csv", time="2026-01-01T23:00:00+02:00")
    late = write_answers({"t0": "b"}, "5.csv", time="2026-01-01T22:00:00Z")
    for order in ([early, late], [late, early]):
        key, _ = study
        assert preference_answers.read_answers(order, key)[0].preferred == "b"


def test_only_ties_have_no_share(study, write_answers):
    (one,) = _sum_up(study, write_answers({"t0": None})).methods
    assert one.preferred.share is None and one.preferred.interval is None and one.ties == 1
    assert preference_answers.tables_of(_sum_up(study, write_answers({"t0": None})))


def test_a_byte_order_mark_and_blank_lines_do_no_harm(study, write_answers):
    path = write_answers({"t0": "a"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert _sum_up(study, path).answers == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "title row is ''"),
        (lambda text: text.replace(",", ";"), "title row is 'study;participant"),
        (lambda text: text.replace("answer,view", "answer"), "title row"),
        (lambda text: text.replace(",left,", ",A,").replace(",right,", ",A,"), "row 2.*answer 'A'"),
        (lambda text: text.replace(",still", ""), "row 2 has 6 cells, expected 7"),
        (lambda text: text.replace("p1,", "p1,ff"), "which the key does not list"),
        (lambda text: text.replace("p1,", ","), "row 2 names no participant"),
        (lambda text: text.replace("\n", "\nff", 1), "is of study 'ff"),
        (lambda text: _HEAD + "\n", "holds no answer"),
        (lambda text: text + '"open', "no CSV file"),
        (lambda text: "\udcff", "no CSV file"),
    ],
)
def test_a_malformed_file_is_refused(study, write_answers, change, message):
    path = write_answers({"t0": "a"})
    changed = change(path.read_text())
    path.write_bytes(changed.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message):
        preference_answers.read_answers([path], study[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ("a", "c")}, "shows results of 'b', which are not among"),
        ({"model": "changed"}, "'b' was another model in the study"),
        ({"name": "renamed"}, "shows triplet"),
    ],
)
def test_other_results_than_the_studys_are_refused(study, make_results, change, message):
    key, _ = study
    fields = {"name": change["name"]} if "name" in change else {}
    results = [
        (label, make_results({"psnr": [1.0] * 8}, identity={"model": model}, **fields))
        for label, model in zip(
            change.get("labels", ("a", "b")), ("one", change.get("model", "two")), strict=True
        )
    ]
    with pytest.raises(InputError, match=message):
        preference_answers.sum_up([], key, result_alignment.align(results))
