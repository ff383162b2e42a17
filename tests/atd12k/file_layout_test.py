import logging
import os

import pytest

from atd12k import file_layout
from atd12k.errors import DatasetError

PUBLISHED = "Disney_v4_12_000123_s1"


def make(root, *files):
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "film", "region"),
    [
        (PUBLISHED, "Disney_v4_12", "Western"),
        ("Japan_v2_3_007340_s3", "Japan_v2_3", "Eastern"),
        ("Lottie_bm_ronda_000271_s4", "Lottie_bm_ronda", "other"),
        ("ein film_000001_s1", "ein film", "other"),
        ("Disneyland_000001_s1", "Disneyland", "other"),
        ("film_000123", "film", "other"),
        ("film_123_s1", "other", "other"),
        ("000123_s1", "other", "other"),
    ],
)
def test_what_names_say(name, film, region):
    assert file_layout.film_of(name) == film
    assert file_layout.region_of(name) == region


def test_triplets_are_sorted_and_frames_found_in_any_case(tmp_path, caplog):
    names = ["Disney_v4_2_000010_s1", "Disney_v4_10_000001_s1", "Disney_v4_2_000002_s1"]
    for name, frames in zip(names, (("frame1.jpg", "frame2.PNG", "Frame3.JPEG"),) * 3, strict=True):
        make(tmp_path, *(f"train_10k/{name}/{frame}" for frame in frames))
        make(tmp_path, f"train_10k/{name}/Thumbs.db", f"train_10k/{name}/._frame1.jpg")
    make(tmp_path, "train_10k/list.txt", "train_10k/.cache/frame1.jpg")
    with caplog.at_level(logging.WARNING):
        triplets = file_layout.list_triplets(str(tmp_path), "train_10k")
    assert not caplog.records
    assert [t.name for t in triplets] == sorted(names)
    assert [os.path.basename(f) for f in triplets[0].frames] == [
        "frame1.jpg",
        "frame2.PNG",
        "Frame3.JPEG",
    ]
    assert triplets[0].folder == "train_10k/Disney_v4_10_000001_s1"
    assert {t.film for t in triplets} == {"Disney_v4_2", "Disney_v4_10"}
    assert {t.defect for t in triplets} == {""}


def test_other_names_are_kept_with_one_warning(tmp_path, caplog):
    make(tmp_path, *(f"train_10k/{n}/frame1.jpg" for n in ("eins", "zwei ö", PUBLISHED)))
    with caplog.at_level(logging.WARNING):
        triplets = file_layout.list_triplets(str(tmp_path), "train_10k")
    assert [t.film for t in triplets] == ["Disney_v4_12", "other", "other"]
    assert len(caplog.records) == 1 and "2 of 3" in caplog.text and "'eins'" in caplog.text


def test_defects_name_the_frames(tmp_path):
    make(tmp_path, "train_10k/a/frame1.jpg", "train_10k/a/frame3.jpg")
    make(tmp_path, *(f"train_10k/b/frame{i}.jpg" for i in (1, 2, 3)), "train_10k/b/frame2.png")
    defects = [t.defect for t in file_layout.list_triplets(str(tmp_path), "train_10k")]
    assert defects == [
        "no frame2.jpg or .png",
        "two files for one frame: frame2.jpg and frame2.png",
    ]


def test_missing_roots_and_folders_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no' is not a folder; expected .* 'train_10k'"):
        file_layout.list_names(str(tmp_path / "no"), "train_10k")
    make(tmp_path, "test_2k_540p/a/frame1.png")
    with pytest.raises(DatasetError, match="no folder 'train_10k'; it holds 'test_2k_540p'"):
        file_layout.list_names(str(tmp_path), "train_10k")
    (tmp_path / "train_10k").mkdir()
    with pytest.raises(DatasetError, match="holds no triplets"):
        file_layout.list_names(str(tmp_path), "train_10k")
    (tmp_path / "test_2k_original").write_text("")
    with pytest.raises(DatasetError, match="no folder 'test_2k_original'"):
        file_layout.list_names(str(tmp_path), "test_2k_original")


def test_the_drawn_sample_raises_no_warning_but_is_of_no_region(tmp_path, caplog):
    name = "Sample_v1_3_000123_s2"
    (tmp_path / "train_10k" / name).mkdir(parents=True)
    file_layout.list_triplets(str(tmp_path), "train_10k")
    assert not caplog.records
    assert file_layout.region_of(name) == file_layout.OTHER
    assert file_layout.film_of(name) == "Sample_v1_3"
