"""[edge-saliency] I. Sarkar, S. Banerjee, S. Agarwal, "Image Colorization", 2022, baseline 2."""

import keras
from keras import layers

from keras_colorize.layers.blocks import MOMENTUM, Upscale2x, conv3x3
from keras_colorize.models import architecture

_BLOCKS = ((64, 2, 2), (128, 2, 2), (256, 3, 2), (256, 3, 1), (256, 2, 1))


@architecture(size=64, stride=8, head="gamut313")
def zhang_small(head):
    """Classify the color of every fourth pixel with a small network after Zhang 2016.

    [edge-saliency] §5.2: "five blocks consisting two or three convolutional layers with ReLU
    activation function followed by batch normalization layer", "up sampling ... after the fourth
    block", softmax over 313 classes of soft-encoded color. It was trained on tiny ImageNet, hence
    64 pixels.

    Chosen, since the source names no more: what Zhang 2016 has, as far as five blocks go. Blocks 1
    to 3 end in a stride of 2 and have its widths and its two, two and three convolutions; block 4
    works at an eighth, as the dilated blocks there do, and block 5 at a quarter, as the last one
    there. Block 4 has 256 channels in place of 512, for the source finds that network "very heavy":
    4,767,097 trainable parameters stand here for its 32 million. The up-sampling is bilinear, which
    leaves no checkerboard; He's initialization.

    Args:
        head: The head, which owns the output layer.

    Returns:
        A functional model: L* `(B, H, W, 1)`, H and W multiples of 8 →
        `{"color": (B, H/4, W/4, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = (lightness - 50.0) / 50.0
    for i, (filters, convolutions, stride) in enumerate(_BLOCKS, 1):
        if i == 5:
            x = Upscale2x(name="up")(x)  # (16, 16, 256)
        for j in range(1, convolutions + 1):
            last = stride if j == convolutions else 1
            x = conv3x3(
                x,
                filters,
                last,
                activation="relu",
                kernel_initializer="he_normal",
                name=f"conv{i}_{j}",
            )
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"bn{i}")(x)  # 32, 16, 8, 8, 16
    color = head.output(x, kernel_size=1)  # (16, 16, 313)
    return keras.Model({"lightness": lightness}, {"color": color}, name="zhang_small")
