"""Image colorization in Keras: train, evaluate and ship the networks of five papers.

    import keras_colorize
    colorizer = keras_colorize.load("lite_unet.natural")
    picture = colorizer.colorize(photograph)  # uint8 (H, W, 3), at the photograph's own size

The names below are imported when first used, so that `--help` does not wait for TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

from keras_colorize import quiet
from keras_colorize._version import __version__

__all__ = [
    "Bounded",
    "Colorizer",
    "Decoding",
    "Hints",
    "Reference",
    "__version__",
    "create",
    "list_models",
    "list_pretrained",
    "load",
]

_OF_MODELS = {"create", "list_models"}  # the others are of `colorizer`
_WITH_KERAS = {"Colorizer", "create", "load"}

if TYPE_CHECKING:
    from keras_colorize.colorizer import (
        Bounded,
        Colorizer,
        Decoding,
        Hints,
        Reference,
        list_pretrained,
        load,
    )
    from keras_colorize.models import create, list_models


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _WITH_KERAS:
        quiet.start_keras()
    home = "models" if name in _OF_MODELS else "colorizer"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
