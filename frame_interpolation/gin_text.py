"""Reads gin text into bindings and writes bindings as gin text; looks no name up.

The grammar is that of gin-config (github.com/google/gin-config), whose parser does the parsing. On
top of it:

* `include "x.gin"` is looked for beside the including file, then in the current folder, then in
  the repository root; so are the files that the command line names, so programs also work when
  they are started inside `frame_interpolation/`.
* `import` statements are refused: a configuration is data and runs no code.
* Macros are resolved here, and one that nothing defines or uses is an error.

What the names mean, and whether they exist, is `config`'s part.
"""

import dataclasses
import os
import pathlib
import pprint
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gin import config_parser

from frame_interpolation.errors import InputError
from frame_interpolation.repository_paths import REPOSITORY_ROOT

_LINE_LENGTH = 100


@dataclasses.dataclass(frozen=True)
class Reference:
    """`@scope/selector` or `@scope/selector()`: a registered function, or what it returns."""

    scope: str
    selector: str
    evaluate: bool

    def __repr__(self) -> str:
        scope = f"{self.scope}/" if self.scope else ""
        return f"@{scope}{self.selector}{'()' if self.evaluate else ''}"


@dataclasses.dataclass(frozen=True)
class Macro:
    """`%NAME`: the value that `NAME = ...` gives, wherever that stands."""

    name: str

    def __repr__(self) -> str:
        return f"%{self.name}"


class _PlainDelegate(config_parser.ParserDelegate):
    """Keeps references and macros as they were written; looks nothing up."""

    def configurable_reference(self, scoped_name: str, evaluate: bool) -> Reference:
        scope, _, selector = scoped_name.rpartition("/")
        return Reference(scope, selector, evaluate)

    def macro(self, scoped_name: str) -> Macro:
        return Macro(scoped_name)


@dataclasses.dataclass(frozen=True)
class Binding:
    """One `scope/selector.parameter = value`, or `NAME = value` with `parameter` empty."""

    scope: str
    selector: str
    parameter: str
    value: Any
    where: str

    @property
    def name(self) -> str:
        """What stands before the equals sign."""
        scope = f"{self.scope}/" if self.scope else ""
        return f"{scope}{self.selector}" + (f".{self.parameter}" if self.parameter else "")


def read_file(gin_file: str | os.PathLike[str]) -> list[Binding]:
    """Reads a gin file and what it includes.

    Args:
      gin_file: Its path; a relative one may also start at the repository root.

    Returns:
      The bindings in the order in which they count, macros not yet resolved.

    Raises:
      InputError: The file, or one that it includes, cannot be found or read, or is no gin.
    """
    return list(_read_file(gin_file, including=()))


def read_text(text: str, source: str) -> list[Binding]:
    """Reads gin text, as `read_file` does.

    Args:
      text: One or more lines of gin.
      source: What messages call it.

    Raises:
      InputError: It is no gin, or includes a file that cannot be found or read, or is no gin.
    """
    return list(_read_text(text, source, including=()))


def _read_file(
    gin_file: str | os.PathLike[str], *, including: tuple[pathlib.Path, ...]
) -> Iterator[Binding]:
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


def _read_text(text: str, source: str, *, including: tuple[pathlib.Path, ...]) -> Iterator[Binding]:
    for statement, where in _statements(text, source):
        if isinstance(statement, config_parser.IncludeStatement):
            yield from _read_file(statement.filename, including=including)
        elif isinstance(statement, config_parser.ImportStatement):
            raise InputError(
                f"{where}: `{statement.format()}`: gin files of this project import nothing; "
                "remove the line (everything that can be bound is known already)."
            )
        elif isinstance(statement, config_parser.BindingStatement):
            yield Binding(
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


def leaves(value: Any) -> Iterator[Any]:
    """Yields what a value consists of, however deep in lists, tuples and mappings (keys too)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(key)
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def resolve_macros(bindings: Sequence[Binding]) -> list[Binding]:
    """Drops the macros' definitions and puts their last values in their places.

    Raises:
      InputError: A macro stands for itself, has no value, or is used by nothing.
    """
    macros = {binding.name: binding.value for binding in bindings if not binding.parameter}
    _check_macros_are_used(bindings)

    def resolve(value: Any, where: str, open_names: tuple[str, ...]) -> Any:
        if isinstance(value, Macro):
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


def _check_macros_are_used(bindings: Sequence[Binding]) -> None:
    used = {
        leaf.name
        for binding in bindings
        for leaf in leaves(binding.value)
        if isinstance(leaf, Macro)
    }
    for binding in bindings:
        if not binding.parameter and binding.name not in used:
            raise InputError(
                f"{binding.where}: nothing uses {binding.name!r}: as %{binding.name} it would be a "
                "macro, and a setting is written `selector.parameter = value`."
            )


def parse_flattened(text: str) -> dict[str, Any]:
    """Reads text that `to_text` wrote, or gin wrote itself.

    Returns:
      Values by the names of the bindings; of two bindings of one name the later.

    Raises:
      InputError: It is no gin.
    """
    bindings = read_text(text, "the flattened configuration")
    return {binding.name: binding.value for binding in resolve_macros(bindings)}


def to_text(bindings: Mapping[str, Any]) -> str:
    """Writes bindings in the order of their names, a blank line between selectors."""
    blocks: dict[str, list[str]] = {}
    for name in sorted(bindings):
        value = pprint.pformat(bindings[name], width=_LINE_LENGTH - 4, sort_dicts=False)
        line = f"{name} = {value}"
        if "\n" in value or len(line) > _LINE_LENGTH:
            line = f"{name} = \\\n    " + value.replace("\n", "\n    ")
        blocks.setdefault(name.rpartition(".")[0], []).append(line)
    return "\n\n".join("\n".join(lines) for lines in blocks.values()) + "\n"
