import pytest

from frame_interpolation.datasets.triplet import Triplet, check_names, is_frame_file, natural_key
from frame_interpolation.errors import InputError


@pytest.mark.parametrize(
    "ordered",
    [
        ["im1.png", "im2.png", "im10.png"],
        ["frame_00.png", "frame_01_gt.png", "frame_02.png"],
        ["1", "01", "2", "a"],
        ["a1b2", "a1b10", "a2b1"],
        ["9", "²"],  # A digit that is no decimal number.
    ],
)
def test_natural_order(ordered):
    assert sorted(reversed(ordered), key=natural_key) == sorted(ordered, key=natural_key)
    if "01" not in ordered:
        assert sorted(reversed(ordered), key=natural_key) == ordered


def test_natural_order_is_total():
    names = ["1", "01", "001", "a01", "a1"]
    assert len({natural_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.png", True), ("A.JPG", True), ("a.Jpeg", True), ("._a.png", False), ("a.json", False)],
)
def test_is_frame_file(name, expected):
    assert is_frame_file(name) is expected


def test_a_triplet_has_three_frames_or_a_defect():
    assert Triplet("n", ("a",), "p", defect="why").defect == "why"
    with pytest.raises(ValueError, match="1 frames"):
        Triplet("n", ("a",), "p")


@pytest.mark.parametrize(
    ("names", "message"),
    [(["a", "a"], "two triplets"), (["a", "\udcff"], "not UTF-8"), (["a\nb"], "single line")],
)
def test_check_names(names, message):
    check_names(["ü", "a b"], root="r")
    with pytest.raises(InputError, match=message):
        check_names(names, root="r")
