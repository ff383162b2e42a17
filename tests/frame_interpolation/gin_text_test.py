import os

import pytest

from frame_interpolation import gin_text
from frame_interpolation.errors import InputError


def _values(bindings):
    return {binding.name: binding.value for binding in bindings}


def _error(gin_file):
    with pytest.raises(InputError) as error:
        gin_text.read_file(gin_file)
    return str(error.value)


def test_includes_are_found_beside_the_file_and_below_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "here").mkdir()
    main = tmp_path / "sub" / "main.gin"
    main.write_text("include 'near.gin'\ninclude 'far.gin'\nrun.num_steps = 7\n")
    (tmp_path / "sub" / "near.gin").write_text("network.filters = 3\n")
    (tmp_path / "here" / "far.gin").write_text("run.rate = 0.5\n")
    monkeypatch.chdir(tmp_path / "here")
    bindings = gin_text.read_file(main)
    assert [b.name for b in bindings] == ["network.filters", "run.rate", "run.num_steps"]
    assert [b.value for b in bindings] == [3, 0.5, 7]
    assert bindings[0].where == str(tmp_path / "sub" / "near.gin") + ":1"


def test_includes_are_found_below_the_repository_root(tmp_path, monkeypatch):
    root = tmp_path / "root"
    (root / "gin_configs").mkdir(parents=True)
    (root / "package").mkdir()
    (root / "gin_configs" / "a.gin").write_text("include 'gin_configs/b.gin'\n")
    (root / "gin_configs" / "b.gin").write_text("network.filters = 9\n")
    monkeypatch.setattr(gin_text, "REPOSITORY_ROOT", root)
    monkeypatch.chdir(root / "package")
    assert _values(gin_text.read_file("gin_configs/a.gin")) == {"network.filters": 9}


def test_a_missing_include_names_the_file_that_asks_for_it(tmp_path):
    file = tmp_path / "a.gin"
    file.write_text("include 'b.gin'\n")
    message = _error(file)
    assert "b.gin" in message and f"which {file} includes" in message


def test_a_file_that_includes_itself_is_an_error(tmp_path):
    (tmp_path / "a.gin").write_text("include 'b.gin'\n")
    (tmp_path / "b.gin").write_text("include 'a.gin'\n")
    assert "includes itself" in _error(tmp_path / "a.gin")


def test_one_file_may_be_included_twice(tmp_path):
    (tmp_path / "a.gin").write_text("include 'c.gin'\ninclude 'b.gin'\n")
    (tmp_path / "b.gin").write_text("include 'c.gin'\n")
    (tmp_path / "c.gin").write_text("network.filters = 2\n")
    assert [b.value for b in gin_text.read_file(tmp_path / "a.gin")] == [2, 2]


def test_unreadable_files_are_the_users_mistake(tmp_path):
    assert "There is no gin file" in _error(tmp_path / "none.gin")
    assert "is empty" in _error("")
    assert "Is a directory" in _error(tmp_path)
    binary = tmp_path / "binary.gin"
    binary.write_bytes(b"\x93\xff\x00")
    assert "not UTF-8" in _error(binary)
    if os.geteuid():
        binary.chmod(0)
        assert "Permission denied" in _error(binary)


def test_byte_order_mark_and_windows_lines_are_read(tmp_path):
    file = tmp_path / "a.gin"
    file.write_bytes("\ufeffnetwork.filters = 3\r\n".encode())
    assert _values(gin_text.read_file(file)) == {"network.filters": 3}


def test_text_that_is_written_reads_as_the_same():
    bindings = {
        "a/run.rate": 1e-12,
        "network.extra": {"z": (1,), "a": None, "é \n 'quoted'": [True, -3]},
        "network.names": ["long words " * 30, f"{'x' * 120}"],
    }
    text = gin_text.to_text(bindings)
    assert gin_text.parse_flattened(text) == bindings
    assert gin_text.to_text(gin_text.parse_flattened(text)) == text


def test_references_are_kept_as_written():
    text = "run.a = @late/f\nrun.b = [@f(), {'x': @g}]\n"
    found = gin_text.parse_flattened(text)
    assert [repr(leaf) for leaf in gin_text.leaves(found) if not isinstance(leaf, str)] == [
        "@late/f",
        "@f()",
        "@g",
    ]
    assert gin_text.to_text(found) == text
