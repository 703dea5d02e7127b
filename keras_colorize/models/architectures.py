"""The networks that can be built by name, and what is known of each without importing Keras."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_colorize import errors

if TYPE_CHECKING:
    import keras

    from keras_colorize.models.adversary import Adversary


@dataclass(frozen=True)
class Architecture:
    """A network that can be built by name.

    Attributes:
        name: The name of the function that builds it; its docstring cites the paper.
        size: Side, in pixels, at which the paper uses the network.
        stride: Height and width must be multiples of it. None: the network takes nothing but
            `size` × `size`.
        head: Name of the head that the paper gives it.
        paper: The publication, as docs/papers.md calls it, and the network's place in it.
        parameters: How many it has as published, its backbone's included.
        options: Names of the options that its function takes besides the head.
        is_gan: Whether its module has an `ADVERSARY` to train it against.
        upscale: How its color is enlarged to the photograph's size; the papers do it bilinearly.
        module: The module of the function; None: the one of its name in this package.
    """

    name: str
    size: int
    stride: int | None = None
    head: str = "regression"
    paper: str = ""
    parameters: int = 0
    options: tuple[str, ...] = ()
    is_gan: bool = False
    upscale: str = "bilinear"
    module: str | None = None

    @property
    def build(self) -> Callable[..., keras.Model]:
        """The function that builds it. This imports Keras."""
        return getattr(self._imported, self.name)

    @property
    def adversary(self) -> Adversary | None:
        """The discriminator and the losses that train it, for the generator of a GAN."""
        return self._imported.ADVERSARY if self.is_gan else None

    def check_size(self, size: int) -> None:
        """Raise a UsageError unless the network can be used at this size, in pixels."""
        if self.stride is None and size != self.size:
            raise errors.wrong(f"`size` must be {self.size} for {self.name}.", size=size)
        if self.stride is not None and (size < 1 or size % self.stride):
            text = f"`size` must be a multiple of {self.stride} for {self.name}."
            raise errors.wrong(text, size=size)

    @property
    def _imported(self):
        return importlib.import_module(self.module or f"{__package__}.{self.name}")


_BACKBONE = ("backbone_weights", "trainable_backbone")
_VGG16 = (*_BACKBONE, "batch_norm")

_ALL = (
    Architecture(
        "edge_saliency_gan",
        paper="edge-saliency",
        parameters=39_439_300,
        size=64,
        head="rgb",
        options=_BACKBONE,
        is_gan=True,
    ),
    Architecture(
        "iizuka2016",
        paper="Iizuka 2016, in comparative",
        parameters=42_195_810,
        size=224,
        stride=8,
        head="sigmoid",
        options=("classes",),
    ),
    Architecture(
        "lite_unet",
        paper="our own",
        parameters=4_410_370,
        size=128,
        stride=32,
        options=_BACKBONE,
        upscale="guided",
    ),
    Architecture(
        "pix2pix",
        paper="Isola 2017, in comparative",
        parameters=54_420_290,
        size=256,
        stride=8,
        is_gan=True,
    ),
    Architecture(
        "resnet50_unet",
        paper="unet-resnet",
        parameters=37_675_906,
        size=224,
        stride=32,
        options=_BACKBONE,
    ),
    Architecture(
        "scgan",
        paper="edge-saliency, baseline 1",
        parameters=23_530_307,
        size=64,
        head="rgb",
        is_gan=True,
    ),
    Architecture("unet_plain", paper="enhancing", parameters=551_523, size=150, head="rgb"),
    Architecture(
        "unet_vae", paper="enhancing", parameters=878_275, size=150, head="rgb", options=("levels",)
    ),
    Architecture(
        "vgg_embedding",
        paper="enhancing",
        parameters=16_286_802,
        size=224,
        stride=32,
        options=_VGG16,
    ),
    # Chosen: 224, at which VGG16 was trained; the paper names no size.
    Architecture(
        "vgg_fusion", paper="vgg-fusion", parameters=8_795_522, size=224, stride=8, options=_VGG16
    ),
    Architecture(
        "zhang2016",
        paper="Zhang 2016, in comparative",
        parameters=32_240_377,
        size=256,
        stride=8,
        head="gamut313",
    ),
    Architecture(
        "zhang_small",
        paper="edge-saliency, baseline 2",
        parameters=4_769_017,
        size=64,
        stride=8,
        head="gamut313",
    ),
)
ARCHITECTURES = {architecture.name: architecture for architecture in _ALL}
