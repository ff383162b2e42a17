import logging
import shutil

import pytest

from atd12k.errors import DatasetError
from beam_jobs import dataset_registry
from beam_jobs.dataset_registry import ListingOptions, list_split
from frame_interpolation.datasets.frame_options import FrameOptions
from frame_interpolation.errors import InputError


def listing(root, split, dataset="atd12k", **options):
    return list_split(dataset, str(root), split, ListingOptions(**options))


def films(listed):
    return {triplet.film for triplet in listed.triplets}


@pytest.mark.parametrize("share", [0.001, 0.1, 0.25, 0.5, 0.75, 0.999])
def test_no_film_is_in_train_and_val(atd12k_root, share):
    train = listing(atd12k_root, "train", validation_share=share)
    val = listing(atd12k_root, "val", validation_share=share)
    assert films(train) and films(val) and not films(train) & films(val)
    assert len(train.triplets) + len(val.triplets) == 12
    assert train.splits == val.splits
    assert train.splits["val"] == tuple(t.name for t in val.triplets)
    assert set(train.facts["films"]["train"]) == films(train)
    assert set(train.facts["films"]["val"]) == films(val)
    assert {t.annotation for t in (*train.triplets, *val.triplets)} == {None}


def test_films_shared_with_the_test_set_are_reported(atd12k_root, caplog):
    with caplog.at_level(logging.WARNING):
        train = listing(atd12k_root, "train")
    shared = ["Disney_v4_1", "Disney_v4_10", "Disney_v4_2"]
    assert train.facts["films_shared_with_test"] == shared
    assert "3 films occur in both train_10k and the test folder" in caplog.text
    assert listing(atd12k_root, "test").facts["films_shared_with_test"] == shared
    shutil.rmtree(atd12k_root / "train_10k")
    assert listing(atd12k_root, "test").facts["films_shared_with_test"] == []


def test_the_test_split_is_annotated(atd12k_root):
    test = listing(atd12k_root, "test")
    levels = {t.film: t.annotation.level for t in test.triplets}
    assert levels == {"Disney_v4_1": 0, "Disney_v4_10": 1, "Disney_v4_2": 2}
    assert test.triplets[0].annotation.motion_roi == (1, 2, 10, 9)
    assert test.triplets[0].annotation.general_motion_type == ("translation", "rotation")
    assert test.triplets[0].path == f"test_2k_540p/{test.triplets[0].name}"
    original = listing(atd12k_root, "test", test_frames="original")
    assert original.triplets[0].path.startswith("test_2k_original/")
    assert original.options != test.options


def test_missing_annotations_need_leave(atd12k_root):
    shutil.rmtree(atd12k_root / "test_2k_annotations")
    with pytest.raises(DatasetError, match=r"test_2k_annotations.*--allow_missing_annotations"):
        listing(atd12k_root, "test")
    test = listing(atd12k_root, "test", allow_missing_annotations=True)
    assert {t.annotation for t in test.triplets} == {None}


def test_one_film_cannot_be_parted(atd12k_root):
    for folder in (atd12k_root / "train_10k").iterdir():
        if not folder.name.startswith("Japan"):
            shutil.rmtree(folder)
    assert len(listing(atd12k_root, "train").triplets) == 3
    with pytest.raises(InputError, match=r"split 'val' is empty.*1 film"):
        listing(atd12k_root, "val")


def test_triplet_folder_has_one_split(atd12k_root):
    for split in (None, "all"):
        listed = listing(atd12k_root, split, "triplet_folder")
        assert len(listed.triplets) == 18 and listed.split == "all"
    with pytest.raises(
        InputError, match="--split of triplet_folder is 'train', expected one of all"
    ):
        listing(atd12k_root, "train", "triplet_folder")


def test_the_splits_of_vimeo90k(tmp_path):
    (tmp_path / "sequences").mkdir()
    for split, line in (("train", "1/2"), ("test", "3/4")):
        (tmp_path / f"tri_{split}list.txt").write_text(line)
        listed = listing(tmp_path, split, "vimeo90k")
        assert [t.name for t in listed.triplets] == [line] and listed.split == split
    with pytest.raises(
        InputError, match="--split of vimeo90k is None, expected one of train, test"
    ):
        listing(tmp_path, None, "vimeo90k")


def test_datasets_by_name(tmp_path):
    assert tuple(dataset_registry.DATASETS) == (
        *("atd12k", "vimeo90k", "middlebury", "ucf101", "xiph", "triplet_folder"),
    )
    assert [name for name, d in dataset_registry.DATASETS.items() if d.scale_factor != 1] == [
        "xiph"
    ]
    for name in ("middlebury", "ucf101", "xiph"):
        with pytest.raises(InputError, match=str(tmp_path)):
            listing(tmp_path, None, name)


def test_annotated_frames_are_not_cropped(atd12k_root):
    test, train = listing(atd12k_root, "test"), listing(atd12k_root, "train")
    cropped = FrameOptions(center_crop_factor=2)
    dataset_registry.check_annotations(train, cropped)
    dataset_registry.check_annotations(test, FrameOptions(resize=(8, 6), scale_factor=2))
    with pytest.raises(InputError, match="--center_crop_factor=2 would leave"):
        dataset_registry.check_annotations(test, cropped)


@pytest.mark.parametrize(
    ("dataset", "split", "message"),
    [("atd", "train", "--dataset is 'atd'"), ("atd12k", None, "train, val, test"),
     ("atd12k", "dev", "--split of atd12k is 'dev'")],
)  # fmt: skip
def test_wrong_names(atd12k_root, dataset, split, message):
    with pytest.raises(InputError, match=message):
        listing(atd12k_root, split, dataset)


@pytest.mark.parametrize(
    "options",
    [{"validation_share": 1.5}, {"validation_share": float("nan")}, {"test_frames": "720p"}],
)
def test_wrong_options(options):
    with pytest.raises(InputError, match=f"--{next(iter(options))}"):
        ListingOptions(**options)
