import pytest

from frame_interpolation.datasets import xiph
from frame_interpolation.errors import InputError

CLIPS = ("Aerial", "Boxing", "Cross4K", "DinnerA", "Food", "Narrator", "Ritual", "Square")


def fill(root, lengths=(100,) * 8, name="{clip}-{number}.png"):
    root.mkdir(exist_ok=True)
    for clip, length in zip(CLIPS, lengths, strict=True):
        for number in range(1, length + 1):
            (root / name.format(clip=clip, number=number)).touch()
    (root / "readme.txt").touch()
    return str(root)


def test_the_odd_frames_of_each_clip_from_their_neighbours(tmp_path):
    root = fill(tmp_path)
    triplets = xiph.list_triplets(root)
    assert len(triplets) == len({t.name for t in triplets}) == 392
    # Natural order: without it, number 10 would follow number 1.
    first = [f"{root}/Aerial-{number}.png" for number in range(1, 101)]
    assert [t.frames for t in triplets[:49]] == [
        tuple(first[k - 1 : k + 2]) for k in range(1, 99, 2)
    ]
    assert triplets[0].name == "Aerial-2" and triplets[48].name == "Aerial-98"
    assert triplets[49].name == "Boxing-2"
    assert [t.film for t in triplets] == [f"clip_{i // 49 + 1}" for i in range(392)]
    assert {t.path for t in triplets} == {"xiph"}


def test_names_that_are_numbers_alone(tmp_path):
    for number in range(800):
        (tmp_path / f"{number:04d}.png").touch()
    triplets = xiph.list_triplets(str(tmp_path))
    assert [triplets[i].name for i in (0, 49, 391)] == ["0001", "0101", "0797"]


@pytest.mark.parametrize("lengths", [(100,) * 7 + (99,), (101,) + (100,) * 7, (0,) * 8])
def test_another_number_of_frames(tmp_path, lengths):
    root = fill(tmp_path, lengths)
    with pytest.raises(
        InputError, match=rf"holds {sum(lengths)} frames .* expected 800: the first"
    ):
        xiph.list_triplets(root)


def test_clips_of_unequal_lengths(tmp_path):
    root = fill(tmp_path, (99, 101, *(100,) * 6), name="{clip}-{number}_4K.png")
    message = r"clip 1 beginning with 'Aerial-1_4K.png', but after 99 of them comes 'Boxing-1_4K"
    with pytest.raises(InputError, match=message):
        xiph.list_triplets(root)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        xiph.list_triplets(str(tmp_path / "no"))
