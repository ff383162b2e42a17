import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atd12k.errors import DatasetError
from atd12k.splits import split_by_film

FILMS = st.dictionaries(
    st.text(min_size=1, max_size=5), st.integers(1, 30), min_size=1, max_size=12
).map(lambda sizes: {f"{film}/{i}": film for film, n in sizes.items() for i in range(n)})


@given(FILMS, st.floats(0, 1), st.integers(0, 3))
def test_no_film_is_on_both_sides_whatever_the_share(films, share, seed):
    split = split_by_film(films, validation_share=share, seed=seed)
    sides = [{films[name] for name in names} for names in split]
    assert not sides[0] & sides[1]
    assert sorted(split.train + split.val) == sorted(films)
    assert list(split.train) == sorted(split.train) and list(split.val) == sorted(split.val)
    if 0 < share < 1 and len(set(films.values())) > 1:
        assert split.train and split.val


@given(FILMS, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds_films(films, share, other):
    small, large = (split_by_film(films, validation_share=s).val for s in sorted((share, other)))
    assert set(small) <= set(large)


@given(FILMS, st.floats(0.01, 0.99), st.randoms())
def test_the_order_of_the_files_has_no_influence(films, share, random):
    shuffled = list(films.items())
    random.shuffle(shuffled)
    assert split_by_film(films, validation_share=share) == split_by_film(
        dict(shuffled), validation_share=share
    )


def test_the_share_is_met_as_nearly_as_the_ranking_allows():
    films = {f"{film}_{i}": str(film) for film in range(30) for i in range(100)}
    assert len(split_by_film(films, validation_share=0.1).val) == 300
    assert len(split_by_film(films, validation_share=0.115).val) == 300
    assert len(split_by_film(films, validation_share=0.117).val) == 400


def test_ends_of_the_range():
    films = {"a": "A", "b": "B"}
    assert split_by_film(films, validation_share=0).val == ()
    assert split_by_film(films, validation_share=1).train == ()
    assert split_by_film({"a": "A", "b": "A"}, validation_share=0.9).train == ("a", "b")
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(DatasetError, match="0 to 1"):
            split_by_film(films, validation_share=share)


def test_seeds_differ_and_processes_agree():
    films = {f"{film}_{i}": f"film {film} ö" for film in range(20) for i in range(3)}
    assert len({split_by_film(films, validation_share=0.2, seed=s).val for s in range(5)}) > 1
    code = (
        "from atd12k.splits import split_by_film;"
        f"print(split_by_film({films!r}, validation_share=0.2).val)"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed == [f"{split_by_film(films, validation_share=0.2).val}\n"] * 2


def test_the_rule_does_not_change_unnoticed():
    # Else records of two versions would mix films of train and val. The ranking, by hand:
    # for i in $(seq 0 22); do echo $(printf 0:Disney_v4_$i | sha256sum) $i; done | sort
    films = {f"Disney_v4_{film}_000000_s1": f"Disney_v4_{film}" for film in range(23)}
    val = split_by_film(films, validation_share=0.1).val
    assert val == ("Disney_v4_15_000000_s1", "Disney_v4_18_000000_s1")
