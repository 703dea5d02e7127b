"""A Colorizer as a graph of TensorFlow alone: photographs in, pictures out, nothing to install.

Only what tf.function can trace and TensorFlow's own kernels can run is used, so that a server which
has never heard of Keras does what `colorize` does. No XLA: a server may be built without it.
"""

import dataclasses
import os
from pathlib import Path

import keras
import tensorflow as tf

from keras_colorize import files
from keras_colorize.color import lab
from keras_colorize.colorizer import Colorizer, Decoding, load
from keras_colorize.colorizer.decoding import PLAIN
from keras_colorize.runtimes import decode_images, provenance, tf_serving

_BLOCK = 2**14  # pixels converted at a time: few enough for a core's cache, enough for its units

# TensorFlow Serving's REST interface takes names that end in _bytes for base64.
_IMAGES = tf.TensorSpec([None], tf.string, name="image_bytes")
_LIGHTNESS = tf.TensorSpec([None, None, None, 1], tf.float32, name="lightness")
_TEMPERATURE = tf.TensorSpec([None], tf.float32, name="temperature")

_TENSORS = {
    "image_bytes": "string (B,): encoded photographs of any sizes, JPEG, PNG, WebP, BMP or GIF",
    "png_bytes": "string (B,): PNGs of the same sizes",
    "lightness": "float32 (B, H, W, 1): L* in 0 to 100",
    "ab": "float32 (B, H, W, 2): CIELAB a* and b*",
    "temperature": "float32 (B,): above 0, one for each; small takes the likeliest color",
}
_ABOUT = f"assets/{provenance.ABOUT}"


def _graph(*signature: tf.TensorSpec):
    """Make a function a graph for inputs of these kinds."""
    return tf.function(input_signature=signature, autograph=False)


class Service(tf.Module):
    """The functions that a SavedModel carries, on the weights of a Colorizer.

    Photographs of a batch are colored one after the other, so a batch of any length takes the
    memory of one, and its sizes may be mixed.

    Args:
        colorizer: The trained model.
        decoding: How its output becomes colors.
    """

    def __init__(self, colorizer: Colorizer, decoding: Decoding = PLAIN):
        super().__init__()
        self._colorizer, self._decoding = colorizer, decoding
        self._ab = _graph(_LIGHTNESS)(lambda lightness: colorizer.ab_of(lightness, decoding))
        if colorizer.head.has_classes:
            self._ab_at = _graph(_LIGHTNESS, _TEMPERATURE)(self._predict_at)
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
            "serving_default": _graph(_IMAGES)(self._color_images),
            "lightness_to_ab": _graph(_LIGHTNESS)(self._predict_ab),
        }
        if self._colorizer.head.has_classes:
            functions["colorize_at_temperature"] = _graph(_IMAGES, _TEMPERATURE)(self._color_images)
            functions["lightness_to_ab_at_temperature"] = _graph(_LIGHTNESS, _TEMPERATURE)(
                self._predict_ab
            )
        return functions

    def _predict_ab(self, lightness, temperature=None):
        if temperature is None:
            return {"ab": self._ab(lightness)}
        return {"ab": self._ab_at(lightness, temperature)}

    def _predict_at(self, lightness, temperature):
        positive = tf.debugging.Assert(
            tf.reduce_all(temperature > 0), ["`temperature` must be positive"]
        )
        with tf.control_dependencies([positive]):
            temperature = tf.reshape(temperature, (-1, 1, 1, 1))
        own = self._decoding.over(self._colorizer.decoding)
        method = own.method or self._colorizer.head.method
        # The most probable class is the same at any temperature: it gives way to the mean.
        method = "mean" if method == "argmax" else method
        decoding = dataclasses.replace(self._decoding, method=method, temperature=temperature)
        return self._colorizer.ab_of(lightness, decoding)

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
        picture, wrong = _read(image)
        name = tf.strings.format("image {} of the batch (the first is 0): ", number)
        right = tf.debugging.Assert(tf.equal(wrong, ""), [name + wrong])
        with tf.control_dependencies([right]):
            picture = tf.identity(picture)
        lightness = _lightness_of(picture)
        ab = self._predict_ab(lightness[None], temperature)["ab"][0]
        return _encode(tf.concat([lightness, ab], -1), picture[..., 3:])


