"""ImageNet backbones: which weights they get, and which of their features are tapped."""

import os
from collections.abc import Callable

import keras
from keras import layers, ops

from keras_colorize import errors
from keras_colorize.layers import MOMENTUM
from keras_colorize.models import efficientnet_lite

# ImageNet's mean colour, blue first, as the Caffe models that these weights come from had it.
_MEAN_BGR = (103.939, 116.779, 123.68)
# And its mean and deviation, red first, of pictures in 0…1, as everybody else has them.
_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters and convolutions of each block


def imagenet_bgr(lightness):
    """Turn L* into what VGG16 and ResNet50 were trained on.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        `(B, H, W, 3)`: three copies of 0…255, less ImageNet's mean colour.
    """
    return ops.concatenate([2.55 * lightness - mean for mean in _MEAN_BGR], axis=-1)


def imagenet_rgb(grey):
    """Turn grey into what ResNet-18 was trained on.

    Args:
        grey: `(B, H, W, 1)` in 0…1.

    Returns:
        `(B, H, W, 3)`: three copies, normalised by ImageNet's mean and deviation.
    """
    channels = [(grey - mean) / scale for mean, scale in zip(_MEAN_RGB, _DEVIATION_RGB)]
    return ops.concatenate(channels, axis=-1)


def imagenet_lite(lightness):
    """Turn L* into what EfficientNet-Lite was trained on.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        `(B, H, W, 3)`: three copies of (x - 127) / 128, x in 0…255.
    """
    grey = (2.55 * lightness - 127.0) / 128.0
    return ops.concatenate([grey, grey, grey], axis=-1)


def vgg16(
    taps: list[str], weights: str = "imagenet", trainable: bool = False, batch_norm: bool = False
) -> keras.Model:
    """Build VGG16 (Simonyan and Zisserman 2015, configuration D) up to the last of `taps`.

    Without weights its kernels are He-normal: there is no batch normalisation, and Glorot's smaller
    kernels would lose half the signal's energy in each layer.

    Args:
        taps: As of `_build`, as are the two that follow.
        weights: Of the same variant.
        trainable: Whether training changes it.
        batch_norm: The variant with batch normalisation before each ReLU, for training from
            scratch: see `benchmarks/training.md`.

    Raises:
        UsageError: ImageNet weights for the variant with batch normalisation; or as of `_build`.
        WeightsUnavailable: As of `_build`.
    """
    if batch_norm and weights == "imagenet":
        raise errors.UsageError(
            "`batch_norm` is for a VGG16 that is trained from scratch; ImageNet's weights have "
            "none. Received: batch_norm=True, backbone_weights='imagenet'."
        )
    application = _vgg16_bn if batch_norm else keras.applications.VGG16
    backbone = _build(application, taps, weights, trainable)
    if weights == "none" and not batch_norm:
        draw = keras.initializers.HeNormal()
        for layer in backbone.layers:
            if layer.weights:
                layer.kernel.assign(draw.clone()(layer.kernel.shape))
    return backbone


