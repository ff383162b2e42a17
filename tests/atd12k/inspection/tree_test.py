"""Every defect, made on a small tree, is found and nothing else is."""

import contextlib
import io
import json
import os
import re
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from atd12k.errors import DatasetError
from atd12k.inspection import findings, frame_file, report, tree

# What the small tree has anyhow.
ALWAYS = {"count_differs", "optional_folder_absent", "levels_differ"}


class Silent:
    def step(self):
        pass


def silent(title, *, total, unit):
    return contextlib.nullcontext(Silent())


def inspect(dataset, workers=1, **options):
    return tree.inspect(
        str(dataset.root),
        workers=workers,
        findings=findings.Findings(**options),
        open_progress=silent,
    )


def found(dataset, **options):
    """What was found, as 'kind where: detail', without what is found always."""
    inspection = inspect(dataset, **options)
    return [
        f"{kind} {finding.where}: {finding.detail}".removesuffix(": ")
        for kind, of_kind in inspection.findings.by_kind()
        for finding in of_kind
        if kind not in ALWAYS
    ]


def picture(seed, size=(480, 270)):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


def test_a_sound_tree_is_sound_but_for_its_size(dataset):
    inspection = inspect(dataset)
    assert {kind for kind, _ in inspection.findings.by_kind()} == ALWAYS
    assert inspection.findings.wrong == 3
    partial = inspect(dataset, accepted=findings.OF_WHOLE_DATASET)
    assert partial.findings.wrong == 0
    train, test = (inspection.folders[name] for name in ("train_10k", "test_2k_540p"))
    assert (train.triplets, train.sound, test.triplets, test.sound) == (3, 3, 2, 2)
    assert dict(train.frame_types) == {tree.FrameType("JPEG", 480, 270, "RGB"): 9}
    assert dict(test.frame_types) == {tree.FrameType("PNG", 480, 270, "RGB"): 6}
    assert dict(inspection.levels) == {1: 2}


def test_published_numbers_are_no_finding(dataset, monkeypatch):
    published = [
        folder._replace(published=3 if folder.name == "train_10k" else 2)
        for folder in tree.listing.FOLDERS
    ]
    monkeypatch.setattr(tree.listing, "FOLDERS", tuple(published))
    monkeypatch.setattr(tree.accompaniments, "LEVELS_BY_THIRD_PARTY", {0: 0, 1: 2, 2: 0})
    inspection = inspect(dataset)
    assert {kind for kind, _ in inspection.findings.by_kind()} == {"optional_folder_absent"}
    shutil.rmtree(dataset.train[0])
    counts = inspect(dataset).findings.found["count_differs"]
    assert [(f.where, f.detail) for f in counts] == [("train_10k", "2, published are 3")]


def test_missing_folders_are_named(dataset):
    shutil.rmtree(dataset.root / "test_2k_annotations")
    assert found(dataset) == ["folder_missing test_2k_annotations"]
    shutil.rmtree(dataset.root / "test_2k_540p")
    assert found(dataset) == ["folder_missing test_2k_540p", "folder_missing test_2k_annotations"]


def test_an_empty_folder_is_told_apart_from_a_missing_one(dataset):
    for folder in dataset.train:
        shutil.rmtree(folder)
    assert found(dataset) == ["folder_empty train_10k"]


def test_a_missing_frame(dataset):
    (dataset.train[1] / "frame2.jpg").unlink()
    inspection = inspect(dataset)
    assert inspection.folders["train_10k"].sound == 2
    assert found(dataset) == [
        f"frame_missing train_10k/{dataset.train[1].name}: no frame2.jpg or .png"
    ]


def test_two_files_for_one_frame(dataset):
    shutil.copy(dataset.train[0] / "frame2.jpg", dataset.train[0] / "frame2.JPEG")
    (line,) = found(dataset)
    assert line.startswith("frame_ambiguous") and line.endswith("frame2.JPEG and frame2.jpg")


