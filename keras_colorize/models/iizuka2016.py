"""[comparative], second network: S. Iizuka, E. Simo-Serra, H. Ishikawa, "Let there be Color!",
SIGGRAPH 2016."""

import keras
from keras import layers, ops

from keras_colorize.layers.blocks import MOMENTUM, Resize, conv3x3


def _normalized(x, name):
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _conv(x, filters, stride, name):
    x = conv3x3(x, filters, stride, kernel_initializer="he_normal", name=name)
    return _normalized(x, name)


def _dense(x, units, name):
    x = layers.Dense(units, kernel_initializer="he_normal", name=name)(x)
    return _normalized(x, name)


def _low_level():
    inputs = x = keras.Input((None, None, 1))
    for i, filters in enumerate([64, 128, 128, 256, 256, 512], 1):
        x = _conv(x, filters, 1 + i % 2, f"low{i}")  # 112, 112, 56, 56, 28, 28
    return keras.Model(inputs, x, name="low_level")


def iizuka2016(head, classes: int = 0):
    """Fuse local features with one global description of the whole photograph.

    Iizuka 2016, table 1: low-level features, shared by two branches; mid-level features of the
    photograph at any size; global features of a copy of 224 × 224, which the *fusion layer* joins
    to the mid-level features at every place (equation 2); a colorization network with
    nearest-neighbor upsampling. Convolutions are 3×3, padded by one pixel. Batch normalization and
    ReLU follow every layer except the last, including fully connected layers. There are 42,182,818
    trainable and 12,992 non-trainable parameters without classes. [comparative] §II.E describes the
    sigmoid and the normalized ab. Chosen: (L − 50)/50 as input, since no range is stated; an
    antialiased copy; He's initialization.

    Args:
        head: The head, which owns the output layer.
        classes: The number of kinds of scene that the global features learn to tell apart (§3.3).
            0: there is no classification network.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 8 →
        `{"color": (B, H, W, …)}`,
        with classes also `{"class_logits": (B, classes)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    gray = (lightness - 50.0) / 50.0
    low_level = _low_level()

    # ---- mid-level features ----
    x = low_level(gray)  # (28, 28, 512)
    x = _conv(x, 512, 1, "mid1")
    x = _conv(x, 256, 1, "mid2")  # (28, 28, 256)

    # ---- global features ----
    whole = low_level(Resize(224, 224, antialias=True, name="copy")(gray))
    for i in range(1, 5):
        whole = _conv(whole, 512, 1 + i % 2, f"global{i}")  # 14, 14, 7, 7
    whole = layers.Flatten(name="flatten")(whole)  # (25088)
    whole = _dense(whole, 1024, "global_dense1")
    described = _dense(whole, 512, "global_dense2")
    whole = _dense(described, 256, "global_dense3")

    # ---- fusion ----
    everywhere = ops.ones_like(x[..., :1]) * whole[:, None, None]  # (28, 28, 256)
    x = layers.Concatenate(name="fusion_concat")([x, everywhere])  # (28, 28, 512)
    x = layers.Conv2D(256, 1, kernel_initializer="he_normal", name="fusion")(x)
    x = _normalized(x, "fusion")

    # ---- colorization ----
    x = _conv(x, 128, 1, "color1")
    x = layers.UpSampling2D(2, name="up1")(x)  # (56, 56, 128)
    x = _conv(x, 64, 1, "color2")
    x = _conv(x, 64, 1, "color3")
    x = layers.UpSampling2D(2, name="up2")(x)  # (112, 112, 64)
    x = _conv(x, 32, 1, "color4")
    color = head.output(x, kernel_size=3)  # (112, 112, 2) for sigmoid
    color = layers.UpSampling2D(2, dtype="float32", name="up3")(color)
    outputs = {"color": color}

    # ---- classification ----
    if classes:
        x = _dense(described, 256, "class_dense1")
        outputs["class_logits"] = layers.Dense(classes, dtype="float32", name="class_logits")(x)
    return keras.Model({"lightness": lightness}, outputs, name="iizuka2016")
