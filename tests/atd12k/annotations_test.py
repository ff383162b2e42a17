import json
import logging

import pytest

from atd12k import annotations
from atd12k.annotations import Annotation, Remarks
from atd12k.errors import DatasetError

CONTENT = {
    "level": 1,
    "motion_RoI": {"x": 10, "y": 20, "width": 300, "height": 400},
    "image_size": [1280, 720],
    "general_motion_type": "translation",
    "behavior": "walking",
}
EXPECTED = Annotation(1, (10, 20, 300, 400), (1280, 720), ("translation",), ("walking",))


def read(tmp_path, content, remarks=None):
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return annotations.read_annotation(str(path), remarks or Remarks())


def test_plain(tmp_path):
    remarks = Remarks()
    assert read(tmp_path, CONTENT, remarks) == EXPECTED
    assert not remarks.found


@pytest.mark.parametrize(
    "change",
    [
        {"level": "1"},
        {"level": 1.0},
        {"image_size": ["1280", 720.0]},
        {"motion_RoI": {"x": "10", "y": " 20 ", "width": 300.0, "height": "4e2"}},
        {"general_motion_type": ["Translation"]},
        {"general_motion_type": " TRANSLATION ", "behavior": ["Walking", "walking"]},
        {"a further key": None},
    ],
)
def test_lenient(tmp_path, change):
    assert read(tmp_path, CONTENT | change) == EXPECTED


def test_byte_order_mark(tmp_path):
    assert read(tmp_path, "\ufeff" + json.dumps(CONTENT)) == EXPECTED


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("rotation, Scaling", ("rotation", "scaling")),
        (["rotation", "scaling,deformation"], ("rotation", "scaling", "deformation")),
        ([], ()), ("", ()), (None, ()),
    ],
)  # fmt: skip
def test_words(tmp_path, value, words):
    assert read(tmp_path, CONTENT | {"general_motion_type": value}).general_motion_type == words
    without = {key: v for key, v in CONTENT.items() if key != "general_motion_type"}
    assert read(tmp_path, without).general_motion_type == ()


def test_unknown_words_are_kept_and_remarked(tmp_path):
    remarks = Remarks()
    read_back = read(tmp_path, CONTENT | {"behavior": ["Dancing", "others"]}, remarks)
    assert read_back.behavior == ("dancing", "others")
    ((kind, details),) = remarks.found.items()
    assert "'behavior' are unknown" in kind and "'dancing'" in details[0]
    assert annotations.group_of("dancing", annotations.BEHAVIORS) == "other"
    assert annotations.group_of("others", annotations.BEHAVIORS) == "others"


@pytest.mark.parametrize(
    ("roi", "expected"),
    [
        ((-10, 20, 50, 60), (0, 20, 40, 60)),
        ((1200, 700, 100, 100), (1200, 700, 80, 20)),
        ((-5, -5, 5000, 5000), (0, 0, 1280, 720)),
    ],
)
def test_a_region_that_leaves_the_image_is_clipped(tmp_path, roi, expected):
    remarks = Remarks()
    roi = dict(zip(("x", "y", "width", "height"), roi, strict=True))
    assert read(tmp_path, CONTENT | {"motion_RoI": roi}, remarks).motion_roi == expected
    assert "clipped" in next(iter(remarks.found))


def test_a_region_as_large_as_the_image_is_not_clipped(tmp_path):
    remarks = Remarks()
    roi = {"x": 0.1, "y": 0, "width": 1279.9, "height": 720}
    assert read(tmp_path, CONTENT | {"motion_RoI": roi}, remarks).motion_roi[2] == 1279.9
    assert not remarks.found


def change_roi(**change):
    return {"motion_RoI": CONTENT["motion_RoI"] | change}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"level": None}, "'level' is missing"),
        ({"level": 3}, "'level' is 3"),
        ({"level": True}, "'level' is True"),
        ({"level": "easy"}, "'level' is 'easy'"),
        ({"level": 0.5}, "'level' is 0.5"),
        ({"level": 10**400}, "'level' is 1000"),
        ({"motion_RoI": None}, "'motion_RoI' is missing"),
        ({"motion_RoI": [1, 2, 3, 4]}, r"'motion_RoI' is \[1"),
        (change_roi(width=None), "'motion_RoI' lacks 'width'"),
        (change_roi(x="left"), "'motion_RoI.x' is 'left'"),
        (change_roi(x=float("nan")), "'motion_RoI.x' is nan"),
        (change_roi(width=0), "'motion_RoI' .* no area"),
        (change_roi(height=-3), "'motion_RoI' .* no area"),
        (change_roi(x=1280), "'motion_RoI' .* no area"),
        ({"image_size": None}, "'image_size' is missing"),
        ({"image_size": [1280]}, "'image_size' is"),
        ({"image_size": "1280x720"}, "'image_size' is '1280x720'"),
        ({"image_size": [1280, 0]}, "'image_size' is .* positive"),
        ({"image_size": [1280.5, 720]}, "'image_size' is .* whole"),
        ({"image_size": [1e30, 1e30]}, "'image_size' is .* whole"),
        ({"general_motion_type": 3}, "'general_motion_type' is 3"),
        ({"behavior": [1]}, "'behavior' is"),
    ],
)
def test_malformed_keys_are_named_with_the_file(tmp_path, change, key):
    with pytest.raises(DatasetError, match=rf"a\.json': {key}"):
        read(tmp_path, CONTENT | change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "holds a list"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_malformed_files_are_named(tmp_path, content, message):
    with pytest.raises(DatasetError, match=rf"a\.json' .*{message}"):
        read(tmp_path, content)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(DatasetError, match="not valid JSON"):
        annotations.read_annotation(str(tmp_path / "a.json"), Remarks())


def write(root, name, content):
    folder = root / "test_2k_annotations" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text(json.dumps(content))


def test_a_folder_is_read_with_one_warning_a_kind(tmp_path, caplog):
    for name in ("a b", "ö", "c"):
        write(tmp_path, name, CONTENT | {"behavior": "dancing"} | change_roi(x=-1))
    with caplog.at_level(logging.WARNING):
        found = annotations.read_annotations(str(tmp_path), ["c", "a b", "ö"])
    assert set(found) == {"c", "a b", "ö"}
    assert len(caplog.records) == 2
    assert all(record.getMessage().startswith("3 ") for record in caplog.records)


def test_missing_annotations_need_leave(tmp_path, caplog):
    with pytest.raises(DatasetError, match=r"'test_2k_annotations'.*--allow_missing_annotations"):
        annotations.read_annotations(str(tmp_path), ["a"])
    assert annotations.read_annotations(str(tmp_path), ["a"], allow_missing=True) == {}
    write(tmp_path, "a", CONTENT)
    with pytest.raises(DatasetError, match=r"b\.json' is missing.*--allow_missing_annotations"):
        annotations.read_annotations(str(tmp_path), ["a", "b"])
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = annotations.read_annotations(str(tmp_path), ["a", "b"], allow_missing=True)
    assert found == {"a": EXPECTED}
    assert "1 triplets without annotation" in caplog.text
