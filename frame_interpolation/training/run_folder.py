"""The folder that a run leaves: `<base_folder>/<label>/`.

    config.gin             what was given, includes resolved: what tools read back
    operative_config.gin   the same and every default that was used
    train/                 checkpoints and TensorBoard's curves
    eval/                  curves of the periodic evaluation
    best/                  the best checkpoint by `training.best_metric`, if that is bound
    run.json               what ran where, when and on which data: see `run_record`
    saved_model/           the trained network, written last

A run goes on only under the configuration with which it was begun; `config.gin` tells.
"""

import contextlib
import dataclasses
import fcntl
import os
from collections.abc import Callable, Iterator

from frame_interpolation.errors import InputError

# Maps the configuration of the run and the one that is asked for to a line for each difference.
DescribeDifference = Callable[[str, str], list[str]]


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Names the parts of a run's folder.

    Attributes:
      base_folder: the folder of all runs of an experiment.
      label: name of the run.

    Raises:
      InputError: the label is not the name of a folder.
    """

    base_folder: str
    label: str

    def __post_init__(self):
        if (
            not self.label
            or self.label in (".", "..")
            or os.path.basename(self.label) != self.label
        ):
            raise InputError(f"--label is {self.label!r}; expected the plain name of a folder.")

    @property
    def path(self) -> str:
        """The folder itself."""
        return os.path.join(self.base_folder, self.label)

    @property
    def config(self) -> str:
        """The configuration as it was given."""
        return os.path.join(self.path, "config.gin")

    @property
    def operative_config(self) -> str:
        """The configuration with all defaults."""
        return os.path.join(self.path, "operative_config.gin")

    @property
    def train(self) -> str:
        """Checkpoints and curves of the training."""
        return os.path.join(self.path, "train")

    @property
    def eval(self) -> str:
        """Curves of the periodic evaluation."""
        return os.path.join(self.path, "eval")

    @property
    def best(self) -> str:
        """The best checkpoint."""
        return os.path.join(self.path, "best")

    @property
    def record(self) -> str:
        """What ran where, when and on which data."""
        return os.path.join(self.path, "run.json")

    @property
    def saved_model(self) -> str:
        """The trained network."""
        return os.path.join(self.path, "saved_model")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second process from training the same run at the same time.

        The lock goes with the process, whatever ends it.

        Raises:
          InputError: another process holds the run.
        """
        os.makedirs(self.train, exist_ok=True)
        with open(os.path.join(self.train, "lock"), "w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another process is training {self.path}; wait for it or choose another "
                    "--label."
                ) from error
            yield

    def claim(
        self,
        config: str,
        *,
        begun: bool,
        describe_difference: DescribeDifference,
        allow_changes: bool = False,
    ) -> None:
        """Keeps the configuration of a new run, or compares it with that of the one that is there.

        Args:
          config: the configuration as gin text, includes resolved.
          begun: whether the run has a checkpoint; without one there is nothing to go on from, and
            the configuration of an attempt that failed is replaced.
          describe_difference: lists the bindings in which two such texts differ.
          allow_changes: replace the configuration of the run by another one; the former stays as
            `config.<n>.gin`.

        Raises:
          InputError: the run was begun with another configuration.
        """
        before = self._config_before()
        if before is None or not begun:
            write_text(self.config, config)
            return
        differences = describe_difference(before, config)
        if not differences:
            return
        if not allow_changes:
            raise InputError(
                f"the run in {self.path} was begun with another configuration: "
                f"{'; '.join(differences)}. Choose another --label, or go on with the new "
                "configuration by --allow_config_changes."
            )
        former = 0
        while os.path.exists(os.path.join(self.path, f"config.{former}.gin")):
            former += 1
        write_text(os.path.join(self.path, f"config.{former}.gin"), before)
        write_text(self.config, config)

    def _config_before(self) -> str | None:
        try:
            with open(self.config, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None


def write_text(path: str, text: str) -> None:
    """Writes a UTF-8 file under a temporary name beside and renames it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
