"""The networks, one file for each source, found by name.

An architecture's name is the name of its function; its module is imported when it is first built,
so that listing the names (and answering `--help`) needs no Keras.
"""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

from keras_colorize import errors

if TYPE_CHECKING:
    import keras

    from keras_colorize.heads import Head
    from keras_colorize.models.adversary import Adversary

_MODULES = {
    "edge_saliency_gan": "edge_saliency_gan",
    "iizuka2016": "iizuka2016",
    "lite_unet": "lite_unet",
    "pix2pix": "pix2pix",
    "resnet50_unet": "resnet50_unet",
    "scgan": "scgan",
    "unet_plain": "unet_plain",
    "unet_vae": "unet_vae",
    "vgg_embedding": "vgg_embedding",
    "vgg_fusion": "vgg_fusion",
    "zhang2016": "zhang2016",
    "zhang_small": "zhang_small",
}


def architecture(
    size: int,
    stride: int | None = None,
    head: str = "regression",
    adversary: Adversary | None = None,
):
    """Mark a function that builds a network.

    Args:
        size: The side, in pixels, at which the source uses the network.
        stride: Height and width must be multiples of it; None if the network takes nothing but
            `size` × `size`.
        head: The name of the head that the source gives it.
        adversary: The discriminator and the losses that train it, if it is a GAN's generator.
    """

    def mark(build):
        build.size, build.stride, build.head, build.adversary = size, stride, head, adversary
        return build

    return mark


def list_models() -> list[str]:
    """Return the names of all architectures."""
    return sorted(_MODULES)


def builder(name: str):
    """Return the function that builds architecture `name`; its docstring cites the source."""
    if name not in _MODULES:
        raise errors.unknown("arch", name, _MODULES)
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def options_of(name: str) -> list[str]:
    """Return the names of the options that architecture `name` takes."""
    return list(inspect.signature(builder(name)).parameters)[1:]  # the first is the head


def create(name: str, head: str | Head | None = None, **options) -> keras.Model:
    """Build a network as published.

    Args:
        name: One of `list_models()`.
        head: A head's name, or a head; the source's own when None.
        **options: What the architecture's own function takes, `backbone_weights` for example.

    Returns:
        A functional model: L* float32 `(B, H, W, 1)` in 0…100 → `{"color": …}`.

    Raises:
        UsageError: An unknown name or head, or an option that this architecture does not have.
    """
    from keras_colorize import heads

    build = builder(name)
    for option in options:
        if option not in options_of(name):
            raise errors.unknown(f"option of {name}", option, options_of(name))
    return build(heads.get(head or build.head), **options)
