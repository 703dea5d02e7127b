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
        parameters: How many it has as published, its backbone's included.
        paper: The publication, as docs/papers.md calls it, and the network's place in it.
        options: Names of the options that its function takes besides the head.
        is_gan: Whether its module has an `ADVERSARY` to train it against.
        upscale: How its color is enlarged to the photograph's size; the papers do it bilinearly.
        module: The module of the function; None: the one of its name in this package.
    """

    name: str
    size: int
    stride: int | None = None
    head: str = "regression"
    parameters: int = 0
    paper: str = ""
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
_ROWS = (  # name, size, stride, head, parameters, paper; options, is_gan, upscale where it has any
    ("edge_saliency_gan", 64, None, "rgb", 39_439_300, "edge-saliency", _BACKBONE, True),
    ("iizuka2016", 224, 8, "sigmoid", 42_195_810, "Iizuka 2016, in comparative", ("classes",)),
    ("lite_unet", 128, 32, "regression", 4_410_370, "our own", _BACKBONE, False, "guided"),
    ("pix2pix", 256, 8, "regression", 54_420_290, "Isola 2017, in comparative", (), True),
    ("resnet50_unet", 224, 32, "regression", 37_675_906, "unet-resnet", _BACKBONE),
    ("scgan", 64, None, "rgb", 23_530_307, "edge-saliency, baseline 1", (), True),
    ("unet_plain", 150, None, "rgb", 551_523, "enhancing"),
    ("unet_vae", 150, None, "rgb", 878_275, "enhancing", ("levels",)),
    ("vgg_embedding", 224, 32, "regression", 16_286_802, "enhancing", _VGG16),
    # Chosen: 224, at which VGG16 was trained; the paper names no size.
    ("vgg_fusion", 224, 8, "regression", 8_795_522, "vgg-fusion", _VGG16),
    ("zhang2016", 256, 8, "gamut313", 32_240_377, "Zhang 2016, in comparative"),
    ("zhang_small", 64, 8, "gamut313", 4_769_017, "edge-saliency, baseline 2"),
)
ARCHITECTURES = {row[0]: Architecture(*row) for row in _ROWS}
