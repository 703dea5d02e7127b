"""A Colorizer as files that run without Keras and TensorFlow: in ONNX Runtime, in LiteRT.

The graphs of TensorFlow are translated; what they compute is the Colorizer's own code.
"""

import dataclasses
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_colorize import files
from keras_colorize.color import lab, pixels
from keras_colorize.colorizer import Colorizer, Decoding, load
from keras_colorize.colorizer.decoding import PLAIN
from keras_colorize.layers import resizing
from keras_colorize.runtimes import (
    calibration,
    doubling,
    litert_files,
    onnx_files,
    portable,
    provenance,
)
from keras_colorize.runtimes.litert_runtime import LITERT
from keras_colorize.runtimes.onnx_runtime import ONNX
from keras_colorize.runtimes.portable import Format

_TRANSLATE = {ONNX: onnx_files.translate, LITERT: litert_files.translate}

_LIGHTNESS = tf.TensorSpec([1, None, None, 1], tf.float32, name="lightness")
_PHOTOGRAPH = tf.TensorSpec([None, None, 3], tf.uint8, name="photograph")


def network_of(
    colorizer: Colorizer, format: Format, photographs: Sequence[np.ndarray] = ()
) -> bytes:
    """Return the network and the decoding of its colors: L* of its own size in, ab out.

    Args:
        colorizer: What is translated.
        format: The format of the file.
        photographs: Those on which int8 is calibrated, uint8 `(size, size, 3)` each; without any
            the network stays in floats.

    Raises:
        RunError: A graph that the format cannot carry.
    """
    colorizer = doubling.by_resizing(colorizer)
    has_classes = colorizer.head.has_classes

    def predict(lightness, temperature=None, rebalance=None):
        size = keras.ops.shape(lightness)[1:3]

        def read(outputs):
            color = outputs["color"]
            if rebalance is not None:
                color = colorizer.head.rebalance(color, rebalance)
            found = {"ab": colorizer.head.decode(color, "mean", temperature)}
            if has_classes:
                found["ab_argmax"] = colorizer.head.decode(color, "argmax")
            if "saliency" in outputs:
                found["saliency"] = outputs["saliency"] / 2 + 0.5
            return found

        return colorizer.answer(lightness, size, read)

    own, defaults = _own(colorizer), {}
    if has_classes:
        defaults["temperature"] = own.temperature
    if colorizer.head.has_prior:
        defaults["rebalance"] = own.rebalance
    samples = [pixels.lightness_of(rgb[None]) for rgb in photographs]
    return _translated(predict, format, colorizer, _LIGHTNESS, defaults, samples)


def pictures_of(
    colorizer: Colorizer,
    format: Format,
    decoding: Decoding = PLAIN,
    photographs: Sequence[np.ndarray] = (),
) -> bytes:
    """Return everything between a photograph's pixels and the picture's.

    Args:
        colorizer: What is translated.
        format: The format of the file.
        decoding: How the network's output becomes colors.
        photographs: As for `network_of`.

    Raises:
        RunError: A graph that the format cannot carry.
    """
    colorizer = doubling.by_resizing(colorizer)
    whole = decoding.over(_own(colorizer))

    def color(photograph, chroma, temperature=None):
        lightness = lab.rgb_to_lightness(photograph)
        choice = dataclasses.replace(decoding, chroma=1.0, temperature=temperature)
        ab = chroma * colorizer.ab_of(lightness[None], choice)[0]
        rgb = lab.lab_to_rgb(lab.fit_gamut(keras.ops.concatenate([lightness, ab], -1)))
        return {"picture": keras.ops.cast(keras.ops.round(255.0 * rgb), "uint8")}

    defaults = {"chroma": decoding.chroma}
    if colorizer.head.has_classes and whole.method != "argmax":
        defaults["temperature"] = whole.temperature
    return _translated(color, format, colorizer, _PHOTOGRAPH, defaults, photographs)


def _translated(function, format, colorizer, picture, defaults, samples):
    half = _is_halved(colorizer.network)
    with resizing.translated():
        return _TRANSLATE[format](function, colorizer, picture, defaults, half, samples)


def _is_halved(network: keras.Model) -> bool:
    """Return whether the network's kernels come from a file that has them in half precision."""
    kernels = [np.asarray(weight) for weight in network.weights if len(weight.shape) > 1]
    return all(np.array_equal(kernel.astype("float16"), kernel) for kernel in kernels)


def _own(colorizer):
    """Return the choices that suit a model's weights, none of them open."""
    own, head = colorizer.decoding, colorizer.head
    if not head.has_classes:
        return own
    return own.over(
        Decoding(head.method, head.temperature, rebalance=0.0 if head.has_prior else None)
    )


