"""Options of the weights that training starts from (gin selector `pretrained`)."""

import dataclasses
import re

import gin

from frame_interpolation.errors import InputError


@gin.register("pretrained")
@dataclasses.dataclass(frozen=True)
class PretrainedOptions:
    """Where the first weights come from.

    Attributes:
      path: a SavedModel folder, a checkpoint (`.../ckpt-N`) or a folder of checkpoints, of FILM or
        of this project; relative to the current directory or to the repository root. Empty: start
        from random weights.
      pattern: regular expression, searched for in the full names of the variables (such as
        `fusion/conv2d_1/kernel`); only those that contain it are loaded. None: all of them, and
        every one has to match.

    Raises:
      InputError: `pattern` is no regular expression, or there is a pattern and no path.
    """

    path: str = ""
    pattern: str | None = None

    def __post_init__(self):
        if not isinstance(self.path, str):
            raise InputError(f"pretrained.path is {self.path!r}; expected the path as a string.")
        if self.pattern is None:
            return
        try:
            re.compile(self.pattern)
        except (re.error, TypeError) as error:
            raise InputError(
                f"pretrained.pattern is {self.pattern!r}, which is no regular expression: {error}."
            ) from error
        if not self.path:
            raise InputError(
                f"pretrained.pattern is {self.pattern!r}, but pretrained.path is empty; set the "
                "path to load from, or leave the pattern out."
            )
