"""Networks that double a map with an operation that every format has."""

import copy

import keras
import tensorflow as tf

from keras_colorize.colorizer import Colorizer
from keras_colorize.layers.blocks import Upscale2x


class _Resizing(keras.layers.UpSampling2D):
    """The same values by TensorFlow's resizing, which takes sizes that are not known."""

    def call(self, x):
        return tf.image.resize(x, 2 * tf.shape(x)[1:3], self.interpolation)


def by_resizing(colorizer: Colorizer) -> Colorizer:
    """Return a Colorizer that shares all weights and doubles maps by resizing.

    `Upscale2x` has to compute by shifts where sizes are not known. In a runtime they take five
    times as long, and the maps leave the layout in which it convolves. Where sizes are not known,
    LiteRT's converter loses the number of channels after `UpSampling2D`, which Keras makes of
    repetitions, and refuses the convolution that follows.

    Args:
        colorizer: The Colorizer, which is not changed.
    """

    def resizing(layer):
        if isinstance(layer, Upscale2x):
            return _Resizing(2, interpolation="bilinear", name=layer.name)
        if isinstance(layer, keras.layers.UpSampling2D) and layer.size == (2, 2):
            return _Resizing(2, interpolation=layer.interpolation, name=layer.name)
        return layer

    same = copy.copy(colorizer)
    same.network = keras.models.clone_model(colorizer.network, clone_function=resizing)
    return same
