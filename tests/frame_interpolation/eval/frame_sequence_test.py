import os

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import frame_sequence, image_io


def _write(folder, *names, size=(4, 6)):
    for name in names:
        image_io.write_image(folder / name, np.zeros((*size, 3), np.uint8))


def test_names_sort_by_the_numbers_in_them():
    names = ["b1.png", "frame_10.png", "frame_2.png", "Frame_1.png", "frame_010.png", "7.png"]
    assert sorted(names, key=frame_sequence.natural_key) == [
        "7.png",
        "b1.png",
        "Frame_1.png",
        "frame_2.png",
        "frame_010.png",
        "frame_10.png",
    ]


def test_patterns_find_folders_in_natural_order(tmp_path):
    for name in ["shot10", "shot2", "shot2/interpolated_frames", "shot 1 ä", "other"]:
        (tmp_path / name).mkdir()
    (tmp_path / "shot3").write_text("a file")
    found = frame_sequence.find_folders(f"{tmp_path}/shot*")
    assert [folder.name for folder in found] == ["shot2", "shot10", "shot 1 ä"]
    deep = frame_sequence.find_folders(f"{tmp_path}/**")
    assert "interpolated_frames" not in [folder.name for folder in deep]


def test_a_folder_is_taken_literally(tmp_path):
    folder = tmp_path / "shot[1]*"
    folder.mkdir()
    assert frame_sequence.find_folders(str(folder)) == [folder]


def test_a_pattern_without_folders_is_an_error(tmp_path):
    with pytest.raises(InputError, match="matches no folder"):
        frame_sequence.find_folders(f"{tmp_path}/none*")


def test_frames_are_listed_without_what_the_programs_write(tmp_path):
    _write(
        tmp_path, "f10.png", "f9.JPG", "output_frame.png", ".f3.png", "interpolated_frames/a.png"
    )
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "interpolated.mp4").write_text("")
    (tmp_path / "f4.png").mkdir()
    assert [path.name for path in frame_sequence.list_frames(tmp_path)] == ["f9.JPG", "f10.png"]


def test_fewer_than_two_frames_are_an_error(tmp_path):
    with pytest.raises(InputError, match="holds no frames: expected at least two"):
        frame_sequence.list_frames(tmp_path)
    _write(tmp_path, "a.png")
    with pytest.raises(InputError, match="holds one frame: expected at least two"):
        frame_sequence.list_frames(tmp_path)


def test_two_files_of_one_frame_are_an_error(tmp_path):
    _write(tmp_path, "f1.png", "f1.jpg", "f2.png")
    with pytest.raises(InputError, match=r"f1\.jpg and f1\.png are two files of one frame"):
        frame_sequence.list_frames(tmp_path)


def test_checking_finds_sizes_and_damage(tmp_path):
    _write(tmp_path, "f1.png", "f2.png")
    frames = frame_sequence.list_frames(tmp_path)
    assert frame_sequence.check_frames(frames) == (4, 6)
    _write(tmp_path, "f3.png", size=(4, 7))
    with pytest.raises(InputError, match=r"f3\.png has 7x4 pixels and .*f1\.png has 6x4 pixels"):
        frame_sequence.check_frames(frame_sequence.list_frames(tmp_path))
    (tmp_path / "f2.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"f2\.png is empty"):
        frame_sequence.check_frames(frame_sequence.list_frames(tmp_path))


def test_output_names_sort_as_text():
    assert frame_sequence.output_name(7, 1000) == "frame_007.png"
    assert frame_sequence.output_name(7, 1001) == "frame_0007.png"
    assert frame_sequence.output_name(0, 1) == "frame_000.png"


def test_a_new_folder_appears_when_it_is_complete(tmp_path):
    target = tmp_path / "interpolated_frames"
    with frame_sequence.replaced_output_folder(target) as folder:
        _write(folder, "frame_000.png")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["frame_000.png"]
    assert list(tmp_path.iterdir()) == [target]
    reference = tmp_path / "ordinary"
    reference.mkdir()
    assert target.stat().st_mode == reference.stat().st_mode


def test_frames_of_an_earlier_run_are_replaced_as_a_whole(tmp_path):
    target = tmp_path / "interpolated_frames"
    _write(target, "frame_000.png", "frame_0001.png")
    (target / ".DS_Store").write_text("")
    with frame_sequence.replaced_output_folder(target) as folder:
        _write(folder, "frame_000.png")
        assert len(list(target.iterdir())) == 3
    assert [path.name for path in target.iterdir()] == ["frame_000.png"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_earlier_run(tmp_path):
    target = tmp_path / "interpolated_frames"
    _write(target, "frame_000.png", "frame_001.png")
    with pytest.raises(KeyboardInterrupt), frame_sequence.replaced_output_folder(target) as folder:
        _write(folder, "frame_000.png")
        raise KeyboardInterrupt
    assert len(list(target.iterdir())) == 2
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["notes.txt", "frame_1.png", "frame_000.jpg"])
def test_what_no_run_has_written_is_never_deleted(tmp_path, name):
    target = tmp_path / "interpolated_frames"
    _write(target, "frame_000.png")
    (target / name).write_text("")
    with pytest.raises(InputError, match=f"holds {name}"):
        with frame_sequence.replaced_output_folder(target):
            pytest.fail("the block must not run")
    assert (target / name).exists()


def test_files_that_arrive_during_the_run_are_not_deleted(tmp_path):
    target = tmp_path / "interpolated_frames"
    _write(target, "frame_000.png")
    with pytest.raises(InputError, match=r"holds notes\.txt"):
        with frame_sequence.replaced_output_folder(target):
            (target / "notes.txt").write_text("")
    assert len(list(target.iterdir())) == 2


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "interpolated_frames").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        frame_sequence.check_replaceable(tmp_path / "interpolated_frames")


def test_a_link_to_another_disk_stays_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere" / "frames"
    _write(elsewhere, "frame_000.png")
    link = tmp_path / "interpolated_frames"
    link.symlink_to(elsewhere)
    with frame_sequence.replaced_output_folder(link) as folder:
        _write(folder, "frame_000.png", "frame_001.png")
    assert link.is_symlink()
    assert len(list(elsewhere.iterdir())) == 2
    assert list(elsewhere.parent.iterdir()) == [elsewhere]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folders_without_permission_are_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        frame_sequence.check_replaceable(tmp_path / "interpolated_frames")
