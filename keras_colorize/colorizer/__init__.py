"""A trained network and everything needed to use it on a photograph.

The names below are imported when first used, so that a wrong argument is told before Keras starts.
"""

import importlib
from typing import TYPE_CHECKING

__all__ = ["PRETRAINED", "Colorizer", "Decoding", "list_pretrained", "load"]

_HOMES = {
    "Colorizer": "contract",
    "Decoding": "decoding",
    "PRETRAINED": "pretrained",
    "list_pretrained": "pretrained",
    "load": "pretrained",
}

if TYPE_CHECKING:
    from keras_colorize.colorizer.contract import Colorizer
    from keras_colorize.colorizer.decoding import Decoding
    from keras_colorize.colorizer.pretrained import PRETRAINED, list_pretrained, load


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