def test_a_frame_of_zero_bytes(dataset):
    cut(dataset.train[0] / "frame1.jpg", 0)
    assert found(dataset) == [f"frame_empty train_10k/{dataset.train[0].name}/frame1.jpg: 0 bytes"]


@pytest.mark.parametrize("missing", [1, 2, 50, 1500])
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_truncated_frame(dataset, split, missing):
    path = sorted(getattr(dataset, split)[0].iterdir())[0]
    cut(path, path.stat().st_size - missing)
    (line,) = found(dataset)
    where = path.relative_to(dataset.root).as_posix()
    assert re.match(f"frame_truncated {where}: .*(truncated|end chunk)", line), line


def test_a_damaged_checksum(dataset):
    path = dataset.test[0] / "frame3.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (line,) = found(dataset)
    assert line.startswith("frame_unreadable test_2k_540p/") and "checksum" in line


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"<!DOCTYPE html>", "neither JPEG nor PNG"),
        (b"\x89PNG\r\n\x1a\ngarbage IEND\xaeB`\x82", ""),
    ],
)
def test_a_file_that_is_no_picture(dataset, content, detail):
    (dataset.train[0] / "frame1.jpg").write_bytes(content)
    (line,) = found(dataset)
    assert line.startswith(f"frame_unreadable train_10k/{dataset.train[0].name}/frame1.jpg")
    assert detail in line


def test_a_link_to_nowhere_a_folder_and_a_pipe_in_place_of_frames(dataset):
    for folder in dataset.train:
        (folder / "frame2.jpg").unlink()
    (dataset.train[0] / "frame2.jpg").symlink_to("nowhere")
    (dataset.train[1] / "frame2.jpg").mkdir()
    os.mkfifo(dataset.train[2] / "frame2.jpg")
    lines = found(dataset)
    assert [line.split()[0] for line in lines] == ["frame_unreadable"] * 3
    assert "No such file" in lines[0]
    assert "not a regular file" in lines[1] and "not a regular file" in lines[2]


def test_a_bomb_is_not_decoded(dataset, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 480 * 270 // 4)
    assert "exceeds limit" in found(dataset)[0]
    monkeypatch.undo()
    monkeypatch.setattr(frame_file, "_MOST_BYTES", 100)
    assert "too large for a frame" in found(dataset)[0]


def test_different_sizes_within_a_triplet(dataset):
    picture(1, size=(96, 54)).save(dataset.train[0] / "frame3.jpg")
    assert found(dataset) == [
        f"sizes_differ train_10k/{dataset.train[0].name}: "
        "frame1.jpg 480x270, frame2.jpg 480x270, frame3.jpg 96x54"
    ]


def test_the_same_picture_twice_in_a_triplet(dataset):
    shutil.copy(dataset.train[0] / "frame1.jpg", dataset.train[0] / "frame2.jpg")
    with Image.open(dataset.test[0] / "frame3.png") as image:
        image.save(dataset.test[0] / "frame2.png", compress_level=1)  # Other bytes, same pixels.
    assert found(dataset) == [
        f"identical_frames train_10k/{dataset.train[0].name}: frame1.jpg = frame2.jpg",
        f"identical_frames test_2k_540p/{dataset.test[0].name}: frame2.png = frame3.png",
    ]


def test_test_triplets_that_one_folder_lacks(dataset):
    shutil.copytree(dataset.root / "test_2k_540p", dataset.root / "test_2k_original")
    assert found(dataset) == []
    shutil.rmtree(dataset.root / "test_2k_original" / dataset.test[0].name)
    assert found(dataset) == [
        f"test_folders_differ test_2k_original/{dataset.test[0].name}: is in the other only"
    ]


def test_missing_annotations(dataset):
    dataset.annotations[0].unlink()
    shutil.rmtree(dataset.annotations[1].parent)
    where = [path.relative_to(dataset.root).as_posix() for path in dataset.annotations]
    assert found(dataset) == [f"annotation_missing {path}" for path in where]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"level": None}, "'level' is missing"),
        ({"level": 3}, "'level' is 3, expected"),
        ({"image_size": [1280]}, "'image_size' is [1280]"),
        ({"motion_RoI": {"x": 1, "y": 2, "width": 3}}, "lacks 'height'"),
        ({"motion_RoI": {"x": 2000, "y": 2, "width": 3, "height": 4}}, "has no area"),
    ],
)
def test_malformed_annotations(dataset, changes, detail):
    dataset.annotate(**changes)
    (line,) = found(dataset)
    where = dataset.annotations[0].relative_to(dataset.root).as_posix()
    assert line.startswith(f"annotation_malformed {where}: ") and detail in line
    assert str(dataset.root) not in line


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, "\udcff"])
def test_annotations_that_are_no_json_object(dataset, content):
    dataset.annotations[0].write_bytes(content.encode("utf-8", "surrogateescape"))
    (line,) = found(dataset)
    assert line.startswith("annotation_malformed")


