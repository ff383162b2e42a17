"""Names, folders and videos of ToonCrafter's script."""

import cv2
import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import tooncrafter_files

_HOSTILE = ["b c", "../up", "Ünï.code", "a", "a_frame2", "A", "a.b", "a/b", "", "x" * 300, "a"]


def _write_video(path, frames=16, size=(512, 320)):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 8, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), 10 * number, np.uint8))
    writer.release()
    return path


def test_names_are_safe_unique_and_sorted_as_the_script_sorts_them():
    names = _HOSTILE * 10
    exported = tooncrafter_files.exported_names(names)
    assert len(set(exported)) == len(names) and max(map(len, exported)) < 100
    assert all(
        name.replace("-", "_").replace("_", "a").isalnum() and name.isascii() for name in exported
    )
    files = [f"{name}_frame{number}.png" for name in exported for number in (1, 3)]
    assert sorted(files) == files
    assert tooncrafter_files.exported_names(["Japan_v2_2_062266_s2"]) == [
        "00000_Japan_v2_2_062266_s2"
    ]


@pytest.mark.parametrize("name", ["samples_of_mine", "what?", "a*b", "[x]"])
def test_folders_that_the_script_misreads_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="misread"):
        tooncrafter_files.check_folder(tmp_path / name)


@pytest.mark.parametrize("prompt", ["", " \t", "two\nlines"])
def test_prompts_that_are_no_line_are_refused(prompt):
    with pytest.raises(InputError, match="one line"):
        tooncrafter_files.check_prompt(prompt)


def test_the_middle_frames_of_a_video_as_the_script_writes_it(golden_dir):
    # H.264 by libx264 with -crf 10 -pix_fmt yuv420p: an orange picture between black bars of 16
    # rows, and a blue square from rows 100 to 160, its left side at column 40 + 20 k.
    frames = tooncrafter_files.read_middle_frames(golden_dir / "sixteen_frames_h264.mp4")
    assert sorted(frames) == [7, 8]
    for number, frame in frames.items():
        left = 40 + 20 * number
        assert frame.shape == (320, 512, 3) and frame.dtype == np.uint8
        expected = [((8, 8), (0, 0, 0)), ((50, 30), (200, 120, 30))]
        expected += [((130, left - 8), (200, 120, 30)), ((130, left + 8), (30, 60, 220))]
        for place, colour in expected:
            assert np.abs(frame[place].astype(int) - colour).max() <= 3
        picture = tooncrafter_files.BOX.remove(frame)
        assert picture.shape == (288, 512, 3) and picture[0, 0, 0] > 150


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: _write_video(path, frames=15), "has 15 frames"),
        (lambda path: _write_video(path, frames=17), "has more than 16 frames"),
        (lambda path: _write_video(path, size=(512, 288)), "512x288, expected 512x320"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"no video" * 99), "cannot be decoded"),
        (lambda path: path.write_bytes(_write_video(path).read_bytes()[:-900]), "cut|cannot"),
    ],
)
def test_videos_that_cannot_be_used(tmp_path, change, message):
    path = tmp_path / "name_frame1_sample0.mp4"
    change(path)
    with pytest.raises(InputError, match=message) as error:
        tooncrafter_files.read_middle_frames(path)
    assert str(path) in str(error.value)


def test_videos_are_found_wherever_they_lie_below(tmp_path):
    wanted = ["00000_a", "00001_b", "00002_c"]
    found = [
        _write_video(tmp_path / place / "samples_separate" / f"{name}_frame1_sample0.mp4", 1)
        for place, name in (("part_000", wanted[0]), ("rerun", wanted[1]), ("rerun", "00009_z"))
    ]
    videos = tooncrafter_files.find_videos(tmp_path, wanted, "abc")
    assert videos.files == dict(zip(wanted[:2], found[:2], strict=True))
    assert videos.unknown == (found[2],)
    _write_video(tmp_path / "again" / f"{wanted[0]}_frame1_sample0.mp4", 1)
    with pytest.raises(InputError, match="Two videos are of one pair"):
        tooncrafter_files.find_videos(tmp_path, wanted, "abc")


def test_videos_of_pairs_that_have_their_own_names_are_found(tmp_path):
    files = [
        _write_video(tmp_path / "samples_separate" / f"{name}_frame1_sample0.mp4", 1)
        for name in ("Japan_v2_1_070321_s3", "same")
    ]
    names = ["Japan_v2_1_070321_s3", "same", "same"]
    videos = tooncrafter_files.find_videos(tmp_path, ["00000_J", "00001_s", "00002_s"], names)
    assert videos.files == {"00000_J": files[0]} and videos.unknown == (files[1],)
