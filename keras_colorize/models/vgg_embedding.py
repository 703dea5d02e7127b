"""[enhancing] "Enhancing Image Colorization Architectures", slides, "Decoder Code Block"."""

import keras
from keras import layers

from keras_colorize.models import backbones


def vgg_embedding(
    head,
    backbone_weights: str = "imagenet",
    trainable_backbone: bool = False,
    batch_norm: bool = False,
):
    """Decode VGG16's last features, the embedding, straight to color.

    [enhancing], "Extracted embeddings using VGG16. Decoded back to LAB color space": a frozen VGG16
    without its top gives 7×7×512 at 224 pixels. The decoder is the code block on the slides, with
    1,572,114 parameters for two channels. There are no skips, so colors follow regions and not
    contours.

    Args:
        head: The head, which owns the output layer.
        backbone_weights: `"imagenet"`, `"none"` or a file; see `backbones.vgg16`.
        trainable_backbone: Whether VGG16 is trained too.
        batch_norm: Whether VGG16 has batch normalization, for training it from scratch.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 32 →
        `{"color": (B, H, W, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")

    # ---- embedding ----
    taps = ["block5_pool"]
    backbone = backbones.vgg16(taps, backbone_weights, trainable_backbone, batch_norm)
    x = backbone(backbones.imagenet_bgr(lightness))  # (7, 7, 512)

    # ---- decoder, as printed ----
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="conv1")(x)
    for i, filters in enumerate([128, 64, 32, 16], 2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{i}")(x)
        x = layers.UpSampling2D(2, name=f"up{i}")(x)  # 14, 28, 56, 112
    color = head.output(x, kernel_size=3)  # (112, 112, 2) for regression
    color = layers.UpSampling2D(2, dtype="float32", name="up6")(color)  # (224, 224, 2)
    return keras.Model({"lightness": lightness}, {"color": color}, name="vgg_embedding")