def test_an_annotation_that_is_a_pipe(dataset):
    dataset.annotations[0].unlink()
    os.mkfifo(dataset.annotations[0])
    (line,) = found(dataset)
    assert line.startswith("annotation_malformed") and line.endswith("not a regular file")


def test_an_annotation_without_triplet(dataset):
    shutil.rmtree(dataset.test[1])
    assert found(dataset) == [
        f"annotation_without_triplet test_2k_annotations/{dataset.test[1].name}"
    ]


def test_oddities_in_annotations_are_information(dataset):
    dataset.annotate(behavior="juggling")
    (line,) = found(dataset, accepted=findings.OF_WHOLE_DATASET)
    assert line.startswith("annotation_remark test_2k_annotations: 'juggling' in 'test_2k_ann")
    assert inspect(dataset, accepted=findings.OF_WHOLE_DATASET).findings.wrong == 0


def test_precomputed_flows(dataset):
    first, second = dataset.flows()
    assert found(dataset) == []
    assert inspect(dataset).folders["test_2k_pre_calc_sgm_flows"].sound == 2
    cut(first / "guide_flo13.npy", 1000)
    np.save(first / "guide_flo31.npy", np.array([{}]), allow_pickle=True)
    (second / "guide_flo31.npy").unlink()
    lines = found(dataset)
    assert [line.split(":")[0] for line in lines] == [
        f"flow_missing test_2k_pre_calc_sgm_flows/{second.name}/guide_flo31.npy",
        f"flow_unreadable test_2k_pre_calc_sgm_flows/{first.name}/guide_flo13.npy",
        f"flow_unreadable test_2k_pre_calc_sgm_flows/{first.name}/guide_flo31.npy",
    ]
    shutil.rmtree(second)
    assert f"flow_missing test_2k_pre_calc_sgm_flows/{second.name}" in found(dataset)


def test_names_of_another_pattern_and_extra_files_are_information(dataset):
    dataset.train[0].rename(dataset.root / "train_10k" / "zwei Hündchen_000001_s1")
    (dataset.root / "readme.txt").touch()
    (dataset.root / "train_10k" / "list.txt").touch()
    (dataset.train[1] / "Thumbs.db").touch()
    (dataset.annotations[0].parent / "old.json").touch()
    assert found(dataset) == [
        "name_pattern train_10k/zwei Hündchen_000001_s1",
        "extra_file readme.txt",
        "extra_file train_10k/list.txt",
        f"extra_file train_10k/{dataset.train[1].name}/Thumbs.db",
        f"extra_file test_2k_annotations/{dataset.test[0].name}/old.json",
    ]
    assert inspect(dataset, accepted=findings.OF_WHOLE_DATASET).findings.wrong == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_frames_of_other_modes_are_information(dataset, mode):
    picture(1).convert(mode).save(dataset.test[0] / "frame1.png")
    where = f"test_2k_540p/{dataset.test[0].name}/frame1.png"
    assert found(dataset) == [f"other_mode {where}: mode {mode}"]


