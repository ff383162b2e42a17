"""Which method a command line names, of all those that can be evaluated."""

import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    from frame_interpolation.eval.evaluation_example import ExampleSource
    from frame_interpolation.eval.method import Method

KINDS: Final = ("model_path", "base_folder", "checkpoint", "predictions", "command", "baseline")
"""Flags of which exactly one names the method."""

_NETWORKS: Final = ("model_path", "base_folder", "checkpoint")

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class MethodChoice:
    """What a command line says about the method; the attributes are named as the flags.

    Attributes:
        model_path: Folder of a SavedModel.
        base_folder: Folder of training runs.
        label: Name of the run below `base_folder`.
        checkpoint: A training checkpoint, or a folder of them.
        run_config: Gin file of the training run that wrote `checkpoint`.
        predictions: Folder of predictions (see `predictions`).
        allow_missing_predictions: Score the triplets that have a prediction alone.
        resize_predictions: Resize frames of `predictions` and `command` of another size.
        command: Template of a command (see `external_command`).
        command_batch_size: The most triplets that one run of it gets.
        command_timeout_s: Seconds that one run of it may take.
        baseline: A name in `floors.FLOORS`.

    Raises:
        InputError: If not exactly one of `KINDS` is given.
    """

    model_path: str | None = None
    base_folder: str | None = None
    label: str = "run0"
    checkpoint: str | None = None
    run_config: str | None = None
    predictions: str | None = None
    allow_missing_predictions: bool = False
    resize_predictions: bool = False
    command: str | None = None
    command_batch_size: int = 8
    command_timeout_s: float = 600.0
    baseline: str | None = None

    def __post_init__(self) -> None:
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(f"--{name}" for name in given) or "none of them"
            raise InputError(
                f"Exactly one of --{', --'.join(KINDS)} names what is evaluated; got {found}."
            )

    @property
    def kind(self) -> str:
        """The one of `KINDS` that is given."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def runs_network(self) -> bool:
        """Whether the method is a network that runs in this process."""
        return self.kind in _NETWORKS

    def results_parent(self) -> Path:
        """Returns the folder beside which results go where no other is given.

        Raises:
            InputError: If what the flags name is not there, or there is no such folder.
        """
        if self.kind in ("command", "baseline"):
            raise InputError(f"--{self.kind} needs --output_dir, the folder for the results.")
        path = os.path.abspath(self.found_path())
        if self.kind in ("predictions", "model_path") or os.path.basename(path) == "saved_model":
            return Path(path).parent
        # A checkpoint `<run>/train/ckpt-N`, or its folder `<run>/train`.
        train = path if os.path.isdir(path) else os.path.dirname(path)
        return Path(train).parent

    def found_path(self) -> str:
        """Returns the SavedModel, the checkpoint or the folder that the flags name.

        Raises:
            InputError: If it is not there.
        """
        if self.base_folder is not None:
            return self._found_in_run(self.base_folder)
        path = repository_paths.find(self.model_path or self.checkpoint or self.predictions or "")
        if self.model_path is not None:
            from frame_interpolation.eval import inference

            inference.check_model_folder(path)
        elif self.predictions is not None and not os.path.isdir(path):
            found = "is a file" if os.path.exists(path) else "does not exist"
            raise InputError(f"{path!r} {found}; expected a folder of predictions.")
        return path

    def network_config(self) -> str | None:
        """Returns the gin file with the options of a checkpoint's network, None where none is."""
        if self.run_config is not None:
            return self.run_config
        if self.kind not in ("checkpoint", "base_folder"):
            return None
        beside = self.results_parent() / "config.gin"
        return str(beside) if beside.is_file() else None

    def create(
        self,
        source: "ExampleSource",
        *,
        stop: int,
        film_net: Mapping[str, Any] | None = None,
    ) -> tuple["Method", "ExampleSource"]:
        """Makes the method.

        Args:
            source: What it is going to be evaluated on.
            stop: Number of triplets, from the first.
            film_net: Values of the network's options for a checkpoint, by name; None where they
                follow from the checkpoint.

        Returns:
            The method, and the source: the same, or the triplets that have a prediction.

        Raises:
            InputError: If what the flags name cannot be used.
        """
        if self.runs_network:
            return self._network(film_net), source
        if self.command is not None:
            from frame_interpolation.eval.methods import external_command

            method = external_command.create_method(
                self.command,
                timeout_s=self.command_timeout_s,
                batch_size=self.command_batch_size,
                resize=self.resize_predictions,
            )
            return method, source
        if self.baseline is not None:
            from frame_interpolation.eval.methods import floors

            return floors.create_method(self.baseline), source
        return self._predictions(source, stop)

    def _found_in_run(self, base_folder: str) -> str:
        run = Path(repository_paths.find(base_folder), self.label)
        if (run / "saved_model").is_dir():
            return str(run / "saved_model")
        train = run / "train"
        if not any(train.glob("ckpt-*.index")):
            raise InputError(
                f"The training run has no SavedModel at {str(run / 'saved_model')!r} and no "
                f"checkpoint in {str(train)!r}; check --base_folder and --label, or train first."
            )
        return str(train)

    def _network(self, film_net: Mapping[str, Any] | None) -> "Method":
        from frame_interpolation.eval.methods import networks
        from frame_interpolation.models.film_net.options import Options

        path = self.found_path()
        if self.kind == "model_path" or os.path.basename(path) == "saved_model":
            return networks.saved_model(path)
        try:
            options = None if film_net is None else Options(**film_net)
        except (TypeError, ValueError) as error:
            raise InputError(f"The options of the network of {path!r}: {error}") from error
        return networks.checkpoint(path, options=options)

    def _predictions(self, source: "ExampleSource", stop: int) -> tuple["Method", "ExampleSource"]:
        from frame_interpolation.eval.evaluation_example import SubsetSource
        from frame_interpolation.eval.methods import predictions

        found = predictions.find(self.found_path(), source.names(stop))
        if found.missing and self.allow_missing_predictions:
            _log.warning("%s. The others alone are scored.", found.missing_text())
            source = SubsetSource(source, found.present, stop=stop, reason="no prediction")
            found = found.only_present()
        return predictions.create_method(found, resize=self.resize_predictions), source
