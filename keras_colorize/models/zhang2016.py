"""[comparative], first network: R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization",
ECCV 2016."""

import keras
from keras import layers

from keras_colorize.models import architecture

# Filters, convolutions, stride of the last and dilation of blocks 1 to 7: the authors' code.
_BLOCKS = (
    (64, 2, 2, 1),
    (128, 2, 2, 1),
    (256, 3, 2, 1),
    (512, 3, 1, 1),
    (512, 3, 1, 2),
    (512, 3, 1, 2),
    (512, 3, 1, 1),
)


def _conv(x, filters, stride, dilation, name):
    if stride == 2:
        # The authors' framework pads both sides, "same" only the far one: a shift by a pixel.
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    return layers.Conv2D(
        filters,
        3,
        strides=stride,
        dilation_rate=dilation,
        padding="same" if stride == 1 else "valid",
        activation="relu",
        name=name,
    )(x)


@architecture(size=256, stride=8, head="gamut313")
def zhang2016(head):
    """Classify the colour of every fourth pixel with a plain, dilated network.

    Zhang 2016, figure 2 and the authors' code: eight blocks, no pooling, batch normalisation
    closing blocks 1 to 7 (after the ReLU), 32,235,385 trainable and 4,992 non-trainable parameters
    with the `gamut313` head. With `regression` it is the paper's L2 variant; tanh there is chosen,
    the paper's output is not bounded.

    Args:
        head: The head, which owns the output layer.

    Returns:
        A functional model: L* `(B, H, W, 1)`, H and W multiples of 8 →
        `{"color": (B, H/4, W/4, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = (lightness - 50.0) / 100.0

    # ---- blocks 1 to 7 ----
    for i, (filters, convolutions, stride, dilation) in enumerate(_BLOCKS, 1):
        for j in range(1, convolutions + 1):
            last = stride if j == convolutions else 1
            x = _conv(x, filters, last, dilation, f"conv{i}_{j}")
        x = layers.BatchNormalization(name=f"bn{i}")(x)  # at 256: 128, 64, 32, 32, 32, 32, 32

    # ---- block 8 ----
    x = layers.Conv2DTranspose(256, 4, strides=2, padding="same", activation="relu", name="up8_1")(
        x
    )
    for j in (2, 3):
        x = _conv(x, 256, 1, 1, f"conv8_{j}")
    color = head.output(x, kernel_size=1)  # (64, 64, 313)
    return keras.Model(lightness, {"color": color}, name="zhang2016")
