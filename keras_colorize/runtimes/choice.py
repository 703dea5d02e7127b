"""Which runtime colors: Keras, or one that starts without Keras and TensorFlow."""

import importlib.util
import os
from typing import TYPE_CHECKING

from keras_colorize import cli, colorizer, errors
from keras_colorize.colorizer import Decoding, pretrained
from keras_colorize.runtimes.litert_runtime import LiteRtColorizer
from keras_colorize.runtimes.onnx_runtime import OnnxColorizer
from keras_colorize.runtimes.portable import PortableColorizer
from keras_colorize.runtimes.portable import Summary as PortableSummary

if TYPE_CHECKING:
    from keras_colorize.colorizer import Colorizer
    from keras_colorize.colorizer.summary import Summary

# `auto` asks them in this order.
PORTABLE = {kind.format.name: kind for kind in (OnnxColorizer, LiteRtColorizer)}
RUNTIMES = ("auto", "keras", *PORTABLE)


def check(
    model: str | os.PathLike, decoding: Decoding, runtime: str
) -> "Summary | PortableSummary":
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
    asked = PORTABLE[runtime].format if runtime in PORTABLE else None
    if asked:
        asked.check_installed()
    for format in (kind.format for kind in _kinds(model, runtime)):
        if format.is_folder(model):
            summary = format.read(model)
            decoding.check(summary, summary.name)
            format.check_method(decoding)
            return summary
    summary = pretrained.summarize(model)
    decoding.check(summary, os.fspath(model))
    if asked:
        asked.check_method(decoding)
        if asked.find(model) is None:  # it will be written
            asked.check_writer()
    return summary


def load(
    model: str | os.PathLike, decoding: Decoding, runtime: str = "auto"
) -> "Colorizer | PortableColorizer":
    """Load a trained model into the runtime that shall color.

    `auto` is the first of ONNX Runtime and LiteRT that is installed and has the model's file, and
    Keras elsewhere. `onnx` and `litert` make the file if there is none, once.

    Args:
        model: A name or a folder as `pretrained.load` takes it, or one that `export` wrote for ONNX
            Runtime or LiteRT.
        decoding: How the network's output becomes colors; `sample` is Keras's alone.
        runtime: One of `RUNTIMES`.

    Raises:
        UsageError: A model that cannot be loaded, or a runtime that is not installed.
    """
    for kind in _kinds(model, runtime):
        if not kind.format.is_installed() or decoding.method == "sample":
            continue
        folder = kind.format.find(model)
        if folder is None and runtime == kind.format.name:
            _start_keras(model)
            from keras_colorize.runtimes import portable_files  # brings TensorFlow

            folder = portable_files.cache(model, kind.format)
        if folder is not None:
            return kind(folder)
    _start_keras(model)
    return colorizer.load(model)


def _kinds(model, runtime) -> list[type[PortableColorizer]]:
    """Return what may color without Keras; only what can read it, where a folder was exported."""
    kinds = [kind for name, kind in PORTABLE.items() if runtime in ("auto", name)]
    return [kind for kind in kinds if kind.format.is_folder(model)] or kinds


def _start_keras(model) -> None:
    if not importlib.util.find_spec("keras"):
        raise errors.wrong(
            "Without Keras, `model` must be one with an ONNX file beside its weights, such as "
            f"{cli.DEFAULT_MODEL!r}, or a folder that `export` wrote for the runtime.",
            model=model,
        )
    cli.start_keras()
