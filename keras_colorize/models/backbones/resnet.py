"""ResNet50 and ResNet-18 (He et al. 2016)."""

from functools import partial

import keras
from keras import layers

from keras_colorize.models.backbones.base import HEADLESS, build

_FILE_50 = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
_FILE_18 = "resnet18.weights.h5"


def resnet50(taps: list[str], weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build ResNet50 (He et al. 2016) up to the last of `taps`; see `build`."""
    application = partial(keras.applications.ResNet50, **HEADLESS)
    return build(application, taps, weights, trainable, _FILE_50, "resnet")


def resnet18(weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build ResNet-18 (He et al. 2016) without its classifier: 11,176,512 parameters to train.

    Its input is pictures as `imagenet_rgb` returns them. `weights="imagenet"` needs keras-hub,
    since `keras.applications` has no ResNet-18, or a file that this backbone's `save_weights` wrote
    where there is keras-hub; otherwise as for `build`.
    """
    return build(_resnet18, ["stack3_block1_out"], weights, trainable, _FILE_18)


def _resnet18(weights: str | None) -> keras.Model:
    """Build ResNet-18 without its classifier, with the layer names of keras-hub.

    It is built here because keras-hub brings 200 MB of text processing.
    """
    pictures = keras.Input((None, None, 3))
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
        try:
            from keras_hub import models
        except ImportError as error:
            raise ImportError(f'{error}: pip install "keras_colorize[hub]"') from error
        copy_weights(models.Backbone.from_preset("resnet_18_imagenet"), network)
    elif weights:
        network.load_weights(weights)
    return network


def _conv(x, filters, kernel_size, stride, name):
    # The weights were trained with padding on both sides; "same" would shift strided maps.
    if kernel_size > 1:
        x = layers.ZeroPadding2D(kernel_size // 2)(x)
    return layers.Conv2D(filters, kernel_size, stride, use_bias=False, name=f"{name}_conv")(x)


def _norm(x, name):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy weights between models whose layers have the same names and shapes.

    Raises:
        ValueError: The names or shapes differ.
    """
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())
    if source.count_params() != target.count_params():
        raise ValueError(f"{source.name} has layers that {target.name} has not.")
