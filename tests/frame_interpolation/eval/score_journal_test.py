"""The journal: what a killed run leaves, and who may go on with it."""

import dataclasses

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.score_journal import ScoreJournal
from frame_interpolation.eval.scored_triplet import ScoredTriplet

_IDENTITY = {"model": "abc", "metrics": ["psnr"]}


def _triplet(index):
    return ScoredTriplet(
        index=index,
        shard="test",
        offset=10 * index,
        key="same",
        name="同じ <name>",
        film="",
        level=None,
        frame_size=(32, 24),
        image_size=None,
        motion_roi=None,
        roi=None,
        general_motion_type=(),
        behavior=(),
        values={"psnr": 30.0 + index},
        frame_marks=tuple(f"{frame * 64}:{'00' * 48}" for frame in "abc"),
        measures={"motion_px": 1.5 * index},
        remarks=("chamfer: empty line map (truth)",),
    )


def _write(path, count):
    with ScoreJournal(path, _IDENTITY) as journal:
        for index in range(len(journal.triplets), count):
            journal.append(_triplet(index))


def test_a_second_run_finds_what_the_first_wrote(tmp_path):
    path = tmp_path / "journal"
    _write(path, 2)
    _write(path, 3)
    with ScoreJournal(path, _IDENTITY) as journal:
        assert journal.triplets == [_triplet(0), _triplet(1), _triplet(2)]


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_line_that_was_being_written_is_dropped(tmp_path, cut):
    path = tmp_path / "journal"
    _write(path, 3)
    path.write_bytes(path.read_bytes()[:-cut])
    _write(path, 4)
    with ScoreJournal(path, _IDENTITY) as journal:
        assert journal.triplets == [_triplet(i) for i in range(4)]


def test_a_journal_cut_in_its_first_line_starts_anew(tmp_path):
    path = tmp_path / "journal"
    _write(path, 0)
    path.write_bytes(path.read_bytes()[:-5])
    _write(path, 1)
    with ScoreJournal(path, _IDENTITY) as journal:
        assert journal.triplets == [_triplet(0)]


def test_another_evaluation_is_refused_and_named(tmp_path):
    path = tmp_path / "journal"
    _write(path, 1)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"model was 'abc' and is 'xyz'.*--overwrite"):
        ScoreJournal(path, {**_IDENTITY, "model": "xyz"})
    assert path.read_bytes() == before


def test_a_journal_without_scores_is_anyones(tmp_path):
    path = tmp_path / "journal"
    _write(path, 0)
    other = {**_IDENTITY, "model": "xyz"}
    with ScoreJournal(path, other) as journal:
        journal.append(_triplet(0))
    with ScoreJournal(path, other) as journal:
        assert len(journal.triplets) == 1


def test_a_journal_begun_anew_drops_whatever_it_holds(tmp_path):
    path = tmp_path / "journal"
    _write(path, 2)
    other = {**_IDENTITY, "model": "xyz"}
    with ScoreJournal(path, other, anew=True) as journal:
        assert not journal.triplets
        with pytest.raises(InputError, match="Another evaluation is writing"):
            ScoreJournal(path, other, anew=True)
        journal.append(_triplet(0))
    with ScoreJournal(path, other) as journal:
        assert len(journal.triplets) == 1


def test_a_damaged_journal_is_refused(tmp_path):
    path = tmp_path / "journal"
    _write(path, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"{}\n" + lines[2])
    with pytest.raises(InputError, match="damaged"):
        ScoreJournal(path, _IDENTITY)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(InputError, match="in order"):
        ScoreJournal(path, _IDENTITY)


def test_two_runs_at_once_are_refused(tmp_path):
    path = tmp_path / "journal"
    with ScoreJournal(path, _IDENTITY) as journal:
        journal.append(_triplet(0))
        with pytest.raises(InputError, match="Another evaluation is writing"):
            ScoreJournal(path, _IDENTITY)
        journal.append(_triplet(1))
    with ScoreJournal(path, _IDENTITY) as journal:
        assert len(journal.triplets) == 2


def test_nothing_is_scored_twice(tmp_path):
    with ScoreJournal(tmp_path / "journal", _IDENTITY) as journal:
        journal.append(_triplet(0))
        with pytest.raises(ValueError, match="cannot follow"):
            journal.append(dataclasses.replace(_triplet(0)))
