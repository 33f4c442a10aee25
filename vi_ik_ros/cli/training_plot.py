# SPDX-License-Identifier: Apache-2.0
"""`--plot` of `train` and `models`: how the fit of a model went, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.sampling.store.model_store import ModelStore


def plot_training(path: Path, store: "ModelStore", model: str | Path) -> None:
    """Draw the training curve of a stored model.

    Args:
        path: of the PNG.
        store: holds the model.
        model: name in the store, or directory.

    Raises:
        InvalidInput: the model keeps no curve, is damaged, or the picture cannot be written.
    """
    document, curve = store.describe(model), store.curve(model)
    if curve is None or not curve.points:
        expected = "a model of a fit; products, and models of earlier versions, keep none"
        raise InvalidInput("--plot", f"{model}, which keeps no training curve", expected)
    from vi_ik_ros.viewer.figures.training_curve import TrainingPicture, save_training_picture

    try:
        save_training_picture(path, TrainingPicture.of(document, curve))
    except OSError as error:
        expected = f"a file that can be written ({error.strerror})"
        raise InvalidInput("--plot", str(path), expected) from None
    say(f"wrote {path}")
