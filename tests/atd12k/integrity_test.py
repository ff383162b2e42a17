"""The program: flags, exit status, what it prints and writes."""

import errno
import json
import os
import pathlib
import stat
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from atd12k import integrity
from atd12k.inspection import report

ROOT = pathlib.Path(__file__).parents[2]
NAME = "Disney_v4_7_000020_s1"


@pytest.fixture
def root(tmp_path):
    root, random = tmp_path / "data set", np.random.default_rng(0)
    for folder in ("train_10k/Japan_v2_1_000001_s1", f"test_2k_540p/{NAME}"):
        (root / folder).mkdir(parents=True)
        for number in (1, 2, 3):
            cells = random.integers(0, 256, (9, 16, 3)).astype(np.uint8)
            Image.fromarray(cells).resize((64, 36)).save(root / folder / f"frame{number}.png")
    annotation = root / "test_2k_annotations" / NAME / f"{NAME}.json"
    annotation.parent.mkdir(parents=True)
    roi = {"x": 0, "y": 0, "width": 10, "height": 10}
    annotation.write_text(json.dumps({"level": 0, "motion_RoI": roi, "image_size": [64, 36]}))
    return root


def run(*arguments):
    return integrity.main([*map(str, arguments), "--workers", "1"])


def test_clean_is_0_and_wrong_is_1(root, capsys):
    assert run("--root", root, "--partial") == 0
    out = capsys.readouterr().out
    assert "Nothing is wrong." in out and "levels: 1 easy, 0 medium, 0 hard (a third party's" in out
    assert run("--root", root) == 1
    out = capsys.readouterr().out
    assert "3 findings are wrong." in out and "train_10k: 1, published are 10,000" in out
    assert "test_2k_original               missing" in out and "3  PNG 64x36 RGB" in out


def test_findings_can_be_accepted(root, capsys):
    (root / f"test_2k_540p/{NAME}/frame2.png").write_bytes(b"")
    assert run("--root", root, "--partial") == 1
    assert "WRONG: frames are files of zero bytes: 1  [frame_empty]" in capsys.readouterr().out
    assert run("--root", root, "--partial", "--accept", "frame_empty") == 0
    assert "note: frames are files of zero bytes: 1" in capsys.readouterr().out


def test_long_lists_are_cut_in_the_report_and_whole_in_the_json(root, tmp_path, capsys):
    for number in range(7):
        (root / f"extra {number}").touch()
    path = tmp_path / "report.json"
    assert run("--root", root, "--partial", "--most_listed", "2", "--json", path) == 0
    assert "... and 5 more (all of them with --json)" in capsys.readouterr().out
    content = json.loads(path.read_text())
    (extra,) = (kind for kind in content["findings"] if kind["kind"] == "extra_file")
    assert [f["where"] for f in extra["list"]] == [f"extra {number}" for number in range(7)]
    assert content["verdict"] == "clean" and content["format"] == report.FORMAT
    assert [folder["triplets"] for folder in content["folders"]] == [1, 1, 0, 1, 0]
    assert content["levels"]["counted"] == {"0": 1, "1": 0, "2": 0}
    assert content["folders"][0]["frame_types"] == [
        {"format": "PNG", "width": 64, "height": 36, "mode": "RGB", "number": 3}
    ]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_json_to_standard_output(root, capsys):
    assert run("--root", root, "--json", "-") == 1
    assert json.loads(capsys.readouterr().out)["number_wrong"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--root"),
        (["--root", "x", "--workers", "0"], "expected a whole number, 1 or more"),
        (["--root", "x", "--accept", "nonsense"], "nonsense"),
        (["--root", "x", "--accept", "film_shared"], "film_shared"),
        (["--root", "x", "--bogus"], "--bogus"),
    ],
)
def test_bad_flags_are_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_info:
        integrity.main(arguments)
    assert exit_info.value.code == 2 and message in capsys.readouterr().err


def test_missing_and_foreign_roots_are_errors(tmp_path, capsys):
    assert run("--root", tmp_path / "no") == 1
    assert capsys.readouterr().err.startswith(f"error: '{tmp_path}/no' is missing; expected")
    assert run("--root", tmp_path) == 1
    assert "is not ATD-12K: it holds nothing; expected" in capsys.readouterr().err


def test_a_json_file_that_cannot_be_made_is_an_error_before_the_work(root, tmp_path, capsys):
    (tmp_path / "file").touch()
    for path, reason in (
        (tmp_path / "no" / "a.json", "No such file or directory"),
        (tmp_path / "file" / "a.json", "Not a directory"),
        (tmp_path, "Is a folder"),
    ):
        assert run("--root", root, "--json", path) == 1
        captured = capsys.readouterr()
        assert captured.err.startswith(f"error: {path}: {reason}") and not captured.out


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_folders_without_permission_are_errors(root, tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert run("--root", root, "--json", closed / "a.json") == 1
    assert capsys.readouterr().err == f"error: {closed}/a.json: Permission denied.\n"


def test_a_folder_without_permission_whoever_runs_the_test(root, tmp_path, capsys, monkeypatch):
    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/.a.json.xyz")

    monkeypatch.setattr(report.tempfile, "mkstemp", refuse)
    assert run("--root", root, "--json", tmp_path / "a.json") == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/a.json: Permission denied.\n"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(root, tmp_path, capsys, monkeypatch):
    path = tmp_path / "out" / "a.json"
    path.parent.mkdir()
    path.write_text("old")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report.json, "dump", full)
    assert run("--root", root, "--json", path) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert os.listdir(path.parent) == ["a.json"] and path.read_text() == "old"


def test_an_interrupt_is_130(root, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(integrity.tree, "inspect", interrupt)
    assert run("--root", root, "--json", tmp_path / "a.json") == 130
    assert not (tmp_path / "a.json").exists()


def test_as_a_program(root, tmp_path):
    # A name that is no text, and an output that is not UTF-8.
    os.mkdir(os.fsencode(root / "train_10k") + b"/\xff\xfe_000001_s1")
    process = subprocess.run(
        [
            *(sys.executable, "-m", "atd12k.integrity", "--root", str(root)),
            *("--json", str(tmp_path / "a.json"), "--workers", "2"),
        ],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert process.returncode == 1, process.stderr
    assert rb"train_10k/\udcff\udcfe_000001_s1: no frame1.jpg or .png" in process.stdout
    assert b"reading frames: 3/3 triplets" in process.stderr
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["number_wrong"] == 6


def test_a_reader_that_leaves_is_no_crash(root):
    process = subprocess.Popen(
        [sys.executable, "-m", "atd12k.integrity", "--root", str(root), "--workers", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1 and b"Traceback" not in errors
