import contextlib

import numpy as np
import pytest
from PIL import Image

from atd12k.inspection import frame_file, same_pictures, worker_pool


class Silent:
    def step(self):
        pass


def pictures(root, files):
    split = same_pictures.Pictures()
    for name, image in files.items():
        image.save(root / name, quality=90)
        split.add(name, frame_file.inspect(str(root / name)))
    return split


def noise(seed, change=0):
    cells = np.random.default_rng(seed).integers(0, 250, (9, 16, 3))
    return Image.fromarray((cells + change).astype(np.uint8)).resize((160, 90))


def near_copies(root, train, test):
    with worker_pool.WorkerPool(1) as pool:
        return same_pictures.near_copies(
            str(root),
            train,
            test,
            pool=pool,
            open_progress=lambda *_, **__: contextlib.nullcontext(Silent()),
        )


def test_pictures_are_told_by_their_pixels(tmp_path):
    train = pictures(tmp_path, {"a.png": noise(0), "b.png": noise(1), "c.png": noise(0)})
    test = pictures(tmp_path, {"d.jpg": noise(0), "e.png": noise(1), "f.png": noise(2)})
    shared = same_pictures.shared_pictures(train, test)
    assert [(s.test, s.train, s.same_file) for s in shared] == [(("e.png",), ("b.png",), True)]
    assert train.files[next(iter(train.files))] == ["a.png", "c.png"]
    near = near_copies(tmp_path, train, test)
    assert [(n.test, n.train) for n in near.found] == [(("d.jpg",), ("a.png", "c.png"))]


def test_what_has_the_same_pixels_can_be_a_near_copy_of_something_else(tmp_path):
    train = pictures(tmp_path, {"a.png": noise(0), "b.png": noise(0, change=1)})
    test = pictures(tmp_path, {"c.png": noise(0)})
    near = near_copies(tmp_path, train, test)
    assert [(n.test, n.train) for n in near.found] == [(("c.png",), ("b.png",))]
    assert near.found[0].closeness.difference_rms == pytest.approx(1.0, abs=0.1)


def test_only_the_closest_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(same_pictures, "MOST_COMPARED", 2)
    train = pictures(
        tmp_path, {f"{change}.png": noise(0, change=change) for change in (4, 1, 3, 2)}
    )
    test = pictures(tmp_path, {"c.png": noise(0)})
    near = near_copies(tmp_path, train, test)
    assert [n.train for n in near.found] == [("1.png",), ("2.png",)]
    assert (near.candidates, near.compared, near.left_out) == (4, 2, 2)


def test_files_that_vanish_meanwhile_are_passed_over(tmp_path):
    train = pictures(tmp_path, {"a.png": noise(0, change=1)})
    test = pictures(tmp_path, {"c.png": noise(0)})
    (tmp_path / "a.png").unlink()
    assert near_copies(tmp_path, train, test).found == []


def test_splits_without_pictures(tmp_path):
    train, none = pictures(tmp_path, {"a.png": noise(0)}), same_pictures.Pictures()
    assert near_copies(tmp_path, train, none).found == []
    assert near_copies(tmp_path, none, train).found == []
    assert same_pictures.shared_pictures(none, train) == []