def test_16_bit_grey_is_not_saturated(tmp_path):
    grey = picture(1).convert("L")
    grey.save(tmp_path / "8.png")
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(tmp_path / "16.png")
    eight, sixteen = (frame_file.inspect(str(tmp_path / f"{bits}.png")) for bits in (8, 16))
    assert eight.pixel_digest == sixteen.pixel_digest


def png_of_16_bits(channels):
    """A PNG file of 480x270 noise, which Pillow cannot write."""
    kind = {3: 2, 4: 6}[channels]
    row = b"\0" + np.random.default_rng(0).bytes(480 * channels * 2)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", 480, 270, 16, kind, 0, 0, 0),
        b"IDAT": zlib.compress(row * 270),
        b"IEND": b"",
    }
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_frames_that_the_job_rejects_are_wrong(dataset):
    deep = np.asarray(picture(1).convert("L")).astype(np.uint16) * 257
    picture(1).convert("CMYK").save(dataset.train[0] / "frame1.jpg")
    Image.fromarray(deep).save(dataset.test[0] / "frame1.png")
    (dataset.test[0] / "frame2.png").write_bytes(png_of_16_bits(3))
    (dataset.test[1] / "frame2.png").write_bytes(png_of_16_bits(4))
    inspection = inspect(dataset, accepted=findings.OF_WHOLE_DATASET)
    assert [line.split()[-1] for line in found(dataset)[:4]] == [
        "CMYK",
        "I;16",
        "RGB;16",
        "RGBA;16",
    ]
    assert inspection.findings.wrong == len(inspection.findings.found["frame_unsupported"]) == 4
    states = inspection.folders
    assert (states["train_10k"].sound, states["test_2k_540p"].sound) == (2, 0)


def test_the_same_file_in_train_and_test(dataset):
    shutil.copy(dataset.train[1] / "frame2.jpg", dataset.test[0] / "frame1.jpg")
    (dataset.test[0] / "frame1.png").unlink()
    assert found(dataset) == [
        f"same_picture test_2k_540p/{dataset.test[0].name}/frame1.jpg: "
        f"the same file as train_10k/{dataset.train[1].name}/frame2.jpg"
    ]
    (shared,) = inspect(dataset).shared_pictures
    assert shared.same_file and not shared.is_flat


def test_the_same_pixels_in_train_and_test(dataset):
    for folder in dataset.test:
        with Image.open(dataset.train[1] / "frame2.jpg") as image:
            image.save(folder / "frame1.png")
    assert found(dataset) == [
        f"same_picture test_2k_540p/{dataset.test[0].name}/frame1.png (and 1 more): "
        f"the same pixels as train_10k/{dataset.train[1].name}/frame2.jpg"
    ]


def test_near_copies_in_train_and_test(dataset):
    with Image.open(dataset.train[0] / "frame1.jpg") as image:
        image.resize((320, 180), Image.Resampling.LANCZOS).save(dataset.test[0] / "frame1.jpg")
        (dataset.test[0] / "frame1.png").unlink()
    with Image.open(dataset.train[2] / "frame3.jpg") as image:
        encoded = io.BytesIO()
        image.save(encoded, "JPEG", quality=40)
        Image.open(encoded).save(dataset.test[1] / "frame2.png")
    (sizes, *lines) = found(dataset)
    assert sizes.startswith("sizes_differ")
    assert [line.split(":")[0] for line in lines] == [
        f"near_copy test_2k_540p/{dataset.test[0].name}/frame1.jpg",
        f"near_copy test_2k_540p/{dataset.test[1].name}/frame2.png",
    ]
    assert f"looks like train_10k/{dataset.train[0].name}/frame1.jpg: " in lines[0]
    assert f"looks like train_10k/{dataset.train[2].name}/frame3.jpg: " in lines[1]


