"""Reads gin files; the one place that does.

Settings are frozen dataclasses registered with `@gin.register("selector")`. A program parses its
files and `--gin_bindings` once, makes the dataclasses it needs, and passes them on as arguments:

    config.parse(["gin_configs/experiments/film_l1.gin"], ["training.num_steps = 10"])
    options = config.make(TrainingOptions)

This differs from plain gin (github.com/google/gin-config) where that is silent or hard to read:

* A selector or a parameter that does not exist is an error that suggests the right name; so is a
  macro or a scope that nothing defines or uses. Programs therefore import every module that
  registers options *before* they parse. (This module imports neither them nor TensorFlow.)
* `include "x.gin"` is looked for beside the including file, then in the current folder, then in
  the repository root; so are the files that the command line names, so programs also work when
  they are started inside `frame_interpolation/`.
* `flattened()` is everything that was given, includes and macros resolved, one binding after
  another; it loads again alone, and two of them can be compared.
* `import` statements are refused: a configuration is data and runs no code.
"""

import dataclasses
import difflib
import inspect
import math
import os
import pathlib
import pprint
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import gin
from gin import config_parser

from frame_interpolation.errors import InputError
from frame_interpolation.repository_paths import REPOSITORY_ROOT

_LINE_LENGTH = 100

Options = TypeVar("Options")


@dataclasses.dataclass(frozen=True)
class _Reference:
    """`@scope/selector` or `@scope/selector()`: a registered function, or what it returns."""

    scope: str
    selector: str
    evaluate: bool

    def __repr__(self) -> str:
        scope = f"{self.scope}/" if self.scope else ""
        return f"@{scope}{self.selector}{'()' if self.evaluate else ''}"


@dataclasses.dataclass(frozen=True)
class _Macro:
    """`%NAME`: the value that `NAME = ...` gives, wherever that stands."""

    name: str

    def __repr__(self) -> str:
        return f"%{self.name}"


class _PlainDelegate(config_parser.ParserDelegate):
    """Keeps references and macros as they were written; looks nothing up."""

    def configurable_reference(self, scoped_name: str, evaluate: bool) -> _Reference:
        scope, _, selector = scoped_name.rpartition("/")
        return _Reference(scope, selector, evaluate)

    def macro(self, scoped_name: str) -> _Macro:
        return _Macro(scoped_name)


@dataclasses.dataclass(frozen=True)
class _Binding:
    """One `scope/selector.parameter = value`, or `NAME = value` with `parameter` empty."""

    scope: str
    selector: str
    parameter: str
    value: Any
    where: str

    @property
    def name(self) -> str:
        scope = f"{self.scope}/" if self.scope else ""
        return f"{scope}{self.selector}" + (f".{self.parameter}" if self.parameter else "")


# --------------------------------------------------------------------------------- public


def parse(gin_files: Sequence[str | os.PathLike[str]], bindings: Sequence[str] = ()) -> None:
    """Forgets what was parsed before; reads the files in order, then the bindings.

    Of two bindings of one parameter the later counts.

    Args:
      gin_files: Paths of gin files; relative ones may also start at the repository root.
      bindings: Further lines of gin, such as `training.num_steps = 10`.

    Raises:
      InputError: A file cannot be found or read, a line is no gin, or a selector, parameter,
        reference, macro or scope does not exist.
    """
    given: list[_Binding] = []
    for gin_file in gin_files:
        given.extend(_read_file(gin_file, including=()))
    for binding in bindings:
        given.extend(_read_text(binding, f"--gin_bindings={binding!r}", including=()))
    resolved = _resolve_macros(given)
    known = _Registry()
    final = {_checked_name(binding, known): binding.value for binding in resolved}
    _check_scopes(resolved)
    gin.clear_config()
    gin.parse_config(_format(final))


def make(options_class: type[Options]) -> Options:
    """Makes a registered options dataclass from what was parsed, defaults for the rest.

    Args:
      options_class: A class decorated with `@gin.register("selector")`.

    Raises:
      InputError: The class refused a value; the message names the selector.
    """
    selector = _Registry().selector_of(options_class)
    # Not gin's own wrapper, which puts "In call to configurable ..." after each message.
    bindings = gin.get_bindings(selector)
    try:
        return options_class(**bindings)
    except (ValueError, TypeError) as error:
        message = str(error)
        named = re.match(rf"{re.escape(selector)}\b", message)
        raise InputError(message if named else f"{selector}: {message}") from error


def flattened() -> str:
    """Returns every binding that was given, as a gin text that loads alone."""
    return _format(_read_flattened(gin.config_str()))


