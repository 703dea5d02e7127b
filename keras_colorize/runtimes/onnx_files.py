"""A Colorizer as ONNX files, for ONNX Runtime and whatever else reads the format.

tf2onnx translates the graphs of TensorFlow; what they compute is the Colorizer's own code.
"""

import dataclasses
import functools
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_colorize import errors, files
from keras_colorize.color import lab
from keras_colorize.colorizer import Colorizer, Decoding, load, pretrained
from keras_colorize.runtimes import onnx_runtime, provenance
from keras_colorize.runtimes.onnx_runtime import ABOUT, NETWORK

PICTURES = "colorize.onnx"
_OPSET = 18  # the newest that tf2onnx writes
_LEAST = 1024  # numbers in an array that is worth halving
_PLAIN = Decoding()

_LIGHTNESS = tf.TensorSpec([1, None, None, 1], tf.float32, name="lightness")
_PHOTOGRAPH = tf.TensorSpec([None, None, 3], tf.uint8, name="photograph")

_TEMPERATURE = "float32 scalar above 0, for models with classes; may be left out"

_SIGNATURES = {
    PICTURES: {
        "inputs": {
            "photograph": "uint8 (H, W, 3): sRGB, of any size",
            "chroma": "float32 scalar, factor on a* and b*; may be left out",
            "temperature": _TEMPERATURE,
        },
        "outputs": {"picture": "uint8 (H, W, 3): sRGB"},
    },
    NETWORK: {
        "inputs": {
            "lightness": "float32 (1, h, w, 1): L* in 0 to 100, of the size that the network sees",
            "temperature": _TEMPERATURE,
            "rebalance": "float32 scalar, -1 to 1, where the shares of classes are known; may be "
            "left out",
        },
        "outputs": {
            "ab": "float32 (1, h', w', 2): CIELAB a* and b*; of classes the mean",
            "ab_argmax": "the same, of the most probable class; for models with classes",
            "saliency": "float32 (1, h', w', 1) in 0 to 1; for networks that predict it",
        },
    },
}


def network_of(colorizer: Colorizer) -> bytes:
    """Return the network and the decoding of its colors: L* of its own size in, ab out."""
    has_classes = colorizer.head.has_classes

    def predict(lightness, temperature=None, rebalance=None):
        size = keras.ops.shape(lightness)[1:3]

        def read(outputs):
            color = outputs["color"]
            if rebalance is not None:
                color = colorizer.head.rebalance(color, rebalance)
            decode = functools.partial(colorizer.head.decode, color)
            found = {"ab": decode("mean", temperature) if has_classes else decode()}
            if has_classes:
                found["ab_argmax"] = decode("argmax")
            if "saliency" in outputs:
                found["saliency"] = outputs["saliency"] / 2 + 0.5
            return found

        return colorizer.answer(lightness, size, read)

    own, defaults = _own(colorizer), {}
    if has_classes:
        defaults["temperature"] = own.temperature
    if colorizer.head.has_prior:
        defaults["rebalance"] = own.rebalance
    return _translated(predict, colorizer, _LIGHTNESS, defaults)


def pictures_of(colorizer: Colorizer, decoding: Decoding = _PLAIN) -> bytes:
    """Return everything between a photograph's pixels and the picture's."""
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
    return _translated(color, colorizer, _PHOTOGRAPH, defaults)


def _own(colorizer):
    """Return the choices that suit a model's weights, none of them open."""
    own, head = colorizer.decoding, colorizer.head
    if not head.has_classes:
        return own
    return own.over(
        Decoding(head.method, head.temperature, rebalance=0.0 if head.has_prior else None)
    )


