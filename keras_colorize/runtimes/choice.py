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

# `auto` asks them in this order: the default weights come with ONNX Runtime's file alone, and it is
# the faster one where the network is most of the work.
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
        UsageError: An unknown runtime or one that is not installed, a model that does not exist or
            that the runtime cannot read, a decoding that it does not have.
    """
    if runtime not in RUNTIMES:
        raise errors.unknown("runtime", runtime, RUNTIMES)
    for format in (kind.format for kind in PORTABLE.values()):
        if format.is_folder(model):
            return _check_exported(model, format, decoding, runtime)
    asked = PORTABLE[runtime].format if runtime in PORTABLE else None
    if asked and not asked.is_installed():
        text = f'`runtime` {runtime} needs `pip install "keras_colorize[{runtime}]"`.'
        raise errors.wrong(text, runtime=runtime)
    summary = pretrained.summarize(model)
    decoding.check(summary, os.fspath(model))
    if asked:
        asked.check_method(decoding)
    if runtime == "keras":
        check_keras("`runtime` keras needs")
    elif decoding.method == "sample":
        check_keras("`decoding` sample needs")
    elif not _has_keras():
        _check_file(model, runtime)
    if asked and asked.find(model) is None:  # it will be written
        asked.check_writer()
    return summary


def check_keras(what: str) -> None:
    """Raise a UsageError if Keras is not installed.

    Args:
        what: What needs it, and the verb: "Hints need".
    """
    if not _has_keras():
        raise errors.UsageError(
            f"{what} Keras, which is not installed: `pip install keras_colorize` brings it."
        )


def _has_keras() -> bool:
    return importlib.util.find_spec("keras") is not None


def _check_exported(model, format, decoding, runtime) -> PortableSummary:
    """Check a folder that `export` wrote; return what it says of its model."""
    if runtime not in ("auto", format.name):
        raise errors.wrong(
            f"`model` is a folder of {format.title} files, which only `runtime` {format.name} "
            "runs. For another runtime, and for hints, references, a second model, more than two "
            "variants and films, give the weights that they were made of.",
            model=model,
            runtime=runtime,
        )
    if not format.is_installed():
        raise errors.wrong(
            f"`model` is a folder of {format.title} files; install what runs them with "
            f'`pip install "keras_colorize[{format.name}]"`.',
            model=model,
        )
    summary = format.read(model)
    decoding.check(summary, summary.name)
    format.check_method(decoding)
    return summary


def _check_file(model, runtime) -> None:
    """Raise a UsageError unless the model's file is there, and a runtime for it; without Keras."""
    formats = [kind.format for kind in _kinds(model, runtime) if kind.format.is_installed()]
    if not formats:
        raise errors.UsageError(
            'Neither Keras, ONNX Runtime nor LiteRT is installed: `pip install "'
            'keras_colorize[onnx]"` brings what colors with the default weights.'
        )
    if not any(format.find(model) for format in formats):
        raise errors.wrong(
            "Without Keras, `model` must be one with an ONNX file beside its weights, such as "
            f"{cli.DEFAULT_MODEL!r}, or a folder that `export` wrote for the runtime.",
            model=model,
        )


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
            cli.start_keras()
            from keras_colorize.runtimes import portable_files  # brings TensorFlow

            folder = portable_files.cache(model, kind.format)
        if folder is not None:
            return kind(folder)
    cli.start_keras()
    return colorizer.load(model)


def _kinds(model, runtime) -> list[type[PortableColorizer]]:
    """Return what may color without Keras; only what can read it, where a folder was exported."""
    kinds = [kind for name, kind in PORTABLE.items() if runtime in ("auto", name)]
    return [kind for kind in kinds if kind.format.is_folder(model)] or kinds
