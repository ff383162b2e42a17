"""Networks from files, a SavedModel or a training checkpoint, as methods that can be evaluated."""

import os

from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint, inference
from frame_interpolation.eval.method import Method, Predictor, predictor_of
from frame_interpolation.models import pretrained, registry
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.models.registry import ModelOptions


def saved_model(model_path: str) -> Method:
    """Makes a method of a SavedModel.

    Args:
        model_path: Its folder.

    Returns:
        The method; its fingerprint is that of the graph and the variables.

    Raises:
        InputError: If the folder is no SavedModel.
    """
    inference.check_model_folder(model_path)
    return Method(
        description={
            "kind": "saved_model",
            "path": model_path,
            **fingerprint.of_saved_model(model_path),
        },
        load=lambda: predictor_of(inference.load_interpolator(model_path)),
    )


def checkpoint(path: str, *, options: Options | None = None) -> Method:
    """Makes a method of a training checkpoint, of this project or of FILM.

    Args:
        path: `.../ckpt-N`, or a folder of checkpoints for the newest.
        options: Options of the network; those that follow from the checkpoint when None.

    Returns:
        The method; its fingerprint is that of the checkpoint's files.

    Raises:
        InputError: If there is no checkpoint, it is no FILM network, or has other options.
    """
    stored = pretrained.open_weights(path)
    if not os.path.isfile(f"{stored.source}.index"):
        raise InputError(
            f"{stored.source!r} is no training checkpoint; evaluate a SavedModel by --model_path."
        )
    film_net = options or pretrained.read_options(stored.source)
    if stored.pyramid_levels not in (None, film_net.pyramid_levels):
        # The one option that the shapes of the weights do not tell; the others `load` compares.
        raise InputError(
            f"{stored.source} was trained with film_net.pyramid_levels = {stored.pyramid_levels}, "
            f"and the configuration says {film_net.pyramid_levels}; give the gin file that the "
            "run was trained with."
        )

    def load() -> Predictor:
        model = registry.create_model(ModelOptions(), film_net=film_net)
        pretrained.load(model, stored.source)
        return predictor_of(inference.interpolator_of(model, source=stored.source))

    return Method(
        description={
            "kind": "checkpoint",
            "path": stored.source,
            "step": stored.step,
            **fingerprint.of_checkpoint(stored.source),
        },
        load=load,
    )
