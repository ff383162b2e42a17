"""Rules of the layout, each with a message that says what to do instead."""

import ast
import functools
import importlib
import importlib.metadata
import pathlib
import re
import sys
import tomllib

import pytest

_ROOT = pathlib.Path(__file__).parents[1]
_PACKAGES = ("frame_interpolation", "atd12k", "beam_jobs")
# What each package of ours may import of ours, besides itself; longest prefix wins.
_BASICS = {"frame_interpolation.errors", "frame_interpolation.repository_paths"}
_MAY_IMPORT = {
    "frame_interpolation.ops": set(),
    "frame_interpolation.models": {"frame_interpolation.ops"},
    "frame_interpolation.losses": {"frame_interpolation.ops"},
    "frame_interpolation.datasets": {"frame_interpolation.ops"},
    "frame_interpolation.eval": {
        "frame_interpolation.ops",
        "frame_interpolation.models",
        "frame_interpolation.losses",
        "frame_interpolation.datasets",
    },
    "frame_interpolation.training": {
        "frame_interpolation.ops",
        "frame_interpolation.models",
        "frame_interpolation.losses",
        "frame_interpolation.datasets",
        "frame_interpolation.eval",
    },
    "atd12k": set(),
    "beam_jobs": {
        "atd12k",
        "frame_interpolation.datasets",
        "frame_interpolation.eval.inference",
    },
}
_ATD12K_MAY_USE = {"numpy", "PIL"}
_ADDONS_WRAPPERS = {"frame_interpolation.ops.rotation"}
# What a distribution is called when it is imported, where the two names differ.
_IMPORT_NAMES = {
    "absl-py": "absl",
    "apache-beam": "apache_beam",
    "gin-config": "gin",
    "google-crc32c": "google_crc32c",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pytest-timeout": "pytest_timeout",
    "pytest-xdist": "xdist",
    "scikit-image": "skimage",
    "tensorflow-addons": "tensorflow_addons",
}
_WITHOUT_MODULE = {"types-tqdm"}


