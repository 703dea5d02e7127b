"""What an export says of itself: its name, its weights and what made it."""

import dataclasses
import functools
import importlib.metadata
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from keras_colorize import errors, files
from keras_colorize._version import __version__
from keras_colorize.colorizer import Decoding, pretrained

ABOUT = "model.json"  # what an export says of itself
_WRITERS = ("keras", "tensorflow")  # of every export
_builds = functools.cache(importlib.metadata.packages_distributions)  # it takes a while


def check(
    model: str | os.PathLike, out: str | os.PathLike, decoding: Decoding, name: str | None
) -> str:
    """See that a model can be exported, before anything heavy starts.

    Args:
        model: What `load` takes.
        out: The folder of exports.
        decoding: How the model's output becomes colors.
        name: A name of the user's choice. None: the last part of `model`.

    Returns:
        The name under which the model is served.

    Raises:
        UsageError: There is no such model, it does not have the decoding, the name cannot stand in
            a server's address, or the folder cannot be written to.
    """
    decoding.check(pretrained.summarize(model), os.fspath(model))
    name = Path(model).resolve().name if name is None else name
    if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise errors.wrong(
            "`name` must begin with a letter or a digit and have letters, digits, dots, - and _ "
            "only, since it stands in a server's address.",
            name=name,
        )
    files.check_folder(out)
    return name


def describe(
    model: str | os.PathLike, name: str, decoding: Decoding, writers: Iterable[str] = ()
) -> dict:
    """Return what is written into every export, as JSON types.

    Args:
        model: What `load` takes.
        name: The name under which it is served.
        decoding: How its output becomes colors.
        writers: The packages that write it, besides Keras and TensorFlow.
    """
    summary = pretrained.summarize(model)
    return {
        "name": name,
        "weights": Path(model).resolve().name,
        "weights_sha256": summary.digest,
        "config_sha256": summary.identity,
        "license": summary.license,
        "arch": summary.arch,
        "head": summary.head["name"],
        "size": summary.size,
        "parameters": summary.parameters,
        "decoding": dataclasses.asdict(decoding),
        "versions": {
            "keras_colorize": __version__,
            **{writer: _version(writer) for writer in (*_WRITERS, *writers)},
        },
    }


def _version(package: str) -> str:
    """Return the version of a package, whose builds have other names, such as onnxruntime-gpu."""
    return importlib.metadata.version(_builds()[package][0])


def check_same(folder: Path, about: dict) -> None:
    """See that all exports of a name are of one network and head, in whatever format.

    Args:
        folder: The folder of the name, whether it is there or not.
        about: What `describe` says of the next export.

    Raises:
        UsageError: One is of another network or head.
    """
    # Where it says nothing, an earlier release wrote it.
    for path in sorted((*folder.glob(f"*/{ABOUT}"), *folder.glob(f"*/assets/{ABOUT}"))):
        earlier = json.loads(path.read_text(encoding="utf-8"))
        kinds = [f"{each['arch']} with head {each['head']}" for each in (earlier, about)]
        if kinds[0] != kinds[1]:
            export = folder / path.relative_to(folder).parts[0]
            raise errors.wrong(
                f"`name` must be that of one model: {export} holds {kinds[0]}, this is {kinds[1]}.",
                name=about["name"],
            )
