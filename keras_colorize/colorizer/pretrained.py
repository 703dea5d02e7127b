"""Trained models by name: those that come with the package, a folder, a run.

Nothing here imports Keras before a model is loaded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keras_colorize import errors, models
from keras_colorize.catalog import Catalog
from keras_colorize.colorizer import summary as summaries
from keras_colorize.colorizer.summary import CONFIG, Summary

if TYPE_CHECKING:
    from keras_colorize.colorizer.contract import Colorizer

# In a checkout they stand in `pretrained/`; a wheel brings them as `keras_colorize/weights/`.
PRETRAINED = Catalog("weights", "pretrained", f"*/{CONFIG}")


def list_pretrained() -> list[str]:
    """Return the names of the trained models that come with the package.

    Example:
        >>> "lite_unet.natural" in list_pretrained()
        True
    """
    return PRETRAINED.names()


def described() -> list[str]:
    """Return a line for each trained model that comes with the package: its name, what it is."""
    names = list_pretrained()
    width = max(map(len, names), default=0)
    return [f"{name:<{width}}  {summarize(name).in_short}" for name in names]


def summarize(name: str | os.PathLike) -> Summary:
    """Return what the folder of a trained model says of it, without loading it.

    Args:
        name: As for `load`.

    Raises:
        UsageError: There is no trained model of that name.
    """
    return summaries.read(locate(name))


def load(name: str | os.PathLike) -> Colorizer:
    """Load a trained model that comes with the package, or from a folder.

    Args:
        name: One of `list_pretrained()`, a folder that training wrote, or a run's folder. A folder
            whose name is one of the first is given as a path, `./NAME`.

    Raises:
        UsageError: There is no trained model of that name, or it does not fit.

    Example:
        >>> load("lite_unet.natural").size
        160
    """
    folder = locate(name)
    from keras_colorize.colorizer.contract import Colorizer  # brings Keras

    colorizer = Colorizer.load(folder)
    colorizer.name = os.fspath(name)
    return colorizer


def locate(name: str | os.PathLike) -> Path:
    """Return the folder of a trained model.

    Args:
        name: As for `load`.

    Raises:
        UsageError: There is none of that name; what it is instead is said.
    """
    text = os.fspath(name)
    if found := PRETRAINED.find(text):  # before a folder here that happens to have its name
        return found.parent
    folder = Path(text)
    for place in (folder, folder / "model"):  # of a model, or of a run
        if (place / CONFIG).is_file():
            return place
    if (folder / "run.json").is_file():
        told = "`model` is the folder of a run that has not finished; `train` goes on with it."
        raise errors.wrong(told, model=text)
    # As export writes it: OUT/ARCH/VERSION.
    if any(any(folder.glob(f"{below}saved_model.pb")) for below in ("", "*/", "*/*/")):
        raise errors.wrong(
            "`model` is a SavedModel, which servers run; give the folder of the run, or of the "
            "model, that it was exported from.",
            model=text,
        )
    if (folder / "model.json").is_file() and any(folder.glob("lightness_to_ab.*")):
        raise errors.wrong(
            "`model` is a folder of ONNX or LiteRT files, which only `colorize` takes; give the "
            "folder of the run, or of the model, that they were made of.",
            model=text,
        )
    if folder.is_file():
        raise errors.wrong("`model` is a folder, and this is a file.", model=text)
    if folder.is_dir():
        return folder  # whoever reads it says what is missing
    if text in models.list_models():
        raise _only_a_network(text)
    listed = "".join(f"\n  {line}" for line in described())
    unknown = errors.unknown(
        "model", text, list_pretrained(), "give the folder of a run or of a trained model"
    )
    raise errors.UsageError(f"{unknown}{listed}")


def _only_a_network(arch: str) -> errors.UsageError:
    trained = [name for name in list_pretrained() if summarize(name).arch == arch]
    if trained:
        choice = f"Choose from its trained models {trained}, or train one"
    else:
        choice = "None that is trained comes with the package; train one"
    return errors.wrong(
        f"`model` must be a trained model, and {arch} is an architecture. {choice} with "
        f"`keras-colorize train --arch {arch}` and give the run's folder.",
        model=arch,
    )