def _module_name(path):
    parts = path.relative_to(_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def _modules():
    """Our modules by name, parsed."""
    return {
        _module_name(path): ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for package in _PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
    }


def _imports(tree):
    """Names that a module imports anywhere; `from a import b` counts as a.b if that is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in _modules() else node.module


def _is_program(name):
    return any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
        for node in _modules()[name].body
    )


def _starts_with(name, prefix):
    return name == prefix or name.startswith(f"{prefix}.")


def test_there_is_code_to_check():
    assert len(_modules()) > 20


def test_packages_import_one_another_in_one_direction_only():
    wrong = []
    for name, tree in _modules().items():
        package = next((p for p in _MAY_IMPORT if _starts_with(name, p)), None)
        if package is None or _is_program(name):
            continue
        allowed = _MAY_IMPORT[package] | {package} | (_BASICS if package != "atd12k" else set())
        wrong += [
            f"{name} imports {imported}"
            for imported in _imports(tree)
            if any(_starts_with(imported, ours) for ours in _PACKAGES)
            and not any(_starts_with(imported, prefix) for prefix in allowed)
        ]
    assert not wrong, (
        "ops <- models, losses, datasets <- eval <- training is the only direction, `config` and "
        "`program` are for programs, atd12k imports nothing of ours: move the code, or pass what "
        f"is needed in as an argument. {wrong}"
    )


def test_nothing_imports_a_program():
    programs = {name for name in _modules() if _is_program(name)}
    assert "frame_interpolation.training.train" in programs
    wrong = [
        f"{name} imports {imported}"
        for name, tree in _modules().items()
        for imported in _imports(tree)
        if imported in programs
    ]
    assert not wrong, f"Move what is shared out of the program into a module. {wrong}"


def test_no_module_is_reachable_under_two_names():
    wrong = [
        f"{name} imports {imported}"
        for name, tree in _modules().items()
        for imported in _imports(tree)
        if imported.split(".")[0] in ("training", "eval", "tests", "examples")
    ]
    relative = [
        f"{name}, line {node.lineno}"
        for name, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not wrong and not relative, (
        "A module loaded as `training.x` and as `frame_interpolation.training.x` registers its gin "
        f"selectors twice: import by the full name. {wrong} {relative}"
    )


def test_package_init_files_are_empty():
    wrong = [
        str(path.relative_to(_ROOT))
        for package in _PACKAGES
        for path in (_ROOT / package).rglob("__init__.py")
        if path.read_text().strip()
    ]
    assert not wrong, f"Import from the module that defines a name, not from its package. {wrong}"


def test_tensorflow_addons_is_imported_only_where_it_is_wrapped():
    users = {
        name
        for name, tree in _modules().items()
        if any(_starts_with(imported, "tensorflow_addons") for imported in _imports(tree))
    }
    assert users == _ADDONS_WRAPPERS, (
        "TensorFlow Addons has reached its end of life; what still needs it is wrapped in one "
        f"module so that it can be replaced there: {users ^ _ADDONS_WRAPPERS}"
    )


def test_atd12k_needs_only_the_standard_library_numpy_and_pillow():
    wrong = [
        f"{name} imports {imported}"
        for name, tree in _modules().items()
        if _starts_with(name, "atd12k")
        for imported in _imports(tree)
        if (top := imported.split(".")[0]) not in sys.stdlib_module_names
        and top not in _ATD12K_MAY_USE | {"atd12k"}
    ]
    assert not wrong, f"The dataset's own package stays usable alone. {wrong}"


def test_gin_and_flags_stop_at_the_programs():
    wrong = [
        f"{name} imports absl.flags"
        for name, tree in _modules().items()
        if not _is_program(name) and name != "frame_interpolation.program"
        for imported in _imports(tree)
        if imported == "absl"
        and any(
            isinstance(node, ast.ImportFrom)
            and node.module == "absl"
            and any(alias.name in ("flags", "app") for alias in node.names)
            for node in ast.walk(tree)
        )
    ]
    wrong += [
        f"{name} queries gin"
        for name, tree in _modules().items()
        if name != "frame_interpolation.config"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "gin"
        and node.attr not in ("register", "external_configurable")
    ]
    assert not wrong, f"Below `main` there are keyword-only arguments. {wrong}"


def test_every_public_function_and_class_has_a_docstring():
    wrong = []
    for name, tree in _modules().items():
        nodes = [tree, *tree.body]
        nodes += [
            node
            for parent in tree.body
            if isinstance(parent, ast.ClassDef) and not parent.name.startswith("_")
            for node in parent.body
        ]
        wrong += [
            f"{name}.{getattr(node, 'name', '')}"
            for node in nodes
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and not getattr(node, "name", "").startswith("_")
            and not ast.get_docstring(node)
            and not (isinstance(node, ast.Module) and not node.body)
            and not any(
                ast.unparse(decorator).endswith((".setter", "override"))
                for decorator in getattr(node, "decorator_list", ())
            )
        ]
    assert not wrong, f"Say what it takes and returns: shapes, units, value ranges. {wrong}"


def test_module_names_say_what_is_in_them():
    vague = {"util", "utils", "common", "misc", "helper", "helpers", "lib", "core"}
    wrong = [
        name
        for name in _modules()
        if (last := name.split(".")[-1]) in vague or last.endswith(("_lib", "_utils"))
    ]
    assert not wrong, f"Name a module by its subject. {wrong}"


def test_shipped_configurations_hold_no_placeholders():
    files = sorted((_ROOT / "gin_configs").rglob("*.gin"))
    assert files
    wrong = [
        f"{path.relative_to(_ROOT)}:{number}: {line}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"(?i)placeholder|todo|fixme|path/to|/your|<[a-z_ ]+>|gs://xx", line)
    ]
    assert not wrong, f"Leave a path unbound; the program then says which binding to set. {wrong}"


def _declared_dependencies():
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    requirements = project["dependencies"] + optional["dask"] + optional["dev"]
    return sorted({re.match(r"[A-Za-z0-9_.-]+", line)[0].lower() for line in requirements})


@pytest.mark.parametrize("distribution", _declared_dependencies())
def test_every_declared_dependency_is_pinned_and_imports(distribution):
    version = importlib.metadata.version(distribution)
    pins = (_ROOT / "requirements.txt").read_text()
    assert f"\n{distribution}=={version} " in f"\n{pins}", (
        f"{distribution} {version} is installed but not pinned so; run `make lock`."
    )
    if distribution not in _WITHOUT_MODULE:
        importlib.import_module(_IMPORT_NAMES.get(distribution, distribution))


def test_every_package_is_installed():
    packages = {
        ".".join(path.parent.relative_to(_ROOT).parts)
        for package in _PACKAGES
        for path in (_ROOT / package).rglob("__init__.py")
    }
    setuptools = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    declared = set(setuptools["packages"]) - set(setuptools["package-dir"])
    assert declared == packages, "List every package in pyproject.toml."
