"""ImageNet backbones: which weights they get, and which of their features are tapped."""

import os
from collections.abc import Callable

import keras
from keras import ops

from keras_colorize import errors

# ImageNet's mean colour, blue first, as the Caffe models that these weights come from had it.
_MEAN_BGR = (103.939, 116.779, 123.68)


def imagenet_bgr(lightness):
    """Turn L* into what VGG16 and ResNet50 were trained on.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        `(B, H, W, 3)`: three copies of 0…255, less ImageNet's mean colour.
    """
    return ops.concatenate([2.55 * lightness - mean for mean in _MEAN_BGR], axis=-1)


def vgg16(taps: list[str], weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build VGG16 (Simonyan and Zisserman 2015, configuration D) up to the last of `taps`.

    Args and errors are those of `_build`. Without weights its kernels are He-normal: there is no
    batch normalisation, and Glorot's smaller kernels would lose half the signal's energy in each
    layer.
    """
    backbone = _build(keras.applications.VGG16, taps, weights, trainable)
    if weights == "none":
        draw = keras.initializers.HeNormal()
        for layer in backbone.layers:
            if layer.weights:
                layer.kernel.assign(draw.clone()(layer.kernel.shape))
    return backbone


def resnet50(taps: list[str], weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build ResNet50 (He et al. 2016) up to the last of `taps`; see `_build`."""
    return _build(keras.applications.ResNet50, taps, weights, trainable)


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