def _translated(
    function: Callable, colorizer: Colorizer, picture: tf.TensorSpec, defaults: dict[str, float]
) -> bytes:
    """Translate a function of a picture and of scalars, which may be left out."""
    import onnx
    import tf2onnx

    scalars = [tf.TensorSpec([], tf.float32, name=name) for name in defaults]
    signature = [picture, *scalars]
    traced = tf.function(function, input_signature=signature, autograph=False)
    model, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=_OPSET)
    left_open = {each.name for each in model.graph.input} - {spec.name for spec in signature}
    if left_open:  # a constant of a graph that is run, not built: tf2onnx takes it for an input
        raise errors.RunError(
            f"tf2onnx cannot translate {colorizer.arch}: it leaves {sorted(left_open)} open."
        )
    if _is_halved(colorizer.network):
        _halve(model.graph)
    for name, value in defaults.items():
        value = np.array(value, "float32")
        model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _is_halved(network: keras.Model) -> bool:
    """Return whether the network's kernels come from a file that has them in half precision."""
    kernels = [np.asarray(weight) for weight in network.weights if len(weight.shape) > 1]
    return all(np.array_equal(kernel.astype("float16"), kernel) for kernel in kernels)


def _halve(graph) -> None:
    """Store kernels in half precision, half the size; they are made whole when the file is read."""
    import onnx

    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype("float16")
        if values.dtype == np.float32 and values.size >= _LEAST and np.isfinite(half).all():
            name = f"{tensor.name}/half"
            cast = onnx.helper.make_node("Cast", [name], [tensor.name], to=onnx.TensorProto.FLOAT)
            graph.node.insert(0, cast)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, name))


def export(
    model: str, out: str | os.PathLike, decoding: Decoding = _PLAIN, name: str | None = None
) -> Path:
    """Write a trained model as `out/NAME/onnx`, all or nothing.

    `colorize.onnx` takes the pixels of a photograph and returns those of the picture.
    `lightness_to_ab.onnx` is the network with the decoding of its colors alone; `colorize` runs it.

    Args:
        model: What `load` takes.
        out: Folder.
        decoding: How the network's output becomes colors.
        name: The name of the export. None: that of the weights.

    Returns:
        The folder.

    Raises:
        UsageError: A model that cannot be loaded, a decoding that it or the format does not have,
            a folder that cannot be written to, or packages that are missing.
    """
    files.check_folder(out, "out")
    name = provenance.name_of(model, name)
    decoding.check(pretrained.summarize(model), os.fspath(model))
    onnx_runtime.check_export(decoding)
    colorizer = load(model)
    with files.output_folder(Path(out) / name, "out") as folder:
        contents = {PICTURES: pictures_of(colorizer, decoding), NETWORK: network_of(colorizer)}
        about = provenance.describe(model, name, decoding)
        _write(folder / "onnx", contents, colorizer, about)
    return folder / "onnx"


def cache(model: str | os.PathLike) -> Path:
    """Write the network of a trained model into the user's cache; return the folder.

    Raises:
        UsageError: A model that cannot be loaded, or packages that are missing.
    """
    folder = onnx_runtime.cache_of(model)
    name = Path(model).resolve().name
    print(f"Translating {name} for ONNX Runtime, once, into {folder}", file=sys.stderr)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_network(model, folder)
    return folder


def write_network(model: str | os.PathLike, folder: Path) -> None:
    """Write the network of a trained model, which is all that `colorize` needs of it.

    Args:
        model: What `load` takes.
        folder: One in which `onnx_runtime.find` looks. It is replaced if it exists.

    Raises:
        UsageError: A model that cannot be loaded, or packages that are missing.
    """
    onnx_runtime.check_writer()
    colorizer = load(model)
    about = provenance.describe(model, Path(model).resolve().name, _PLAIN)
    _write(folder, {NETWORK: network_of(colorizer)}, colorizer, about)


def _write(folder: Path, contents: dict[str, bytes], colorizer: Colorizer, about: dict) -> None:
    """Write files and what `onnx_runtime` must know of them, all or nothing."""
    about = {
        "format": onnx_runtime.FORMAT,
        **about,
        "stride": colorizer.stride,
        "own": dataclasses.asdict(_own(colorizer)),
        "saliency": "saliency" in colorizer.network.output,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "signatures": {name: _SIGNATURES[name] for name in contents},
    }
    with files.atomic_folder(folder) as temporary:
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
        files.write_json(temporary / ABOUT, about)
