"""EfficientNet-Lite: ImageNet features that come with the package.

References:
    [1] M. Tan, Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
        Networks", ICML 2019: the blocks (table 1).
    [2] Google, "EfficientNet-Lite", 2020 (tensorflow/tpu, models/official/efficientnet/lite):
        no squeeze-and-excitation, ReLU6 for swish.
"""

import json
from typing import NamedTuple

import keras
from keras import layers, ops

from keras_colorize import files
from keras_colorize.catalog import Catalog
from keras_colorize.models.backbones.base import build

ENCODERS = Catalog("weights", "pretrained", "*.imagenet/features.weights.h5")
_ABOUT = "features.json"  # beside the weights
TAPS = ["stride2", "stride4", "stride8", "stride16", "stride32"]  # the layers that are tapped

_EPSILON = 1e-3  # of batch normalization, as the weights were trained
_STEM = 32


class _Stage(NamedTuple):
    """A row of [1]'s table 1."""

    kernel: int
    stride: int
    expansion: int
    filters: int
    repeats: int
    tap: str = ""  # the last before each change of stride, and the last of all, are tapped


_STAGES = (
    _Stage(3, 1, 1, 16, 1, "stride2"),
    _Stage(3, 2, 6, 24, 2, "stride4"),
    _Stage(5, 2, 6, 40, 2, "stride8"),
    _Stage(3, 2, 6, 80, 3),
    _Stage(5, 1, 6, 112, 3, "stride16"),
    _Stage(5, 2, 6, 192, 4),
    _Stage(3, 1, 6, 320, 1, "stride32"),
)


def efficientnet_lite0(weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build EfficientNet-Lite0 without its classifier: maps at strides 2, 4, 8, 16 and 32.

    Unlike the other backbones, it takes the pictures of `imagenet_lite`, and its ImageNet weights
    come with the package.
    """
    return build(_lite0, TAPS, weights, trainable)


def imagenet_lite(lightness):
    """Turn L* into what EfficientNet-Lite was trained on.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        `(B, H, W, 3)`: three copies of (x − 127) / 128, x in 0…255.
    """
    # Copied first: in ONNX Runtime, maps of a single channel take fifteen times as long.
    gray = ops.concatenate([lightness, lightness, lightness], axis=-1)
    return (2.55 * gray - 127.0) / 128.0


def _lite0(weights: str | None) -> keras.Model:
    if weights == "imagenet":
        weights = ENCODERS.find("efficientnet_lite0")
        described = json.loads((weights.parent / _ABOUT).read_text(encoding="utf-8"))
        files.check_digest(weights, described["sha256"][weights.name], _ABOUT)
    network = create()
    if weights:
        network.load_weights(weights)
    return network


def create() -> keras.Model:
    """Build EfficientNet-Lite0 without its classifier, with random weights.

    [1] table 1; [2].

    Returns:
        A model: three copies of gray `(B, H, W, 3)`, (x - 127) / 128 of 0…255 → the last map. The
        layers `TAPS` have maps of 16, 24, 40, 112 and 320 channels.
    """
    x = pictures = keras.Input((None, None, 3))
    x = layers.Conv2D(_STEM, 3, 2, padding="same", use_bias=False, name="stem_conv")(x)
    x = _relu6(_norm(x, "stem"), "stem")
    block = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, stage, 1 if repeat else stage.stride, f"block{block}")
            block += 1
        if stage.tap:
            x = layers.Identity(name=stage.tap)(x)
    return keras.Model(pictures, x, name="efficientnet_lite0")


def _block(x, stage, stride, name):
    """Widen, convolve each channel by itself, narrow; add where nothing changed its shape."""
    shortcut, width = x, x.shape[-1]
    if stage.expansion > 1:
        x = _conv1x1(x, stage.expansion * width, f"{name}_expand")
        x = _relu6(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _relu6(_norm(x, f"{name}_depthwise"), f"{name}_depthwise")
    x = _conv1x1(x, stage.filters, f"{name}_project")  # no activation: [1] after MobileNetV2
    if stride == 1 and stage.filters == width:
        x = layers.Add(name=f"{name}_add")([shortcut, x])
    return x


def _conv1x1(x, filters, name):
    return _norm(layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x), name)


def _norm(x, name):
    return layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)


def _relu6(x, name):
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