def export(
    model: str,
    out: str | os.PathLike,
    format: Format,
    decoding: Decoding = PLAIN,
    name: str | None = None,
    data: str | None = None,
) -> Path:
    """Write a trained model as `out/NAME/FORMAT`, or `FORMAT_int8`, all or nothing.

    An earlier export of the same network and head is replaced.
    `colorize` takes the pixels of a photograph and returns those of the picture.
    `lightness_to_ab` is the network with the decoding of its colors alone; the verb runs it.

    Args:
        model: What `load` takes.
        out: Folder.
        format: The format of the files.
        decoding: How the network's output becomes colors.
        name: The name of the export. None: that of the weights.
        data: Photographs on which the network is calibrated for int8, as `calibration.photographs`
            takes them. None: it stays in floats.

    Returns:
        The folder.

    Raises:
        UsageError: A model that cannot be loaded, a decoding that it or the format does not have,
            a name whose exports are of another network or head, a folder that cannot be written to,
            photographs that cannot be read, or packages that are missing.
        RunError: A network that the format cannot carry.
    """
    name = provenance.check(model, out, decoding, name)
    format.check_export(decoding)
    about = provenance.describe(model, name, decoding, _writers(format, data is not None))
    about["signatures"] = _signatures(format)
    provenance.check_same(Path(out) / name, about)
    colorizer = load(model)
    below, photographs = format.name, []
    if data is not None:
        below, photographs = f"{below}_int8", calibration.photographs(data, colorizer.size)
        about["int8"] = {"photographs": len(photographs)}
    with files.output_folder(Path(out) / name) as folder:
        contents = {
            format.pictures: pictures_of(colorizer, format, decoding, photographs),
            format.network: network_of(colorizer, format, photographs),
        }
        _write(folder / below, contents, colorizer, about)
    return folder / below


def cache(model: str | os.PathLike, format: Format) -> Path:
    """Write the network of a trained model into the user's cache; return the folder.

    Raises:
        UsageError: A model that cannot be loaded, or packages that are missing.
    """
    folder = format.cache_of(model)
    name = Path(model).resolve().name
    print(f"Translating {name} into {format.title}, once: {folder}", file=sys.stderr)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_network(model, format, folder)
    return folder


def write_network(model: str | os.PathLike, format: Format, folder: Path) -> None:
    """Write the network of a trained model, which is all that `colorize` needs of it.

    Args:
        model: What `load` takes.
        format: The format of the file.
        folder: One in which `format.find` looks. It is replaced if it exists.

    Raises:
        UsageError: A model that cannot be loaded, or packages that are missing.
    """
    format.check_writer()
    colorizer = load(model)
    name = Path(model).resolve().name
    about = provenance.describe(model, name, PLAIN, _writers(format, int8=False))
    about["signatures"] = {format.network: _signatures(format)[format.network]}
    _write(folder, {format.network: network_of(colorizer, format)}, colorizer, about)


def _writers(format: Format, int8: bool) -> list[str]:
    """Return the packages whose versions matter; the runtime writes nothing but int8."""
    return [name for name in format.writers if int8 or name != format.runtime]


def _write(folder: Path, contents: dict[str, bytes], colorizer: Colorizer, about: dict) -> None:
    """Write files and what a runtime must know of them, all or nothing."""
    about = {
        "format": portable.FORMAT,
        **about,
        "stride": colorizer.stride,
        "own": dataclasses.asdict(_own(colorizer)),
        "saliency": "saliency" in colorizer.network.output,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    with files.atomic_folder(folder) as temporary:
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
        files.write_json(temporary / provenance.ABOUT, about)


def _signatures(format: Format) -> dict[str, dict]:
    """Return the inputs and outputs of each file in words."""
    may = "may be left out" if format is ONNX else "must be given"
    temperature = f"float32 scalar above 0, for models with classes; {may}"
    return {
        format.pictures: {
            "inputs": {
                "photograph": "uint8 (H, W, 3): sRGB, of any size",
                "chroma": f"float32 scalar, factor on a* and b*; {may}",
                "temperature": temperature,
            },
            "outputs": {"picture": "uint8 (H, W, 3): sRGB"},
        },
        format.network: {
            "inputs": {
                "lightness": "float32 (1, h, w, 1): L* in 0 to 100, of the size that the network "
                "sees",
                "temperature": temperature,
                "rebalance": "float32 scalar, -1 to 1, where the shares of classes are known; "
                f"{may}",
            },
            "outputs": {
                "ab": "float32 (1, h', w', 2): CIELAB a* and b*; of classes the mean",
                "ab_argmax": "the same, of the most probable class; for models with classes",
                "saliency": "float32 (1, h', w', 1) in 0 to 1; for networks that predict it",
            },
        },
    }
