"""Parses gin files and makes options of them; what else gin is used for is `gin_text`'s.

Settings are frozen dataclasses registered with `@gin.register("selector")`. A program parses its
files and `--gin_bindings` once, makes the dataclasses it needs, and passes them on as arguments:

    config.parse(["gin_configs/experiments/film_l1.gin"], ["training.num_steps = 10"])
    options = config.make(TrainingOptions)

This differs from plain gin (github.com/google/gin-config) where that is silent or hard to read:

* A selector or a parameter that does not exist is an error that suggests the right name; so is a
  macro or a scope that nothing defines or uses. Programs therefore import every module that
  registers options *before* they parse. (This module imports neither them nor TensorFlow.)
* Where files are looked for, and that they run no code, is said in `gin_text`.
* `flattened()` is everything that was given, includes and macros resolved, one binding after
  another; it loads again alone, and two of them can be compared.
"""

import dataclasses
import difflib
import inspect
import math
import os
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import gin

from frame_interpolation import gin_text
from frame_interpolation.errors import InputError

Options = TypeVar("Options")


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
    given: list[gin_text.Binding] = []
    for gin_file in gin_files:
        given.extend(gin_text.read_file(gin_file))
    for binding in bindings:
        given.extend(gin_text.read_text(binding, f"--gin_bindings={binding!r}"))
    resolved = gin_text.resolve_macros(given)
    known = _Registry()
    final = {_checked_name(binding, known): binding.value for binding in resolved}
    _check_scopes(resolved)
    gin.clear_config()
    gin.parse_config(gin_text.to_text(final))


def make(options_class: type[Options]) -> Options:
    """Makes a registered options dataclass from what was parsed, defaults for the rest.

    Args:
      options_class: A class decorated with `@gin.register("selector")`.

    Raises:
      InputError: The class refused a value; the message names the selector.
    """
    selector = _Registry().selector_of(options_class)
    try:
        # Not gin's own wrapper, which puts "In call to configurable ..." after each message.
        return options_class(**gin.get_bindings(selector))
    except (ValueError, TypeError) as error:
        message = str(error)
        named = re.match(rf"{re.escape(selector)}\b", message)
        raise InputError(message if named else f"{selector}: {message}") from error


def flattened() -> str:
    """Returns every binding that was given, as a gin text that loads alone."""
    return gin_text.to_text(gin_text.parse_flattened(gin.config_str()))


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
    bindings = gin_text.resolve_macros(gin_text.read_file(gin_file))
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
    old, new = gin_text.parse_flattened(old_text), gin_text.parse_flattened(new_text)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        before = repr(old[name]) if name in old else "not set"
        now = repr(new[name]) if name in new else "not set"
        if before != now:
            lines.append(f"{name}: {before} before, {now} now")
    return lines


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


def _checked_name(binding: gin_text.Binding, known: _Registry) -> str:
    """Checks one binding and returns its name with the shortest selector."""
    selector = known.resolve(binding.selector, binding.where, "the selector")
    parameters = known.parameters(selector)
    if parameters is not None and binding.parameter not in parameters:
        raise InputError(
            f"{binding.where}: {selector!r} has no parameter {binding.parameter!r}"
            f"{_suggestion(binding.parameter, parameters)}"
        )
    for leaf in gin_text.leaves(binding.value):
        if isinstance(leaf, gin_text.Reference):
            known.resolve(leaf.selector, binding.where, "the reference")
        elif isinstance(leaf, float) and not math.isfinite(leaf):
            raise InputError(f"{binding.where}: {binding.name} is not a finite number.")
    return dataclasses.replace(binding, selector=selector).name


def _check_scopes(bindings: Sequence[gin_text.Binding]) -> None:
    used = {
        leaf.scope
        for binding in bindings
        for leaf in gin_text.leaves(binding.value)
        if isinstance(leaf, gin_text.Reference)
    }
    for binding in bindings:
        if binding.scope and binding.scope not in used:
            raise InputError(
                f"{binding.where}: nothing uses the scope {binding.scope!r} of {binding.name}; "
                "leave the scope out."
            )
