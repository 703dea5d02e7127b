"""A trained network and everything needed to use it on a photograph.

The names below are imported when first used, so that a wrong argument is told before Keras starts.
"""

import importlib
from typing import TYPE_CHECKING

__all__ = [
    "PRETRAINED",
    "Bounded",
    "Colorizer",
    "Decoding",
    "Hints",
    "Reference",
    "list_pretrained",
    "load",
    "variants",
]

_HOMES = {
    "Bounded": "conditions.bounded",
    "Colorizer": "contract",
    "Decoding": "decoding",
    "Hints": "conditions.hints",
    "PRETRAINED": "pretrained",
    "Reference": "conditions.reference",
    "list_pretrained": "pretrained",
    "load": "pretrained",
    "variants": "decoding",
}

if TYPE_CHECKING:
    from keras_colorize.colorizer.conditions.bounded import Bounded
    from keras_colorize.colorizer.conditions.hints import Hints
    from keras_colorize.colorizer.conditions.reference import Reference
    from keras_colorize.colorizer.contract import Colorizer
    from keras_colorize.colorizer.decoding import Decoding, variants
    from keras_colorize.colorizer.pretrained import PRETRAINED, list_pretrained, load


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
