"""Which runtime colors: Keras, or ONNX Runtime, which starts without Keras and TensorFlow."""

import importlib.util
import os
from typing import TYPE_CHECKING

from keras_colorize import cli, colorizer, errors
from keras_colorize.colorizer import Decoding, pretrained
from keras_colorize.runtimes import onnx_runtime

if TYPE_CHECKING:
    from keras_colorize.colorizer import Colorizer
    from keras_colorize.colorizer.summary import Summary

RUNTIMES = ("auto", "keras", "onnx")


def check(
    model: str | os.PathLike, decoding: Decoding, runtime: str
) -> "Summary | onnx_runtime.Summary":
    """Refuse, before anything heavy starts, what cannot be colored.

    Args:
        model: What `load` takes.
        decoding: How the network's output becomes colors.
        runtime: One of `RUNTIMES`.

    Returns:
        What is said of the model.

    Raises:
        UsageError: An unknown runtime or one that is not installed, a model that does not exist, a
            decoding that it does not have.
    """
    if runtime not in RUNTIMES:
        raise errors.unknown("runtime", runtime, RUNTIMES)
    if runtime == "onnx" and not onnx_runtime.is_installed():
        raise errors.wrong(
            '`runtime` onnx needs ONNX Runtime: `pip install "keras_colorize[onnx]"`.',
            runtime="onnx",
        )
    if runtime != "keras" and onnx_runtime.is_folder(model):
        summary = onnx_runtime.read(model)
        onnx_runtime.check(summary, decoding)
        return summary
    summary = pretrained.summarize(model)
    decoding.check(summary, os.fspath(model))
    if runtime == "onnx" and decoding.method == "sample":
        raise onnx_runtime.cannot_sample()
    if runtime == "onnx" and onnx_runtime.find(model) is None:
        onnx_runtime.check_writer()  # it will be written
    return summary


def load(
    model: str | os.PathLike, decoding: Decoding, runtime: str = "auto"
) -> "Colorizer | onnx_runtime.OnnxColorizer":
    """Load a trained model into the runtime that shall color.

    `auto` is ONNX Runtime where it is installed and has the model's file, and Keras elsewhere.
    `onnx` makes the file if there is none, once.

    Args:
        model: A name or a folder as `pretrained.load` takes it, or one that holds ONNX files.
        decoding: How the network's output becomes colors; ONNX has all of it but `sample`.
        runtime: One of `RUNTIMES`.

    Raises:
        UsageError: A model that cannot be loaded, or a runtime that is not installed.
    """
    if runtime != "keras" and onnx_runtime.is_installed() and decoding.method != "sample":
        folder = onnx_runtime.find(model)
        if folder is None and runtime == "onnx":
            _start_keras(model)
            from keras_colorize.runtimes import onnx_files  # brings TensorFlow

            folder = onnx_files.cache(model)
        if folder is not None:
            return onnx_runtime.OnnxColorizer(folder)
    _start_keras(model)
    return colorizer.load(model)


def _start_keras(model) -> None:
    if not importlib.util.find_spec("keras"):
        raise errors.wrong(
            "Without Keras, `model` must be one with an ONNX file beside its weights, such as "
            f"{cli.DEFAULT_MODEL!r}, or a folder that `export --format onnx` wrote.",
            model=model,
        )
    cli.start_keras()
