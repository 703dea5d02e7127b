"""ImageNet backbones: which weights they get, and which of their features are tapped."""

import os

import keras

from keras_colorize import errors


def vgg16(taps: list[str], weights: str = "imagenet", trainable: bool = False) -> keras.Model:
    """Build VGG16 up to the last of `taps`.

    Simonyan and Zisserman 2015, configuration D.

    Args:
        taps: Names of the layers whose features are returned, in order of depth.
        weights: `"imagenet"` (downloaded once by Keras), `"none"`, or the path of a Keras weights
            file of VGG16 without its top. `"none"` draws He-normal kernels: there is no batch
            normalisation here, and Glorot's smaller kernels would lose half the signal's energy in
            each of the ten layers.
        trainable: Whether training changes it.

    Returns:
        A model named `backbone`: BGR `(B, H, W, 3)` less ImageNet's mean → a list of feature maps.

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
        whole = keras.applications.VGG16(
            include_top=False,
            weights=None if weights == "none" else weights,
            input_shape=(None, None, 3),
        )
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise errors.WeightsUnavailable(
            f"VGG16's weights could not be loaded ({error}). Connect to the internet once, pass "
            "the path of the weights file, or pass 'none' to train the backbone from scratch. "
            f"Received: backbone_weights={weights!r}."
        ) from error
    if weights == "none":
        draw = keras.initializers.HeNormal()
        for layer in whole.layers:
            if layer.weights:
                layer.kernel.assign(draw.clone()(layer.kernel.shape))
    outputs = [whole.get_layer(tap).output for tap in taps]
    backbone = keras.Model(whole.input, outputs, name="backbone")
    backbone.trainable = trainable
    return backbone
