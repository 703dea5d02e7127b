"""The registry of heads: how a network predicts color, and how that is turned back into ab."""

from keras_colorize import errors
from keras_colorize.heads.base import Head
from keras_colorize.heads.classification import Bins64, Gamut, Gamut313
from keras_colorize.heads.classification import ClassHead as ClassHead
from keras_colorize.heads.classification import GamutBins as GamutBins
from keras_colorize.heads.regression import Regression, Rgb, Sigmoid

_HEADS = {head.name: head for head in (Regression, Sigmoid, Rgb, Bins64, Gamut, Gamut313)}


def list_heads() -> list[str]:
    """Return the names that `create` takes."""
    return sorted(_HEADS)


def create(name: str, **constants) -> Head:
    """Build a head by name.

    Args:
        name: One of `list_heads()`.
        **constants: Those of its `config()`.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in _HEADS:
        raise errors.unknown("head", name, _HEADS)
    return _HEADS[name](**constants)


def get(head: str | Head) -> Head:
    """Return a head as it is, or build the one of this name."""
    return create(head) if isinstance(head, str) else head