def read_bindings(gin_file: str | os.PathLike[str], selector: str) -> dict[str, Any]:
    """Reads what a gin file binds of one selector, without parsing it for use.

    Nothing is looked up among the registered options, so the file may be that of another program.

    Args:
      gin_file: Path of a gin file; includes and macros are resolved.
      selector: The selector as the file writes it, such as `film_net`.

    Returns:
      Values by parameter; of two bindings of one parameter the later.

    Raises:
      InputError: The file cannot be found or read, or is no gin.
    """
    bindings = _resolve_macros(list(_read_file(gin_file, including=())))
    return {
        binding.parameter: binding.value for binding in bindings if binding.selector == selector
    }


def save(path: str | os.PathLike[str]) -> None:
    """Writes `flattened()` to a file, under a temporary name first.

    Raises:
      OSError: The file cannot be written.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(flattened(), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def describe_difference(old_text: str, new_text: str) -> list[str]:
    """Compares two flattened configurations binding by binding.

    Neither is looked up among the registered options, so `old_text` may come from an older
    version of the program.

    Args:
      old_text: What `flattened()` gave earlier.
      new_text: What it gives now.

    Returns:
      A line for each binding that differs, such as `training.num_steps: 10 before, 20 now`;
      empty when the two say the same.

    Raises:
      InputError: One of the texts is no gin.
    """
    old, new = _read_flattened(old_text), _read_flattened(new_text)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        before = repr(old[name]) if name in old else "not set"
        now = repr(new[name]) if name in new else "not set"
        if before != now:
            lines.append(f"{name}: {before} before, {now} now")
    return lines


# -------------------------------------------------------------------------------- reading


def _read_file(gin_file: str | os.PathLike[str], *, including: tuple[pathlib.Path, ...]):
    path = _find(gin_file, including)
    if path in including:
        chain = " -> ".join(str(p) for p in (*including, path))
        raise InputError(f"A gin file includes itself: {chain}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a gin file: it is not UTF-8 text ({error}).") from error
    except OSError as error:
        raise InputError(f"Cannot read the gin file {path}: {error.strerror}.") from error
    return _read_text(text, str(path), including=(*including, path))


def _find(gin_file: str | os.PathLike[str], including: tuple[pathlib.Path, ...]) -> pathlib.Path:
    if not os.fspath(gin_file):
        raise InputError("The path of a gin file is empty.")
    folders = [including[-1].parent] if including else []
    folders += [pathlib.Path.cwd(), REPOSITORY_ROOT]
    candidates = [(folder / gin_file).resolve() for folder in folders]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    tried = ", ".join(dict.fromkeys(str(c) for c in candidates))
    source = f", which {including[-1]} includes," if including else ""
    raise InputError(f"There is no gin file {os.fspath(gin_file)}{source}: looked for {tried}.")


def _read_text(
    text: str, source: str, *, including: tuple[pathlib.Path, ...]
) -> Iterator[_Binding]:
    for statement, where in _statements(text, source):
        if isinstance(statement, config_parser.IncludeStatement):
            yield from _read_file(statement.filename, including=including)
        elif isinstance(statement, config_parser.ImportStatement):
            raise InputError(
                f"{where}: `{statement.format()}`: gin files of this project import nothing; "
                "remove the line (everything that can be bound is known already)."
            )
        elif isinstance(statement, config_parser.BindingStatement):
            yield _Binding(
                scope=statement.scope,
                selector=statement.selector,
                parameter=statement.arg_name,
                value=statement.value,
                where=where,
            )


def _statements(text: str, source: str) -> Iterator[tuple[Any, str]]:
    """Yields gin's statements with the place of each; turns syntax errors into InputError."""
    statements = iter(())
    try:
        statements = config_parser.ConfigParser(text, _PlainDelegate())
        for statement in statements:
            where = source if "\n" not in text else f"{source}:{statement.location.line_num}"
            yield statement, where
    except (SyntaxError, tokenize.TokenError) as error:
        line = _error_line(error)
        where = f"{source}:{line}" if line and "\n" in text else source
        raise InputError(f"{where}: {_syntax_message(error)}") from error


def _error_line(error: Exception) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    position = error.args[1] if len(error.args) > 1 else None  # A TokenError: (text, (row, col)).
    return position[0] if position else None


def _syntax_message(error: Exception) -> str:
    message = str(error.msg if isinstance(error, SyntaxError) else error.args[0])
    message = message.splitlines()[0].rstrip(".")
    return (
        f"this is no gin ({message}). Expected `selector.parameter = value`; "
        "texts and paths need quotes, and what a bracket opens it must close."
    )


# ------------------------------------------------------------------------------- checking


