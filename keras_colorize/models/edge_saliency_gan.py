"""[edge-saliency] I. Sarkar, S. Banerjee, S. Agarwal, "Image Colorization", 2022, §4."""

import keras
import numpy as np
from keras import layers, ops

from keras_colorize.layers.canny import Canny
from keras_colorize.models import backbones
from keras_colorize.models.adversary import Adversary, critic
from keras_colorize.models.scgan import SIZE, Gray, down, patch_discriminator, up

# Chosen, since the paper gives none: the thresholds of OpenCV's own example.
_LOW, _HIGH = 100, 200

# Area averages from 7 pixels to 2: each of the 2 covers 3½ of the 7.
_HALVES = np.array([[1, 1, 1, 0.5, 0, 0, 0], [0, 0, 0, 0.5, 1, 1, 1]]) / 3.5


def discriminator(channels: int) -> keras.Model:
    """Build the discriminator: 64 → 32, 16, 16, 16, 15 and the stated 14 × 14."""
    return patch_discriminator(channels, strides=(2, 2, 1, 1))


ADVERSARY = Adversary(discriminator, critic, weight=0.5, l1=1.0, saliency=0.05, rate=1e-5 / 1e-4)


def edge_saliency_gan(head, backbone_weights: str = "imagenet", trainable_backbone: bool = False):
    """Predict the picture and a saliency map from gray, its edges and ResNet-18's features.

    [edge-saliency] §4. Stated: gray and Canny edges in [-1, 1]; seven downsampling and seven
    upsampling convolutions with skips, LeakyReLU, tanh; the 512×7×7 features of a frozen ResNet-18
    on the gray picture join the sixth downsampling layer as 512×2×2; four output channels, RGB and
    a saliency map; G = L1 + 0.05·L1 of saliency-weighted RGB + 0.5·(−E[D(fake)]),
    D = E[D(fake)] − E[D(real)]; Xavier initialization; Adam, 1e-4 and 1e-5.

    Chosen, where the paper does not say:

    - the thresholds of the edges, and everything that was chosen for `scgan`, on which it builds;
    - ResNet-18 sees the picture enlarged bilinearly to 224, and its features are reduced by
      averaging areas;
    - its features join the skip as well as the next layer, because that layer has a single pixel,
      in which all information about places is lost;
    - a saliency map weights the loss by its values rescaled to 0…1, because a weight of −1 for the
      least salient pixels would count as much as 1, with the colors reversed.

    Args:
        head: The head, which owns the output layer of the colors.
        backbone_weights: `"imagenet"`, `"none"` or a file; see `backbones.resnet18`.
        trainable_backbone: Whether ResNet-18 is trained too.

    Returns:
        A functional model: `{"lightness": L* (B, 64, 64, 1)}` →
        `{"color": (B, 64, 64, …), "saliency": (B, 64, 64, 1)}`, saliency in [-1, 1].
    """
    lightness = keras.Input((SIZE, SIZE, 1), name="lightness")
    gray = Gray(name="gray")(lightness)
    edges = Canny(_LOW, _HIGH, name="edges")(255.0 * gray)
    x = layers.Concatenate(name="gray_and_edges")([2.0 * gray - 1.0, 2.0 * edges - 1.0])

    # ---- seven down, ResNet-18 joins the sixth ----
    skips = []
    for i in range(1, 6):
        x = down(x, i)  # 64, 32, 16, 8, 4
        skips.append(x)
    x = down(x, 6)  # (2, 2, 512)
    backbone = backbones.resnet18(backbone_weights, trainable_backbone)
    features = backbone(backbones.imagenet_rgb(ops.image.resize(gray, (224, 224))))  # (7, 7, 512)
    # An array and no tensor: a tensor would stay outside of the graph that is traced for an export.
    halves = _HALVES.astype(features.dtype)
    features = ops.einsum("bhwc,ih,jw->bijc", features, halves, halves)  # (2, 2, 512)
    x = layers.Concatenate(name="junction")([x, features])  # (2, 2, 1024)
    skips.append(x)
    x = down(x, 7)  # (1, 1, 512)

    # ---- seven up, the output layer among them ----
    x = up(x, skips)  # 2, 4, 8, 16, 32; (64, 64, 128)
    color = head.output(x, 3, kernel_initializer="glorot_uniform")  # (64, 64, 3) for rgb
    saliency = layers.Conv2D(
        1, 3, padding="same", activation="tanh", dtype="float32", name="saliency"
    )(x)
    outputs = {"color": color, "saliency": saliency}
    return keras.Model({"lightness": lightness}, outputs, name="edge_saliency_gan")
