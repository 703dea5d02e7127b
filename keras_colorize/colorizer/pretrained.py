"""Trained models by name: those that come with the package, a folder, a run."""

import os
from pathlib import Path

from keras_colorize import errors
from keras_colorize.catalog import Catalog
from keras_colorize.colorizer.contract import Colorizer
from keras_colorize.colorizer.folder import CONFIG

# In a checkout they stand in `pretrained/`; a wheel brings them as `keras_colorize/weights/`.
PRETRAINED = Catalog("weights", "pretrained", f"*/{CONFIG}")


def list_pretrained() -> list[str]:
    """Return the names of the trained models that come with the package."""
    return PRETRAINED.names()


def load(name: str | os.PathLike) -> Colorizer:
    """Load a trained model that comes with the package, or from a folder.

    Args:
        name: One of `list_pretrained()`, a folder that training wrote, or a run's folder. A folder
            whose name is one of the first is given as a path, `./NAME`.

    Raises:
        UsageError: There is no trained model of that name, or it does not fit.

    Example:
        >>> load("vgg_fusion.photos26k").size
        64
    """
    return Colorizer.load(locate(name))


def locate(name: str | os.PathLike) -> Path:
    """Return the folder of a trained model.

    Args:
        name: As for `load`.

    Raises:
        UsageError: There is no trained model of that name.
    """
    folder = Path(name)
    if found := PRETRAINED.find(str(name)):  # before a folder here that happens to have its name
        folder = found.parent
    if (folder / "model" / CONFIG).is_file() and not (folder / CONFIG).is_file():
        folder = folder / "model"  # a run's folder
    if (folder / "run.json").is_file():
        raise errors.UsageError(
            "`model` is the folder of a run that has not finished; `train` goes on with it. "
            f"Received: model={str(name)!r}."
        )
    if not folder.is_dir():
        raise errors.unknown(
            "model", str(name), [*PRETRAINED.names(), "a folder that training wrote"]
        )
    return folder
