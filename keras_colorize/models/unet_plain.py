"""[enhancing] "Enhancing Image Colorization Architectures", slides, "Simple UNet Architecture"."""

import keras
from keras import layers

from keras_colorize.layers.blocks import Resize


def _convs(x, filters, count, name):
    """Apply `count` 3×3 convolutions with ReLU; without padding, each removes two pixels."""
    for i in range(1, count + 1):
        x = layers.Conv2D(
            filters, 3, activation="relu", kernel_initializer="he_normal", name=f"{name}_conv{i}"
        )(x)
    return x


def _double(x, name):
    return layers.Conv2DTranspose(
        x.shape[-1], 2, strides=2, kernel_initializer="he_normal", name=f"{name}_up"
    )(x)


def unet_plain(head):
    """Predict the whole picture with an encoder and a decoder without skips.

    [enhancing], "Simple UNet Architecture": the slides list the shapes of six stages and show how
    the network fails: blue everywhere, dull corners for lack of padding, a low resolution, and the
    checkerboards of transposed convolutions. None of these faults is corrected here.

    Chosen, since only the shapes are stated: pairs of valid 3×3 convolutions (a single 5×5
    convolution would give the same shapes) and 2×2 max-pooling between stages; 2×2 transposed
    convolutions; five convolutions in the middle, which reduce 34 pixels to 24, then doubled to 48;
    a last 1×1 convolution, resized bilinearly from 168 to 150; ReLU with He's initialization, since
    there is no batch normalization.

    Returns:
        A functional model: `{"lightness": L* (B, 150, 150, 1)}` → `{"color": (B, 150, 150, …)}`.
    """
    lightness = keras.Input((150, 150, 1), name="lightness")
    x = (lightness - 50.0) / 50.0

    # ---- encoders ----
    x = _convs(x, 64, 2, "encoder1")  # (146, 146, 64)
    x = layers.MaxPooling2D(2, name="pool1")(x)  # (73, 73, 64)
    x = _convs(x, 128, 2, "encoder2")  # (69, 69, 128)

    # ---- middle ----
    x = layers.MaxPooling2D(2, name="pool2")(x)  # (34, 34, 128)
    x = _convs(x, 64, 5, "middle")  # (24, 24, 64)
    x = _double(x, "middle")  # (48, 48, 64)

    # ---- decoders ----
    x = _double(_convs(x, 32, 2, "decoder1"), "decoder1")  # (44, 44, 32), (88, 88, 32)
    x = _double(_convs(x, 32, 2, "decoder2"), "decoder2")  # (84, 84, 32), (168, 168, 32)

    # ---- final ----
    color = head.output(x, kernel_size=1)  # (168, 168, 3) for rgb
    color = Resize(150, 150, dtype="float32", name="final")(color)
    return keras.Model({"lightness": lightness}, {"color": color}, name="unet_plain")
