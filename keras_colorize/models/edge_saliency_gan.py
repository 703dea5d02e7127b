"""[edge-saliency] I. Sarkar, S. Banerjee, S. Agarwal, "Image Colorization", 2022, §4."""

import keras
import numpy as np
from keras import layers, ops

from keras_colorize.layers.canny import Canny
from keras_colorize.models import architecture, backbones
from keras_colorize.models.adversary import Adversary, critic
from keras_colorize.models.scgan import SIZE, Grey, down, patch_discriminator, up

# Chosen, no source gives any: the thresholds of OpenCV's own example.
_LOW, _HIGH = 100, 200

# Means of areas: each of 2 pixels covers 3½ of 7.
_HALVES = np.array([[1, 1, 1, 0.5, 0, 0, 0], [0, 0, 0, 0.5, 1, 1, 1]]) / 3.5


def discriminator(channels: int) -> keras.Model:
    """Build the discriminator: 64 → 32, 16, 16, 16, 15, 14, the 14 × 14 that is stated."""
    return patch_discriminator(channels, strides=(2, 2, 1, 1))


@architecture(
    size=SIZE,
    head="rgb",
    adversary=Adversary(discriminator, critic, weight=0.5, l1=1.0, saliency=0.05, rate=1e-5 / 1e-4),
)
def edge_saliency_gan(head, backbone_weights: str = "imagenet", trainable_backbone: bool = False):
    """Draw picture and saliency map from grey, its edges and ResNet-18's features.

    [edge-saliency] §4: grey and Canny edges in [-1, 1]; seven down-sampling and seven up-sampling
    convolutions with skips, LeakyReLU, tanh; frozen ResNet-18's 512×7×7 of the grey picture joins
    the sixth down-sampling layer as 512×2×2; out come RGB and a saliency map, four channels.
    G = L1 + 0.05·L1 of saliency-weighted RGB + 0.5·(−E[D(fake)]), D = E[D(fake)] − E[D(real)];
    Xavier initialization; Adam, 1e-4 and 1e-5. Chosen, where the source is silent: the edges'
    thresholds; what `scgan`, which the source built this on, chooses; that ResNet-18 sees the
    picture enlarged to 224 bilinearly, and its features are reduced by averaging areas; that they
    join the skip as well as the next layer, or all that they know of places would be lost in a
    single pixel; that a map weighs by its values as 0…1, since −1 for the least salient would
    count as much as 1, with the colors reversed.

    Args:
        head: The head, which owns the output layer of the colors.
        backbone_weights: `"imagenet"`, `"none"` or a file; see `backbones.resnet18`.
        trainable_backbone: Unlock ResNet-18.

    Returns:
        A functional model: L* `(B, 64, 64, 1)` → `{"color": (B, 64, 64, …), "saliency":
        (B, 64, 64, 1)}`, saliency in [-1, 1].
    """
    lightness = keras.Input((SIZE, SIZE, 1), name="lightness")
    grey = Grey(name="grey")(lightness)
    edges = Canny(_LOW, _HIGH, name="edges")(255.0 * grey)
    x = layers.Concatenate(name="grey_and_edges")([2.0 * grey - 1.0, 2.0 * edges - 1.0])

    # ---- seven down, ResNet-18 joins the sixth ----
    skips = []
    for i in range(1, 6):
        x = down(x, i)  # 64, 32, 16, 8, 4
        skips.append(x)
    x = down(x, 6)  # (2, 2, 512)
    backbone = backbones.resnet18(backbone_weights, trainable_backbone)
    features = backbone(backbones.imagenet_rgb(ops.image.resize(grey, (224, 224))))  # (7, 7, 512)
    halves = ops.convert_to_tensor(_HALVES, features.dtype)
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
