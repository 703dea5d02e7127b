"""[vgg-fusion] D. Ciugurean, "Automatic Colorization of Black and White Photos", TU Cluj-Napoca."""

import keras
from keras import layers

from keras_colorize.layers.blocks import Upscale2x, conv_bn_relu
from keras_colorize.models import backbones


def _residual(x, convolutions, name):
    """Add a branch of 3×3 convolutions of the same width."""
    branch = x
    for i in range(convolutions):
        branch = conv_bn_relu(branch, x.shape[-1], 3, f"{name}_branch{i + 1}")
    return layers.Add(name=f"{name}_add")([x, branch])


def vgg_fusion(
    head,
    backbone_weights: str = "imagenet",
    trainable_backbone: bool = False,
    batch_norm: bool = False,
):
    """Fuse VGG16's low, mid and high level features in a ResNet-like decoder.

    [vgg-fusion], Architecture and Details. Stated: a locked VGG16, features concatenated through
    skips, residual connections, heavy batch normalization; 1,158,466 trainable and 7,637,056
    non-trainable parameters. Chosen, since the paper draws its layers but does not list them: the
    taps and widths below, which give both totals exactly; bilinear upsampling; three copies of
    L* · 2.55 in place of the color photograph that VGG16 expects.

    Args:
        head: The head, which owns the output layer.
        backbone_weights: `"imagenet"`, `"none"` or a file; see `backbones.vgg16`.
        trainable_backbone: Whether VGG16 is trained too (8,793,730 trainable parameters).
        batch_norm: Whether VGG16 has batch normalization, for training it from scratch.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 8 →
        `{"color": (B, H, W, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")

    # ---- VGG16 on three copies of L*, minus ImageNet's mean color ----
    taps = ["block2_conv2", "block3_conv3", "block4_conv3"]
    backbone = backbones.vgg16(taps, backbone_weights, trainable_backbone, batch_norm)
    low, mid, high = backbone(backbones.imagenet_bgr(lightness))
    # at 224: (112, 112, 128), (56, 56, 256), (28, 28, 512)

    # ---- fusion, from the bottom up ----
    x = conv_bn_relu(high, 256, 1, "high")  # (28, 28, 256)
    x = Upscale2x(name="high_up")(x)  # (56, 56, 256)
    x = layers.Concatenate(name="mid_concat")([x, mid])  # (56, 56, 512)
    x = conv_bn_relu(x, 128, 3, "mid")  # (56, 56, 128)
    x = _residual(x, 1, "mid")
    x = Upscale2x(name="mid_up")(x)  # (112, 112, 128)
    x = layers.Concatenate(name="low_concat")([x, low])  # (112, 112, 256)
    x = conv_bn_relu(x, 64, 3, "low")  # (112, 112, 64)
    x = _residual(x, 3, "low")
    x = Upscale2x(name="low_up")(x)  # (224, 224, 64)
    x = conv_bn_relu(x, 32, 1, "full")  # (224, 224, 32)
    x = _residual(x, 3, "full")

    # ---- color ----
    color = head.output(x, kernel_size=3)  # (224, 224, 2) for regression
    return keras.Model({"lightness": lightness}, {"color": color}, name="vgg_fusion")
