"""The network's options beside its weights: `assets.extra/film_net_options.json` in a SavedModel.

`assets.extra` is the SavedModel format's folder for what TensorFlow itself does not read. With the
options a SavedModel can be turned back into the Keras model. FILM's own have no such file.
"""

import dataclasses
import json
import os
import pathlib

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net.options import Options

RELATIVE_PATH = os.path.join("assets.extra", "film_net_options.json")


def write(saved_model: str | pathlib.Path, options: Options) -> None:
    """Writes the options into a SavedModel folder.

    Args:
      saved_model: folder, which exists.
      options: of the network saved there.
    """
    file = pathlib.Path(saved_model) / RELATIVE_PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.write_text(json.dumps(dataclasses.asdict(options), indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, file)


def read(saved_model: str | pathlib.Path) -> Options | None:
    """Reads the options from a SavedModel folder.

    Args:
      saved_model: folder.

    Returns:
      The options, None where the folder has no file of them.

    Raises:
      InputError: the file is damaged.
    """
    file = pathlib.Path(saved_model) / RELATIVE_PATH
    if not file.exists():
        return None
    try:
        return Options(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{file} does not hold film_net options ({error}); save the model again, or remove the "
            "file so that the options are found from the variables."
        ) from error
