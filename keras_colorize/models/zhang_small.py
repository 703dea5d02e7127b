"""[edge-saliency] I. Sarkar, S. Banerjee, S. Agarwal, "Image Colorization", 2022, baseline 2."""

import keras

from keras_colorize.layers.blocks import Upscale2x
from keras_colorize.models.zhang2016 import block

_BLOCKS = ((64, 2, 2), (128, 2, 2), (256, 3, 2), (256, 3, 1), (256, 2, 1))


def zhang_small(head):
    """Classify the color of every fourth pixel with a small network after Zhang 2016.

    [edge-saliency] §5.2: "five blocks consisting two or three convolutional layers with ReLU
    activation function followed by batch normalization layer", "up sampling ... after the fourth
    block", softmax over 313 classes of soft-encoded color. It was trained on tiny ImageNet, hence
    64 pixels.

    Chosen, since the paper says no more: the blocks follow Zhang 2016. Blocks 1 to 3 have its
    widths and its two, two and three convolutions, and end in a stride of 2. Block 4 works at an
    eighth of the size, as the dilated blocks of Zhang 2016 do, and block 5 at a quarter, as its
    last block does. Block 4 has 256 channels instead of 512, because the paper finds that network
    "very heavy"; this one has 4,767,097 trainable parameters, about a seventh of its 32 million.
    Upsampling is bilinear, which makes no checkerboards; the initialization is He's.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 8 →
        `{"color": (B, H/4, W/4, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = (lightness - 50.0) / 50.0
    for i, (filters, convolutions, stride) in enumerate(_BLOCKS, 1):
        if i == 5:
            x = Upscale2x(name="up")(x)  # (16, 16, 256)
        x = block(x, i, filters, convolutions, stride, kernel_initializer="he_normal")
        # 32, 16, 8, 8, 16
    color = head.output(x, kernel_size=1)  # (16, 16, 313)
    return keras.Model({"lightness": lightness}, {"color": color}, name="zhang_small")
