"""What the ImageNet backbones have in common: inputs, weights, taps."""

import os
from collections.abc import Callable

import keras
from keras import ops

from keras_colorize import downloads, errors

# ImageNet's mean color, blue first, as in the Caffe models from which the weights come.
_MEAN_BGR = (103.939, 116.779, 123.68)
# Its mean and standard deviation for pictures in 0…1, red first, as usual elsewhere.
_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


# What the functions of `keras.applications` are told.
HEADLESS = {"include_top": False, "input_shape": (None, None, 3)}


def imagenet_bgr(lightness):
    """Turn L* into pictures as VGG16 and ResNet50 were trained on.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        `(B, H, W, 3)`: three copies of L* scaled to 0…255, minus ImageNet's mean color.
    """
    return ops.concatenate([2.55 * lightness - mean for mean in _MEAN_BGR], axis=-1)


def imagenet_rgb(gray):
    """Turn gray into pictures as ResNet-18 was trained on.

    Args:
        gray: `(B, H, W, 1)` in 0…1.

    Returns:
        `(B, H, W, 3)`: three copies, normalized by ImageNet's mean and standard deviation.
    """
    channels = [(gray - mean) / scale for mean, scale in zip(_MEAN_RGB, _DEVIATION_RGB)]
    return ops.concatenate(channels, axis=-1)


def build(
    application: Callable,
    taps: list[str],
    weights: str,
    trainable: bool,
    file: str = "",
    network: str = "",
) -> keras.Model:
    """Build a backbone up to the last of `taps`.

    Args:
        application: A function from weights (None, `"imagenet"` or a file) to the network without
            its top.
        taps: Names of the layers whose features are returned, in order of depth.
        weights: `"imagenet"` (the file in Keras's folder, or else downloaded by Keras), `"none"`,
            or the path of a Keras weights file of the network without its top.
        trainable: Whether training changes it.
        file: Name of the file with ImageNet's weights in Keras's folder, where a person may put it;
            empty if they come with the package.
        network: Name of the folder from which Keras downloads that file; empty if it does not.

    Returns:
        A model named `backbone`: pictures as `imagenet_bgr` returns them → a list of feature
        maps, or a single one.

    Raises:
        UsageError: `weights` is none of these.
        WeightsUnavailable: The weights could not be loaded or downloaded.
    """
    if weights not in ("imagenet", "none") and not os.path.isfile(weights):
        raise errors.wrong(
            "`backbone_weights` must be 'imagenet', 'none' or the path of a file that exists.",
            backbone_weights=weights,
        )
    found = None if weights == "none" else weights
    try:
        if weights == "imagenet" and file:
            found = downloads.imagenet_weights(file, network)
        whole = application(weights=found)
    except Exception as error:  # Keras raises a bare Exception when the download fails
        if type(error) is errors.UsageError:  # an altered file, which is no reason to do without
            raise
        reason = f"{found}: {error}" if found not in (None, weights) else str(error)
        # Without Keras's own traceback, which is long and says no more.
        raise errors.WeightsUnavailable(
            f"The backbone's weights could not be loaded ({reason}). Connect to the internet once, "
            f"put the file {file or 'with them'} into {downloads.keras_folder()}, or pass 'none' "
            "to train the backbone from scratch. lite_unet needs no download: ImageNet's weights "
            f"of its backbone come with the package. Received: backbone_weights={weights!r}.",
            reason,
        ) from None
    outputs = [whole.get_layer(tap).output for tap in taps]
    backbone = keras.Model(whole.input, outputs if len(taps) > 1 else outputs[0], name="backbone")
    backbone.trainable = trainable
    return backbone


def unlock(network: keras.Model) -> None:
    """Make a network's backbone trainable, except for its batch normalization."""
    backbone = network.get_layer("backbone")
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