def resnet50(taps: list[str], weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build ResNet50 (He et al. 2016) up to the last of `taps`; see `_build`."""
    return _build(keras.applications.ResNet50, taps, weights, trainable)


def resnet18(weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build ResNet-18 (He et al. 2016) without its classifier: 11,176,512 parameters to train.

    Other than of `_build`: its pictures are `imagenet_rgb`'s, and `"imagenet"` needs keras-hub,
    since `keras.applications` has no ResNet-18.
    """
    return _build(_resnet18, ["stack3_block1_out"], weights, trainable)


def efficientnet_lite0(weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build EfficientNet-Lite0 without its classifier: maps at strides 2, 4, 8, 16 and 32.

    Other than of `_build`: its pictures are `imagenet_lite`'s, and ImageNet's weights come with the
    package.
    """
    return _build(_efficientnet_lite0, efficientnet_lite.TAPS, weights, trainable)


def unlock(network: keras.Model) -> None:
    """Let training change a network's backbone, but not the statistics of its batch norm."""
    backbone = network.get_layer("backbone")
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _build(application: Callable, taps: list[str], weights: str, trainable: bool) -> keras.Model:
    """Build a backbone up to the last of `taps`.

    Args:
        application: Of `keras.applications`.
        taps: Names of the layers whose features are returned, in order of depth.
        weights: `"imagenet"` (downloaded once by Keras), `"none"`, or the path of a Keras weights
            file of the network without its top.
        trainable: Whether training changes it.

    Returns:
        A model named `backbone`: `imagenet_bgr` pictures → a list of feature maps, or the one.

    Raises:
        UsageError: `weights` is none of these.
        WeightsUnavailable: ImageNet weights can be neither found nor downloaded.
    """
    if weights not in ("imagenet", "none") and not os.path.isfile(weights):
        raise errors.UsageError(
            "`backbone_weights` must be 'imagenet', 'none' or the path of a file that exists. "
            f"Received: backbone_weights={weights!r}."
        )
    try:
        whole = application(
            include_top=False,
            weights=None if weights == "none" else weights,
            input_shape=(None, None, 3),
        )
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise errors.WeightsUnavailable(
            f"The backbone's weights could not be loaded ({error}). Connect to the internet once, "
            "pass the path of the weights file, or pass 'none' to train the backbone from "
            f"scratch. Received: backbone_weights={weights!r}."
        ) from error
    outputs = [whole.get_layer(tap).output for tap in taps]
    backbone = keras.Model(whole.input, outputs if len(taps) > 1 else outputs[0], name="backbone")
    backbone.trainable = trainable
    return backbone


# ---- EfficientNet-Lite ----


def _efficientnet_lite0(weights: str | None, input_shape: tuple, include_top: bool = False):
    """Build EfficientNet-Lite0 as `keras.applications` would."""
    network = efficientnet_lite.build("efficientnet_lite0")
    if weights == "imagenet":
        efficientnet_lite.load_imagenet(network)
    elif weights:
        network.load_weights(weights)
    return network


# ---- VGG16 with batch normalisation ----


def _vgg16_bn(weights: str | None, input_shape: tuple, include_top: bool = False) -> keras.Model:
    """Build VGG16 with batch norm as `keras.applications` would; a tap's name is its ReLU's."""
    x = pictures = keras.Input(input_shape)
    for block, (filters, convolutions) in enumerate(_VGG16, 1):
        for i in range(convolutions):
            name = f"block{block}_conv{i + 1}"
            x = layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=f"{name}_kernel",
            )(x)
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
            x = layers.ReLU(name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    network = keras.Model(pictures, x)
    if weights:
        network.load_weights(weights)
    return network


# ---- ResNet-18 ----


def _resnet18(weights: str | None, input_shape: tuple, include_top: bool = False) -> keras.Model:
    """Build ResNet-18 as `keras.applications` would, with the names of keras-hub's layers.

    keras-hub itself would bring 200 MB of text processing along with these lines.
    """
    pictures = keras.Input(input_shape)
    x = _norm(_conv(pictures, 64, 7, 2, "conv1"), "conv1")  # at 224: (112, 112, 64)
    x = layers.ZeroPadding2D(1)(layers.ReLU()(x))
    x = layers.MaxPooling2D(3, 2)(x)  # (56, 56, 64)
    for stage, filters in enumerate([64, 128, 256, 512]):  # 56, 28, 14, 7
        for block in range(2):
            stride = 2 if stage and not block else 1
            name, shortcut = f"stack{stage}_block{block}", x
            x = layers.ReLU()(_norm(_conv(x, filters, 3, stride, f"{name}_1"), f"{name}_1"))
            x = _norm(_conv(x, filters, 3, 1, f"{name}_2"), f"{name}_2")
            if stride == 2:
                shortcut = _norm(_conv(shortcut, filters, 1, 2, f"{name}_0"), f"{name}_0")
            x = layers.ReLU(name=f"{name}_out")(layers.Add()([shortcut, x]))
    network = keras.Model(pictures, x)
    if weights == "imagenet":
        copy_weights(_keras_hub().Backbone.from_preset("resnet_18_imagenet"), network)
    elif weights:
        network.load_weights(weights)
    return network


def _conv(x, filters, kernel_size, stride, name):
    # Padded on both sides, as the weights were trained; "same" would shift strided maps.
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2)(x)
    return layers.Conv2D(filters, kernel_size, stride, use_bias=False, name=f"{name}_conv")(x)


def _norm(x, name):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def _keras_hub():
    try:
        from keras_hub import models
    except ImportError as error:
        raise ImportError(f"{error}: pip install 'keras_colorize[hub]'") from error
    return models


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy weights between models whose layers have the same names and shapes.

    Raises:
        ValueError: They have not.
    """
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())
    if source.count_params() != target.count_params():
        raise ValueError(f"{source.name} has layers that {target.name} has not.")
