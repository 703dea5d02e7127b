"""A network of our own: EfficientNet-Lite0's ImageNet features in a U-Net that sees the whole."""

import keras
from keras import layers

from keras_colorize.layers.blocks import Upscale2x, conv_bn_relu
from keras_colorize.models import backbones

_TOP = 256  # channels of the deepest map
_WIDTHS = (160, 96, 64, 48)  # of the decoder at strides 16, 8, 4 and 2


def lite_unet(head, backbone_weights: str = "imagenet", trainable_backbone: bool = False):
    """Decode EfficientNet-Lite0's features in a U-Net, with a branch that sees the whole.

    Our own, of no paper. The encoder tells things apart: it knows ImageNet's classes even from gray
    copies. The context branch is like Iizuka 2016's global features: it tells every pixel of the
    decoder what scene this is. Color is smooth, so half the height and width are enough for it.
    benchmarks/design.md measures each of these choices.

    Args:
        head: The head, which owns the output layer.
        backbone_weights: `"imagenet"` (they come with the package), `"none"` or a file; see
            `backbones.efficientnet_lite0`.
        trainable_backbone: Train the encoder too, as the recipe does.

    Returns:
        A functional model: L* `(B, H, W, 1)`, H and W multiples of 32 →
        `{"color": (B, H / 2, W / 2, …)}`.
    """
    return designed(head, backbone_weights, trainable_backbone)


def designed(
    head,
    backbone_weights: str = "imagenet",
    trainable_backbone: bool = False,
    widths: tuple[int, ...] = _WIDTHS,
    context: bool = True,
):
    """Build `lite_unet`, or one that is designed otherwise, for comparison.

    Args:
        head: As for `lite_unet`.
        backbone_weights: As for `lite_unet`.
        trainable_backbone: As for `lite_unet`.
        widths: Channels of the decoder at strides 16, 8, 4, 2 and 1, as far as it goes; color has
            the last one's stride.
        context: Add the branch that sees the whole photograph.

    Returns:
        As `lite_unet`, with color at the stride of the last width.
    """
    lightness = keras.Input((None, None, 1), name="lightness")

    # ---- encoder ----
    backbone = backbones.efficientnet_lite0(backbone_weights, trainable_backbone)
    *skips, x = backbone(backbones.imagenet_lite(lightness))  # at 128: 64, 32, 16, 8; (4, 4, 320)

    # ---- context: the mean over the picture, added to every pixel ----
    if context:
        mean = layers.GlobalAveragePooling2D(keepdims=True, name="context_mean")(x)
        mean = layers.Conv2D(_TOP, 1, activation="relu", name="context_hidden")(mean)
        mean = layers.Conv2D(_TOP, 1, name="context")(mean)  # (1, 1, 256)
    x = conv_bn_relu(x, _TOP, 1, "top", kernel_initializer="he_normal")  # (4, 4, 256)
    if context:
        x = layers.Add(name="top_add")([x, mean])

    # ---- decoder ----
    for stride, filters in zip((16, 8, 4, 2, 1), widths):
        x = Upscale2x(name=f"stride{stride}_up")(x)
        if skips:
            x = layers.Concatenate(name=f"stride{stride}_concat")([x, skips.pop()])
        for name in (f"stride{stride}_1", f"stride{stride}_2"):
            x = conv_bn_relu(x, filters, 3, name, kernel_initializer="he_normal")
    color = head.output(x, kernel_size=3)  # (64, 64, 2) for regression
    return keras.Model({"lightness": lightness}, {"color": color}, name="lite_unet")
