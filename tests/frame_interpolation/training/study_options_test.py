"""Which studies can be asked for."""

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training.study_options import StudyOptions

_RECORDS = {"train_records": "train@2", "animation_records": "test@2", "natural_records": "nat@1"}


def _options(**changes):
    return StudyOptions(**{**_RECORDS, "strategies": {"all": {}}, **changes})


def test_one_text_stands_for_a_list_of_one():
    options = _options(
        strategies={"a": {"configs": "a.gin"}, "b": {"bindings": ["x.y = 1"], "rehearsal": True}},
        rehearsal_records="rehearsal@1",
        seeds=4,
    )
    assert options.train_records == ("train@2",)
    assert options.seeds == (4,)
    one, other = options.all_strategies
    assert (one.name, one.configs, one.bindings, one.rehearsal) == ("a", ("a.gin",), (), False)
    assert (other.bindings, other.rehearsal) == (("x.y = 1",), True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_records": ()}, r"study\.train_records is not bound"),
        ({"natural_records": ""}, r"study\.natural_records is not bound"),
        ({"animation_records": ["a"]}, "expected one text"),
        ({"strategies": {}}, "expected a mapping"),
        ({"strategies": {"a b": {}}}, "expected letters, digits"),
        ({"strategies": {"a": ["x.gin"]}}, "expected a mapping"),
        ({"strategies": {"a": {"config": "x.gin"}}}, "expected configs, bindings, rehearsal"),
        ({"strategies": {"a": {"rehearsal": 1}}}, "True or False"),
        ({"strategies": {"a": {"rehearsal": True}}}, "rehearsal_records is not bound"),
        ({"strategies": {"a": {"configs": [3]}}}, "expected a text"),
        ({"rehearsal_records": "nat@1"}, "may not be trained on"),
        ({"animation_records": "train@2"}, "measured on other films"),
        ({"num_steps": 0}, r"study\.num_steps is 0"),
        ({"num_steps": True}, r"study\.num_steps is True"),
        ({"seeds": [0, 0]}, "different integers"),
        ({"seeds": []}, "different integers"),
        ({"seeds": [-1]}, "different integers"),
    ],
)
def test_what_makes_no_study_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        _options(**changes)
