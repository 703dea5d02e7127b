"""A trained network and everything needed to use it on a photograph.

The names below are imported when first used, so that a wrong argument is told before Keras starts.
"""

import importlib
from typing import TYPE_CHECKING

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
    from keras_colorize.colorizer.conditions.bounded import Bounded as Bounded
    from keras_colorize.colorizer.conditions.hints import Hints as Hints
    from keras_colorize.colorizer.conditions.reference import Reference as Reference
    from keras_colorize.colorizer.contract import Colorizer as Colorizer
    from keras_colorize.colorizer.decoding import Decoding as Decoding
    from keras_colorize.colorizer.decoding import variants as variants
    from keras_colorize.colorizer.pretrained import PRETRAINED as PRETRAINED
    from keras_colorize.colorizer.pretrained import list_pretrained as list_pretrained
    from keras_colorize.colorizer.pretrained import load as load


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
