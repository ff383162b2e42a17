"""Listings by name, and triplets of what `atd12k` lists."""

from atd12k import annotations, file_layout
from frame_interpolation.datasets import dataset_listings
from frame_interpolation.datasets.tf_example import Annotation


def test_every_listing_has_splits_and_lists(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(3):
            (tmp_path / name / f"{i}.png").touch()
    listing = dataset_listings.LISTINGS["triplet_folder"]
    assert listing.splits == (dataset_listings.WHOLE,) and listing.scale_factor == 1
    found = listing.list_triplets(str(tmp_path), dataset_listings.WHOLE)
    assert [triplet.name for triplet in found] == ["a", "b"]
    assert dataset_listings.LISTINGS["vimeo90k"].splits == ("train", "test")
    assert dataset_listings.LISTINGS["xiph"].scale_factor == 2


def test_listed_files_become_triplets_in_order():
    files = [
        file_layout.TripletFiles(name, f"test/{name}", ("1", "2", "3"), "film", "")
        for name in ("b", "a")
    ]
    annotated = {"a": annotations.Annotation(1, (0.0, 1.0, 2.0, 3.0), (8, 6), ("rotation",))}
    first, second = dataset_listings.from_listed_files(files, annotated)
    assert (first.name, first.path, first.film, first.annotation) == ("b", "test/b", "film", None)
    assert second.annotation == Annotation(1, (0.0, 1.0, 2.0, 3.0), (8, 6), ("rotation",))
    assert dataset_listings.from_listed_files(files)[1].annotation is None
