"""Opening what `--data` names: the samples, folders, globs, tar shards, or tfds data sets."""

from __future__ import annotations

import dataclasses

from keras_colorize import errors
from keras_colorize.data.file_source import FileSource
from keras_colorize.data.source import Source, digest_of
from keras_colorize.data.tfds_source import TfdsSource


def open_source(name: str, argument: str = "data") -> Source:
    """Find and check the photographs that `name` stands for.

    Args:
        name: `samples`; a folder (recursive), a glob or a file, tar shards among them;
            `tfds:NAME[:SPLIT]`.
        argument: The argument's name, for messages.

    Returns:
        The photographs that can be used, in a fixed order without repetition, and those skipped.

    Raises:
        UsageError: Nothing is there, or nothing of it can be used.
    """
    if name.startswith("tfds:"):
        return TfdsSource.open(name, argument)
    return FileSource.find(name, argument).check(argument)


def open_grey(name: str) -> FileSource:
    """Find photographs to look at, which may be without color; they are not checked beforehand.

    Args:
        name: `samples`; a folder (recursive), a glob or a file, tar shards among them.

    Raises:
        UsageError: Nothing is there.
    """
    found = FileSource.find(name, "data")
    read = [dataclasses.replace(one, digest=digest_of(one.read())) for one in found.photographs]
    return FileSource(name, read, found.skipped)


def classes_of(*sources: Source) -> list[str]:
    """Return the names of the classes that photographs of all these sources belong to.

    Raises:
        UsageError: Some photographs belong to none, or all to the same.
    """
    each = {source.classes for source in sources}
    if len(each) > 1 and any(isinstance(source, TfdsSource) for source in sources):
        raise errors.UsageError(
            "`labels` needs the same classes in all data, and those of "
            f"{' and '.join(source.name for source in sources)} differ."
        )
    # A tfds data set has numbered its classes, not always by the alphabet.
    classes = list(each.pop()) if len(each) == 1 else sorted(set().union(*each))
    if "" in classes or len(classes) < 2:
        raise errors.UsageError(
            "`labels` needs photographs in two folders or more, each named after what they show, "
            "or a tfds data set with a feature 'label' of named classes. "
            f"Received: {' and '.join(s.name for s in sources)}, with the classes {classes}."
        )
    return classes
