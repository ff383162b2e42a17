"""Runs the `main` of a command-line program: flags, help, and errors as one line.

A program reads like this; importing TensorFlow is left to `main`, so that `--help` and a
misspelt flag answer at once:

    FLAGS = flags.FlagValues()  # Its own, so that one process (a test) can import two programs.
    _OUTPUT = flags.DEFINE_string("output", None, "Where to write.", flag_values=FLAGS)

    def main(argv: list[str]) -> None:
        from frame_interpolation.eval import inference
        ...

    if __name__ == "__main__":
        program.run(main, FLAGS)

Exit status: 0; 1 for bad input and for files that cannot be read or written; 2 for bad flags;
130 when interrupted. Any other exception is a bug and keeps its stack trace.
"""

import os
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

from absl import flags as absl_flags

_HELP_FLAGS = ("--help", "-help", "-h", "--helpfull", "--helpshort")

# An InputError raised inside tf.numpy_function comes back as text in a TensorFlow error:
# "{{function_node ...}} InputError: <message>\nTraceback (most recent call last): ...".
_ERROR_INSIDE_TENSORFLOW = re.compile(
    r"(?:^|\s|\.)(?:InputError|DamagedRecordError|DatasetError): (?P<message>.+?)"
    r"\s*(?:\nTraceback \(most|\Z)",
    re.DOTALL,
)
_NODE_PREFIX = re.compile(r"^(\{\{.*?\}\}\s*)+")


def run(
    main: Callable[[list[str]], int | None],
    flag_values: absl_flags.FlagValues = absl_flags.FLAGS,
    *,
    argv: Sequence[str] | None = None,
    keep_unknown: bool = False,
) -> NoReturn:
    """Parses the command line, calls `main` and ends the process.

    Args:
      main: Called with what is left of the command line: `argv[0]` and, with `keep_unknown`, the
        arguments that are not ours. Returns an exit status or None.
      flag_values: Where the program defined its flags.
      argv: The command line; `sys.argv` by default.
      keep_unknown: Hand unknown arguments to `main` (for Beam's pipeline options) instead of
        refusing them.

    Raises:
      SystemExit: Always, unless `main` has a bug, whose exception passes.
    """
    argv = list(sys.argv if argv is None else argv)
    quiet_tensorflow()
    wants_help = _wants_help(argv)
    rest = [] if wants_help else _parse(argv, flag_values, keep_unknown=keep_unknown)
    status = None
    try:
        if wants_help:
            print(_help_text(flag_values, argv[0]))
        else:
            status = main(rest)
        sys.stdout.flush()  # Here, so that a closed pipe is met inside this `try`.
    except KeyboardInterrupt:
        _exit_with("Interrupted.", 130)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`). Python flushes once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        _exit_with(message, 1)
    sys.exit(status or 0)


def _parse(argv: list[str], flag_values: absl_flags.FlagValues, *, keep_unknown: bool) -> list[str]:
    try:
        rest = flag_values(argv, known_only=keep_unknown)
    except (absl_flags.Error, ValueError) as error:  # A ValueError for --nofast=1.
        _exit_with(f"{_flag_message(error)} See --help.", 2)
    if len(rest) > 1 and not keep_unknown:
        _exit_with(f"Unexpected argument {rest[1]!r}: every option is a --flag. See --help.", 2)
    return rest


def quiet_tensorflow() -> None:
    """Hides what TensorFlow's C++ part prints at its start, unless the user chose a level.

    Works only before TensorFlow is imported. What goes wrong still comes as a Python exception;
    `TF_CPP_MIN_LOG_LEVEL=0` shows why a GPU is not found.
    """
    # Level 2 would still show "Unable to register cuDNN factory" and its like, which TensorFlow
    # 2.15 logs as errors at every start and which mean nothing.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def user_message(error: BaseException) -> str | None:
    """Returns the one-line message of an error that the user can put right.

    Args:
      error: What a program's `main` raised.

    Returns:
      What to print after "error: ", or None where `error` is a bug of the program.
    """
    if getattr(error, "is_user_error", False):
        return str(error)
    if isinstance(error, OSError):
        return _os_message(error)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(error, tensorflow.errors.OpError):
        return _tensorflow_message(error, tensorflow)
    return None


def _os_message(error: OSError) -> str:
    if not error.strerror:  # Raised by a library with a text of its own.
        return str(error) or type(error).__name__
    names = [n for n in (error.filename, error.filename2) if n is not None]
    where = " -> ".join(os.fsdecode(n) if isinstance(n, bytes) else str(n) for n in names)
    return f"{where}: {error.strerror}." if where else f"{error.strerror}."


def _tensorflow_message(error: Any, tensorflow: ModuleType) -> str | None:
    """Returns the message of a TensorFlow error that files or memory caused, else None."""
    text = _NODE_PREFIX.sub("", (error.message or str(error)).strip())
    inner = _ERROR_INSIDE_TENSORFLOW.search(text)
    if inner:
        return inner["message"]
    # Out of a graph comes "Graph execution error: ... <stack> ... <what> [[{{node <name>}}]]".
    line = (text.partition("[[{{node")[0].strip().splitlines() or [""])[-1]
    errors = tensorflow.errors
    if isinstance(error, errors.PermissionDeniedError):
        return line
    if isinstance(error, errors.NotFoundError) and re.search(
        r"No such file|does not exist|matching files", text
    ):
        return line
    if isinstance(error, errors.FailedPreconditionError) and re.search(
        r"Is a directory|Not a directory|not a directory", text
    ):
        return line
    if isinstance(error, errors.DataLossError):
        return f"A file is damaged or was cut off: {line}"
    if isinstance(error, errors.ResourceExhaustedError):
        if re.search(r"No space left|[Dd]isk quota|File too large", text):
            return line
        return f"Not enough memory for this batch or image size: {line}"
    return None


def _wants_help(argv: Sequence[str]) -> bool:
    for argument in argv[1:]:
        if argument == "--":
            return False
        if argument in _HELP_FLAGS:
            return True
    return False


def _help_text(flag_values: absl_flags.FlagValues, program_name: str) -> str:
    """The main module's docstring, then its flags with their defaults."""
    docstring = textwrap.dedent(sys.modules["__main__"].__doc__ or "").strip()
    shown = flag_values
    if flag_values is absl_flags.FLAGS:  # Shared with whatever else was imported.
        shown = absl_flags.FlagValues()
        for flag in flag_values.get_key_flags_for_module(program_name):
            shown[flag.name] = flag
    lines = [docstring, "", "Flags:"] if docstring else ["Flags:"]
    for name in sorted(shown):
        flag = shown[name]
        if name != flag.name:  # A short name leads to the same flag.
            continue
        head = f"--[no]{name}" if flag.boolean else f"--{name}"
        default = "" if flag.default in (None, "", []) else f" (default: {flag.default})"
        text = re.sub(r";\s*repeat this option to specify.*", "", flag.help or "", flags=re.DOTALL)
        body = textwrap.wrap(text + default, width=88)
        lines += [f"  {head}", *(f"      {line}" for line in body)]
    return "\n".join(lines)


def _flag_message(error: Exception) -> str:
    missing = re.search(r"Flag --(\w+) must have a value other than None", str(error))
    if missing:
        return f"Missing --{missing[1]}."
    message = str(error).replace(" ?", "?").strip()
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _exit_with(message: str, status: int) -> NoReturn:
    sys.stdout.flush()
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)
