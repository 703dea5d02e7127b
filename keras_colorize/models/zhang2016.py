"""[comparative], first network: R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization",
ECCV 2016."""

import keras
from keras import layers

from keras_colorize.layers.blocks import MOMENTUM, conv3x3

# Blocks 1 to 7: filters, convolutions, stride of the last one, dilation (the authors' code).
_BLOCKS = (
    (64, 2, 2, 1),
    (128, 2, 2, 1),
    (256, 3, 2, 1),
    (512, 3, 1, 1),
    (512, 3, 1, 2),
    (512, 3, 1, 2),
    (512, 3, 1, 1),
)


def block(x, number, filters, convolutions, stride, **options):
    """Apply 3×3 convolutions with ReLU, the last one with the stride, and batch normalization."""
    for j in range(1, convolutions + 1):
        last = stride if j == convolutions else 1
        x = conv3x3(x, filters, last, activation="relu", name=f"conv{number}_{j}", **options)
    return layers.BatchNormalization(momentum=MOMENTUM, name=f"bn{number}")(x)


def zhang2016(head):
    """Classify the color of every fourth pixel with a plain, dilated network.

    Zhang 2016, figure 2 and the authors' code: eight blocks without pooling; blocks 1 to 7 end with
    batch normalization, after the ReLU; 32,235,385 trainable and 4,992 non-trainable parameters
    with the `gamut313` head. With `regression` it is the paper's L2 variant, except that tanh
    bounds the output, which the paper's variant does not do.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 8 →
        `{"color": (B, H/4, W/4, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = (lightness - 50.0) / 100.0

    # ---- blocks 1 to 7 ----
    for i, (filters, convolutions, stride, dilation) in enumerate(_BLOCKS, 1):
        x = block(x, i, filters, convolutions, stride, dilation_rate=dilation)
        # at 256: 128, 64, 32, 32, 32, 32, 32

    # ---- block 8 ----
    up = layers.Conv2DTranspose(256, 4, 2, padding="same", activation="relu", name="up8_1")
    x = up(x)
    for j in (2, 3):
        x = conv3x3(x, 256, activation="relu", name=f"conv8_{j}")
    color = head.output(x, kernel_size=1)  # (64, 64, 313)
    return keras.Model({"lightness": lightness}, {"color": color}, name="zhang2016")
