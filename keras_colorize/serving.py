"""A Colorizer as a graph of TensorFlow alone: photographs in, pictures out, nothing to install.

Only what tf.function can trace and TensorFlow's own kernels can run is used, so that a server which
has never heard of Keras does what `colorize` does. No XLA: a server may be built without it.
"""

import inspect
import os

import keras
import tensorflow as tf

from keras_colorize.color import lab
from keras_colorize.colorizer import Colorizer
from keras_colorize.data import encoded

_BLOCK = 2**14  # pixels converted at a time: few enough for a core's cache, enough for its units

# TensorFlow Serving's REST interface takes names that end in _bytes for base64.
_IMAGES = tf.TensorSpec([None], tf.string, name="image_bytes")
_LIGHTNESS = tf.TensorSpec([None, None, None, 1], tf.float32, name="lightness")
_TEMPERATURE = tf.TensorSpec([None], tf.float32, name="temperature")


class Service(tf.Module):
    """The functions that a SavedModel carries, on the weights of a Colorizer.

    Photographs of a batch are coloured one after the other, so a batch of any length takes the
    memory of one, and its sizes may be mixed.

    Args:
        colorizer: With the decoding that `decode_by` chose.
    """

    def __init__(self, colorizer: Colorizer):
        super().__init__()
        self._colorizer = colorizer
        parameters = inspect.signature(colorizer.head.decode).parameters.values()
        self._decode_defaults = {each.name: each.default for each in parameters}
        self.weights = [variable.value for variable in colorizer.network.variables]

    def signatures(self) -> dict:
        """Return the functions by the names under which they are served.

        - `serving_default`: `image_bytes`, string `(B,)`, encoded photographs → `png_bytes`, string
          `(B,)`, at their own sizes.
        - `lightness_to_ab`: `lightness`, float32 `(B, H, W, 1)`, L* in 0…100 → `ab`, float32
          `(B, H, W, 2)`, CIELAB units.
        - Where the head has a temperature, `colorize_at_temperature` and
          `lightness_to_ab_at_temperature`: the same with a further input `temperature`, float32
          `(B,)`, one for each photograph. A signature has no inputs that may be left out, so these
          stand beside the two that everybody needs.
        """
        functions = {
            "serving_default": _function(self._color_images, _IMAGES),
            "lightness_to_ab": _function(self._predict_ab, _LIGHTNESS),
        }
        if "temperature" in self._decode_defaults:
            functions["colorize_at_temperature"] = _function(
                self._color_images, _IMAGES, _TEMPERATURE
            )
            functions["lightness_to_ab_at_temperature"] = _function(
                self._predict_ab, _LIGHTNESS, _TEMPERATURE
            )
        return functions

    def _predict_ab(self, lightness, temperature=None):
        return {"ab": self._ab_of(lightness, temperature)}

    def _ab_of(self, lightness, temperature):
        if temperature is None:
            return self._colorizer.ab_of(lightness)
        positive = tf.debugging.Assert(
            tf.reduce_all(temperature > 0), ["`temperature` must be positive"]
        )
        with tf.control_dependencies([positive]):
            temperature = tf.reshape(temperature, (-1, 1, 1, 1))
        decoding = (self._decode_defaults | self._colorizer.decoding)["decoding"]
        # The most probable class is the same at every temperature; who asks for one gets the mean.
        decoding = "mean" if decoding == "argmax" else decoding
        return self._colorizer.ab_of(lightness, decoding=decoding, temperature=temperature)

    def _color_images(self, images, temperature=None):
        def color(number):
            at = None if temperature is None else temperature[number][None]
            return self._color_image(images[number], number, at)

        pictures = tf.map_fn(
            color,
            tf.range(tf.size(images)),
            fn_output_signature=tf.TensorSpec([], tf.string),
            parallel_iterations=1,
        )
        return {"png_bytes": pictures}

    def _color_image(self, image, number, temperature):
        picture, wrong = encoded.read(image)
        name = tf.strings.format("image {} of the batch (the first is 0): ", number)
        right = tf.debugging.Assert(tf.equal(wrong, ""), [name + wrong])
        with tf.control_dependencies([right]):
            picture = tf.ensure_shape(picture, (None, None, 4))
        shape = tf.shape(picture)[:2]
        lightness = _each_pixel(_lightness, picture[..., :3], tf.float32, 1)
        ab = self._ab_of(lightness[None], temperature)[0]
        rgb = _each_pixel(_to_8bit, tf.concat([lightness, ab], -1), tf.uint8, 3)
        rgb = tf.reshape(rgb, (shape[0], shape[1], 3))
        return tf.cond(
            tf.reduce_all(picture[..., 3] == 255),
            lambda: tf.io.encode_png(rgb),
            lambda: tf.io.encode_png(tf.concat([rgb, picture[..., 3:]], -1)),
        )


def _function(function, *specifications):
    return tf.function(function, input_signature=specifications, autograph=False)


def _lightness(rgb):
    return lab.rgb_to_lab(rgb)[..., :1]


def _to_8bit(values):
    rgb = lab.lab_to_rgb(lab.fit_gamut(values))
    return keras.ops.cast(keras.ops.round(255.0 * rgb), "uint8")


def _each_pixel(function, picture, dtype, channels):
    """Apply a function of pixels `(N, 3)` in blocks: `(H, W, 3)` → `(H, W, channels)`."""
    shape = tf.shape(picture)
    pixels = tf.reshape(picture, (-1, 3))
    count = tf.shape(pixels)[0]
    blocks = tf.reshape(tf.pad(pixels, [[0, -count % _BLOCK], [0, 0]]), (-1, _BLOCK, 3))
    blocks = tf.map_fn(
        function, blocks, fn_output_signature=tf.TensorSpec([_BLOCK, channels], dtype)
    )
    pixels = tf.reshape(blocks, (-1, channels))[:count]
    return tf.reshape(pixels, (shape[0], shape[1], channels))


def save(colorizer: Colorizer, folder: str | os.PathLike) -> None:
    """Write a SavedModel that needs TensorFlow alone; its signatures are those of `Service`."""
    service = Service(colorizer)
    tf.saved_model.save(service, os.fspath(folder), signatures=service.signatures())