class _Registry:
    """What has been registered with gin so far."""

    def __init__(self) -> None:
        # gin offers no list of what is registered, and a suggestion needs one.
        self._selectors = gin.config._REGISTRY

    def selector_of(self, options_class: type) -> str:
        """The shortest selector of a registered class."""
        for selector, configurable in self._selectors.items():
            if configurable.wrapped is options_class:
                return self._selectors.minimal_selector(selector)
        raise TypeError(f"{options_class} is not registered with gin.")

    def resolve(self, selector: str, where: str, what: str) -> str:
        """The shortest selector that means the same."""
        matching = self._selectors.matching_selectors(selector)
        if len(matching) == 1:
            return self._selectors.minimal_selector(matching[0])
        if matching:
            listed = ", ".join(sorted(matching))
            raise InputError(f"{where}: {what} {selector!r} is ambiguous: {listed}.")
        names = [
            self._selectors.minimal_selector(name)
            for name, _ in self._selectors.items()
            if not name.startswith("gin.")
        ]
        raise InputError(f"{where}: {what} {selector!r} is unknown{_suggestion(selector, names)}")

    def parameters(self, selector: str) -> list[str] | None:
        """The names of what can be bound; None where any name can."""
        target = inspect.unwrap(self._selectors.get_match(selector).wrapped)
        parameters = inspect.signature(target).parameters.values()
        if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            return None
        return [p.name for p in parameters]


def _suggestion(name: str, names: Iterable[str]) -> str:
    names = sorted(set(names))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names)}."


def _checked_name(binding: _Binding, known: _Registry) -> str:
    """Checks one binding and returns its name with the shortest selector."""
    selector = known.resolve(binding.selector, binding.where, "the selector")
    parameters = known.parameters(selector)
    if parameters is not None and binding.parameter not in parameters:
        raise InputError(
            f"{binding.where}: {selector!r} has no parameter {binding.parameter!r}"
            f"{_suggestion(binding.parameter, parameters)}"
        )
    for leaf in _leaves(binding.value):
        if isinstance(leaf, _Reference):
            known.resolve(leaf.selector, binding.where, "the reference")
        elif isinstance(leaf, float) and not math.isfinite(leaf):
            raise InputError(f"{binding.where}: {binding.name} is not a finite number.")
    return dataclasses.replace(binding, selector=selector).name


def _check_scopes(bindings: Sequence[_Binding]) -> None:
    used = {
        leaf.scope
        for binding in bindings
        for leaf in _leaves(binding.value)
        if isinstance(leaf, _Reference)
    }
    for binding in bindings:
        if binding.scope and binding.scope not in used:
            raise InputError(
                f"{binding.where}: nothing uses the scope {binding.scope!r} of {binding.name}; "
                "leave the scope out."
            )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(key)
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


# --------------------------------------------------------------------- macros and writing


def _resolve_macros(bindings: Sequence[_Binding]) -> list[_Binding]:
    """Drops the macros' definitions and puts their last values in their places."""
    macros = {binding.name: binding.value for binding in bindings if not binding.parameter}
    _check_macros_are_used(bindings)

    def resolve(value: Any, where: str, open_names: tuple[str, ...]) -> Any:
        if isinstance(value, _Macro):
            if value.name in open_names:
                raise InputError(f"{where}: the macro {value} stands for itself.")
            if value.name not in macros:
                raise InputError(
                    f"{where}: the macro {value} has no value; expected a line "
                    f"`{value.name} = ...`."
                )
            return resolve(macros[value.name], where, (*open_names, value.name))
        if isinstance(value, Mapping):
            return {
                resolve(k, where, open_names): resolve(v, where, open_names)
                for k, v in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(resolve(item, where, open_names) for item in value)
        return value

    return [
        dataclasses.replace(binding, value=resolve(binding.value, binding.where, ()))
        for binding in bindings
        if binding.parameter
    ]


def _check_macros_are_used(bindings: Sequence[_Binding]) -> None:
    used = {
        leaf.name
        for binding in bindings
        for leaf in _leaves(binding.value)
        if isinstance(leaf, _Macro)
    }
    for binding in bindings:
        if not binding.parameter and binding.name not in used:
            raise InputError(
                f"{binding.where}: nothing uses {binding.name!r}: as %{binding.name} it would be a "
                "macro, and a setting is written `selector.parameter = value`."
            )


def _read_flattened(text: str) -> dict[str, Any]:
    bindings = list(_read_text(text, "the flattened configuration", including=()))
    return {binding.name: binding.value for binding in _resolve_macros(bindings)}


def _format(bindings: Mapping[str, Any]) -> str:
    """Writes bindings in the order of their names, a blank line between selectors."""
    blocks: dict[str, list[str]] = {}
    for name in sorted(bindings):
        value = pprint.pformat(bindings[name], width=_LINE_LENGTH - 4, sort_dicts=False)
        line = f"{name} = {value}"
        if "\n" in value or len(line) > _LINE_LENGTH:
            line = f"{name} = \\\n    " + value.replace("\n", "\n    ")
        blocks.setdefault(name.rpartition(".")[0], []).append(line)
    return "\n\n".join("\n".join(lines) for lines in blocks.values()) + "\n"
