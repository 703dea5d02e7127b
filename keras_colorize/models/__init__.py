"""Networks by name: `architectures` lists them, and each is a module named after it.

Modules are imported when their network is built, so that listing the networks, which `--help` does,
and checking a recipe need no Keras.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from keras_colorize import errors
from keras_colorize.models.architectures import ARCHITECTURES, Architecture

if TYPE_CHECKING:
    import keras

    from keras_colorize.heads import Head


def list_models() -> list[str]:
    """Return the names of all architectures.

    Example:
        >>> "vgg_fusion" in list_models()
        True
    """
    return sorted(ARCHITECTURES)


def get(name: str) -> Architecture:
    """Return an architecture by name.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in ARCHITECTURES:
        raise errors.unknown("arch", name, ARCHITECTURES)
    return ARCHITECTURES[name]


def create(name: str, head: str | Head | None = None, **options) -> keras.Model:
    """Build a network as published.

    Args:
        name: One of `list_models()`.
        head: A head, or its name. None: the head that the paper gives it.
        **options: Options of the architecture's own function. `backbone_weights` may also be
            `"auto"`, its default: ImageNet's where they can be had; else, with a warning, the
            backbone starts from random weights and is not locked.

    Returns:
        A functional model: `{"lightness": L* float32 (B, H, W, 1) in 0…100}` → `{"color": …}`.

    Raises:
        UsageError: An unknown name or head, or an option that this architecture does not have.

    Example:
        >>> create("vgg_fusion", backbone_weights="none").output["color"].shape
        (None, None, None, 2)
    """
    from keras_colorize import heads  # brings Keras, which list_models must not wait for

    chosen = get(name)
    for option in options:
        if option not in chosen.options:
            raise errors.unknown(f"option of {name}", option, chosen.options)
    head = heads.get(head or chosen.head)
    weights = options.get("backbone_weights", "auto")
    if "backbone_weights" not in chosen.options or weights != "auto":
        return chosen.build(head, **options)
    try:
        return chosen.build(head, **options | {"backbone_weights": "imagenet"})
    except errors.WeightsUnavailable as error:
        warnings.warn(
            f"The backbone of {name} starts from random weights and is trained, because ImageNet's "
            f"cannot be had: {error.reason}.",
            stacklevel=2,
        )
    return chosen.build(head, **options | {"backbone_weights": "none", "trainable_backbone": True})