def test_single_colours_in_train_and_test_are_information(dataset):
    for folder in (dataset.train[0], dataset.test[0]):
        suffix = "jpg" if folder in dataset.train else "png"
        Image.new("RGB", (480, 270)).save(folder / f"frame1.{suffix}")
        Image.new("RGB", (480, 270), "white").save(folder / f"frame2.{suffix}")
        Image.new("RGB", (480, 270), (200, 30, 30)).save(folder / f"frame3.{suffix}", quality=50)
    kinds = [line.split()[0] for line in found(dataset)]
    # The red one changes by compression: no near copy though, as nothing is in it.
    assert kinds == ["flat_frame"] * 6 + ["flat_picture_shared"] * 2
    assert inspect(dataset, accepted=findings.OF_WHOLE_DATASET).findings.wrong == 0


def test_films_shared_by_train_and_test_are_information(dataset):
    for folder in (dataset.root / "test_2k_540p", dataset.root / "test_2k_annotations"):
        old, new = dataset.test[0].name, "Disney_v4_0_000500_s1"
        if folder.name == "test_2k_annotations":
            (folder / old / f"{old}.json").rename(folder / old / f"{new}.json")
        (folder / old).rename(folder / new)
    assert found(dataset) == ["film_shared Disney_v4_0: 1 triplets in train, 1 in test"]
    assert inspect(dataset).films_shared == ["Disney_v4_0"]
    assert inspect(dataset, accepted=findings.OF_WHOLE_DATASET).findings.wrong == 0


def test_folders_that_cannot_be_read(dataset, monkeypatch):
    listdir = os.listdir
    closed = {str(dataset.train[0]), str(dataset.root / "test_2k_540p")}

    def refuse(path):
        if str(path) in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    lines = found(dataset)
    assert lines[:2] == [
        f"folder_unreadable train_10k/{dataset.train[0].name}: Permission denied",
        "folder_unreadable test_2k_540p: Permission denied",
    ]


def test_kinds_can_be_accepted(dataset):
    cut(dataset.train[0] / "frame1.jpg", 0)
    accepted = findings.OF_WHOLE_DATASET | {"frame_empty"}
    assert inspect(dataset, accepted=accepted).findings.wrong == 0


def test_roots_that_are_no_dataset(tmp_path):
    class Elsewhere:
        root = tmp_path / "no"

    with pytest.raises(DatasetError, match=r"no' is missing; expected .* 'train_10k'"):
        inspect(Elsewhere)
    Elsewhere.root.write_text("")
    with pytest.raises(DatasetError, match=r"no' is a file; expected"):
        inspect(Elsewhere)
    Elsewhere.root = tmp_path
    with pytest.raises(DatasetError, match=r"is not ATD-12K: it holds 'no'; expected"):
        inspect(Elsewhere)


def test_the_report_is_the_same_for_any_number_of_workers(dataset):
    cut(dataset.train[0] / "frame1.jpg", 300)
    with Image.open(dataset.train[2] / "frame3.jpg") as image:
        image.save(dataset.test[1] / "frame2.jpg", quality=40)
        (dataset.test[1] / "frame2.png").unlink()
    one, three = (report.as_json(inspect(dataset, workers=workers)) for workers in (1, 3))
    assert json.dumps(one) == json.dumps(three)
    assert {"frame_truncated", "near_copy"} <= {f["kind"] for f in one["findings"]}


def test_names_of_frames_are_understood_as_file_layout_does(dataset):
    names = ("frame1.JPG", "Frame2.Png", "frame3.jpeg", "frame4.jpg", "frame1.webp", "xframe1.jpg")
    folder = dataset.root / "train_10k" / "Disney_v4_3_000001_s1"
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    from atd12k import file_layout

    (theirs,) = (
        t
        for t in file_layout.list_triplets(str(dataset.root), "train_10k")
        if t.name == folder.name
    )
    (ours,) = (
        t
        for t in tree.listing.list_triplets(
            str(dataset.root), tree.listing.FOLDERS[0], findings.Findings()
        )
        if t.name == folder.name
    )
    assert [os.path.basename(frame) for frame in theirs.frames] == list(ours.files)