# What every export has in common is traced once.


@_graph(tf.TensorSpec([], tf.string))
def _read(image):
    picture, wrong = decode_images.read(image)
    return tf.ensure_shape(picture, (None, None, 4)), wrong


@_graph(tf.TensorSpec([None, None, 4], tf.uint8))
def _lightness_of(picture):
    return _each_pixel(lab.rgb_to_lightness, picture[..., :3], tf.float32, 1)


@_graph(tf.TensorSpec([None, None, 3], tf.float32), tf.TensorSpec([None, None, 1], tf.uint8))
def _encode(values, alpha):
    def to_8bit(values):
        rgb = lab.lab_to_rgb(lab.fit_gamut(values))
        return keras.ops.cast(keras.ops.round(255.0 * rgb), "uint8")

    rgb = _each_pixel(to_8bit, values, tf.uint8, 3)
    return tf.cond(
        tf.reduce_all(alpha == 255),
        lambda: tf.io.encode_png(rgb),
        lambda: tf.io.encode_png(tf.concat([rgb, alpha], -1)),
    )


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


def save(
    colorizer: Colorizer,
    folder: str | os.PathLike,
    decoding: Decoding = PLAIN,
    about: dict | None = None,
) -> None:
    """Write a SavedModel that needs TensorFlow alone; its signatures are those of `Service`.

    It brings the requests with which TensorFlow Serving warms up.

    Args:
        colorizer: The trained model.
        folder: Where to write.
        decoding: How the network's output becomes colors.
        about: What `assets/model.json` says of the model, beside its signatures.
    """
    service = Service(colorizer, decoding)
    functions = service.signatures()
    tf.saved_model.save(service, os.fspath(folder), signatures=functions)
    signatures = {name: _document(function) for name, function in functions.items()}
    about = {"name": colorizer.arch, **(about or {}), "signatures": signatures}
    tf_serving.write_warmup(folder, about["name"], signatures, colorizer.size)
    files.write_json(Path(folder) / _ABOUT, about)


def _document(function) -> dict:
    """Return what goes into a signature and what comes out, in words."""
    inputs = [spec.name for spec in function.input_signature]
    output = "png_bytes" if "image_bytes" in inputs else "ab"
    return {
        "inputs": {name: _TENSORS[name] for name in inputs},
        "outputs": {output: _TENSORS[output]},
    }


def export(
    model: str, out: str | os.PathLike, decoding: Decoding = PLAIN, name: str | None = None
) -> Path:
    """Write a trained model as the next version in TensorFlow Serving's layout.

    The version appears whole or not at all, so a server may watch the folder. A configuration of
    the server's queue is put beside the versions, unless there is one.

    Args:
        model: What `load` takes.
        out: Folder; the model goes to `out/NAME/VERSION`.
        decoding: How the network's output becomes colors.
        name: The name under which it is served. None: that of the weights.

    Returns:
        The folder of the version.

    Raises:
        UsageError: A model that cannot be loaded, a decoding that it does not have, a name whose
            exports are of another network or head, a folder that cannot be written to.
    """
    name = provenance.check(model, out, decoding, name)
    about = provenance.describe(model, name, decoding)
    folder = Path(out) / name
    provenance.check_same(folder, about)
    # Servers take the highest number; a gap is a version that was withdrawn.
    versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
    version = folder / str(max(versions, default=0) + 1)
    colorizer = load(model)
    with files.output_folder(folder), files.atomic_folder(version) as temporary:
        save(colorizer, temporary, decoding, {**about, "version": int(version.name)})
    tf_serving.write_batching(folder)
    return version
