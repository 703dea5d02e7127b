"""Finding photographs in folders and globs."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from keras_colorize import errors


def find(source: str | os.PathLike, argument: str, suffixes: Iterable[str]) -> list[Path]:
    """List the files that a path, a folder (recursively) or a glob stands for, sorted.

    Args:
        source: What the user gave.
        argument: The argument's name, for the message.
        suffixes: Which files count in a folder or a glob; a file named outright always does.

    Raises:
        UsageError: Nothing is there.
    """
    text = os.path.expanduser(os.fspath(source))
    path = Path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in suffixes
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.is_file()
        )
        if not found:
            raise errors.UsageError(
                f"There are no photographs in the folder ({' '.join(sorted(suffixes))}). "
                f"Received: {argument}={text!r}."
            )
        return found
    if glob.has_magic(text):
        found = sorted(
            Path(name)
            for name in glob.glob(text, recursive=True)
            if Path(name).suffix.lower() in suffixes and os.path.isfile(name)
        )
        if found:
            return found
        raise errors.UsageError(f"No photograph matches. Received: {argument}={text!r}.")
    raise errors.UsageError(f"There is no such file or folder. Received: {argument}={text!r}.")
