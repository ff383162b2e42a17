"""A program that is run for a few triplets at a time, as a method that can be evaluated.

The command is a template such as

    python interpolate.py --from {inputs} --to '{outputs}'

which is split into words as a shell would, but run without one; `{inputs}` and `{outputs}` may
stand anywhere in a word. For each batch the program finds a fresh folder {inputs} with

    <triplet>/frame1.png    the first frame, 8-bit RGB, at the size at which it is scored
    <triplet>/frame3.png    the last frame

and an empty folder {outputs}, in which it has to leave, for every <triplet>,

    <triplet>.<suffix>  or  <triplet>/frame2.<suffix>

in a format of `prediction_file` and of the same size, and end with status 0. <triplet> is the
triplet's name made safe for a file system. The program runs in the current folder, reads nothing
from standard input, and writes what it likes to its standard output and error, of which the last
lines are shown when it fails. What is still running of it (its whole process group) when it has
ended, the time is up or the evaluation is interrupted, is killed. Both folders are removed after
the batch.
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint, frame_store
from frame_interpolation.eval.method import Method, PreparedTriplet
from frame_interpolation.eval.methods import predictions

INPUTS = "{inputs}"
OUTPUTS = "{outputs}"
_TAIL_LINES = 20
_TAIL_BYTES = 8192


def create_method(
    template: str, *, timeout_s: float, batch_size: int, resize: bool = False
) -> Method:
    """Makes a method of a program.

    Args:
        template: The command, see above.
        timeout_s: Seconds that one batch may take, more than 0.
        batch_size: Neighbouring triplets of equal size that are given to one run.
        resize: Bring outputs of another size than the scored frames to that size, instead of
            refusing them.

    Returns:
        The method. Its fingerprint is that of the command and of the files that it names, so that
        another version of a script is another method.

    Raises:
        InputError: If the command is no such template, or its program is not found.
    """
    words = _words(template)
    if not timeout_s > 0:
        raise InputError(f"--command_timeout_s is {timeout_s}, expected more than 0.")
    if batch_size < 1:
        raise InputError(f"--command_batch_size is {batch_size}, expected 1 or more.")
    named_files = {word: word for word in words if os.path.isfile(word)}

    def predict(batch: Sequence[PreparedTriplet]) -> np.ndarray:
        # What the program sent into a session of its own may still write there.
        with tempfile.TemporaryDirectory(
            prefix="interpolation_", ignore_cleanup_errors=True
        ) as folder:
            return _predict(batch, words, Path(folder), timeout_s=timeout_s, resize=resize)

    return Method(
        description={
            "kind": "command",
            "command": template,
            "files": sorted(named_files),
            "resized": resize,
            "fingerprint": fingerprint.of_texts(
                [*words, fingerprint.of_files(named_files), f"resized {resize}"]
            ),
        },
        load=lambda: predict,
        batch_size=batch_size,
    )


def _words(template: str) -> list[str]:
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise InputError(f"--command {template!r} cannot be split into words: {error}.") from error
    missing = [mark for mark in (INPUTS, OUTPUTS) if not any(mark in word for word in words)]
    if not words or missing:
        raise InputError(
            f"--command {template!r} lacks {' and '.join(missing)}; expected a command such as "
            f"'python interpolate.py {INPUTS} {OUTPUTS}'."
        )
    if shutil.which(words[0]) is None:
        raise InputError(
            f"--command {template!r}: there is no program {words[0]!r} that can be run; give its "
            "path, and make it executable or name its interpreter."
        )
    return words


def _predict(
    batch: Sequence[PreparedTriplet],
    words: Sequence[str],
    folder: Path,
    *,
    timeout_s: float,
    resize: bool,
) -> np.ndarray:
    inputs, outputs = folder / "inputs", folder / "outputs"
    inputs.mkdir()
    outputs.mkdir()
    folder_names = frame_store.FolderNames()
    names = [folder_names.assign(t.example.name, t.example.index) for t in batch]
    for name, triplet in zip(names, batch, strict=True):
        (inputs / name).mkdir()
        for file, frame in ((frame_store.FIRST, triplet.x0), (frame_store.LAST, triplet.x1)):
            frame_store.write_image(inputs / name / file, frame_store.to_bytes(frame))
    command = [word.replace(INPUTS, str(inputs)).replace(OUTPUTS, str(outputs)) for word in words]
    with (folder / "messages").open("w+b") as messages:
        _run(command, messages, timeout_s)
        found = predictions.find_files(outputs, names)
        if found.missing:
            raise InputError(
                f"The command {shlex.join(command)!r} ended without an error, but "
                f"{found.missing_text()}. It has to write {names[0]}.png or "
                f"{names[0]}/{frame_store.ESTIMATE} there. {_tail(messages)}"
            )
        try:
            frames = [
                predictions.read_for(triplet, file, resize=resize)
                for triplet, file in zip(batch, found.files, strict=True)
                if file is not None
            ]
        except InputError as error:
            raise InputError(
                f"The command {shlex.join(command)!r} ended without an error, but: {error} "
                f"{_tail(messages)}"
            ) from error
    return np.stack(frames)


def _run(command: Sequence[str], messages: IO[bytes], timeout_s: float) -> None:
    shown = shlex.join(command)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # A group of its own, which can be killed as a whole.
        )
    except OSError as error:
        raise InputError(f"The command {shown!r} cannot be run: {error.strerror}.") from error
    try:
        ended = _ends_within(process, timeout_s)
    finally:
        # Its leader is not waited for yet, so that the number still is that of this group.
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    if not ended:
        raise InputError(
            f"The command {shown!r} took longer than {timeout_s:g} s and was ended; give "
            f"--command_timeout_s more, or --command_batch_size less. {_tail(messages)}"
        )
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise InputError(f"The command {shown!r} {how}. {_tail(messages)}")


def _ends_within(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Waits until a process ends or the time is up, and leaves its status to be asked for."""
    deadline = time.monotonic() + timeout_s
    pause_s = 0.001
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.05)
    return True


def _tail(messages: IO[bytes]) -> str:
    """Returns the last lines that a program wrote, for a message."""
    size = messages.seek(0, os.SEEK_END)
    messages.seek(max(size - _TAIL_BYTES, 0))
    lines = messages.read().decode("utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
    if not lines:
        return "It wrote no message."
    # A program's colours and cursor movements are not for the reader of a message.
    plain = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines]
    return "Its last lines were:\n" + "\n".join(f"  {line}" for line in plain)
