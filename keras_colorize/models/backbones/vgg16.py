"""VGG16 (Simonyan and Zisserman 2015, configuration D)."""

from functools import partial

import keras
from keras import layers

from keras_colorize import errors
from keras_colorize.layers.blocks import MOMENTUM
from keras_colorize.models.backbones.base import HEADLESS, build

_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters and convolutions of each block

_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def vgg16(
    taps: list[str], weights: str = "imagenet", trainable: bool = False, batch_norm: bool = False
) -> keras.Model:
    """Build VGG16 (Simonyan and Zisserman 2015, configuration D) up to the last of `taps`.

    Without weights, its kernels are drawn from He's normal distribution. There is no batch
    normalization, and Glorot's smaller kernels would lose half of the signal's energy per layer.

    Args:
        taps: Names of the layers whose features are returned, in order of depth.
        weights: As for `build`; a file must be of the same variant.
        trainable: Whether training changes it.
        batch_norm: Whether there is batch normalization before each ReLU, for training from scratch
            (see `benchmarks/training.md`).

    Raises:
        UsageError: As for `build`.
        WeightsUnavailable: ImageNet weights together with `batch_norm`; or as for `build`.
    """
    if batch_norm and weights == "imagenet":
        raise errors.WeightsUnavailable(
            "`batch_norm` is for a VGG16 that is trained from scratch; ImageNet's weights have "
            "none. Received: batch_norm=True, backbone_weights='imagenet'.",
            "there are none for a VGG16 with batch normalization",
        )
    application = _vgg16_bn if batch_norm else partial(keras.applications.VGG16, **HEADLESS)
    backbone = build(application, taps, weights, trainable, _FILE, "vgg16")
    if weights == "none" and not batch_norm:
        draw = keras.initializers.HeNormal()
        for layer in backbone.layers:
            if layer.weights:
                layer.kernel.assign(draw.clone()(layer.kernel.shape))
    return backbone


def _vgg16_bn(weights: str | None) -> keras.Model:
    """Build VGG16 with batch normalization, with the layer names of `keras.applications`."""
    x = pictures = keras.Input((None, None, 3))
    for block, (filters, convolutions) in enumerate(_VGG16, 1):
        for i in range(convolutions):
            name = f"block{block}_conv{i + 1}"
            options = {"kernel_initializer": "he_normal", "name": f"{name}_kernel"}
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False, **options)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
            x = layers.ReLU(name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    network = keras.Model(pictures, x)
    if weights:
        network.load_weights(weights)
    return network
