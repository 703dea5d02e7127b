"""Finding photographs: the files that a path, a folder or a glob stands for."""

import contextlib
import functools
import glob
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from keras_colorize import errors
from keras_colorize.data import addresses, kinds


@dataclass
class Found:
    """What was found.

    Attributes:
        paths: Photographs, sorted, each file once.
        failed: Folders and files that cannot be read, or not as photographs, with the reason.
        repeated: Further paths of a file that is among `paths`, with the first.
        others: The number of files that are no pictures.
    """

    paths: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    repeated: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


def find(source: str | os.PathLike, argument: str, also: Collection[str] = ()) -> list[Path]:
    """List the photographs that `search` finds."""
    return search(source, argument, also).paths


def find_named(name: str, argument: str) -> list[Path]:
    """List the files that `--data` stands for, tar shards among them, before TensorFlow starts.

    Args:
        name: What `--data` takes; none are listed for the samples and for data sets of tfds.
        argument: The argument's name, for messages.

    Raises:
        PhotographsUnavailable: Nothing is there.
    """
    if name in ("", "samples") or name.startswith("tfds:"):
        return []
    return find(name, argument, {".tar"})


def search(source: str | os.PathLike, argument: str, also: Collection[str] = ()) -> Found:
    """Find the files that a path, a folder (recursively) or a glob stands for.

    Args:
        source: What the user gave.
        argument: The argument's name, for the message.
        also: Suffixes of files that count in a folder or a glob, beside those of pictures and
            whatever starts as a picture does; a file named outright always counts. Hidden ones in
            a folder do not.

    Raises:
        PhotographsUnavailable: Nothing is there.
        UsageError: It is no name of a file.
    """
    given = os.fspath(source)
    text = os.path.expanduser(given)
    try:
        kind = os.stat(text).st_mode
    except FileNotFoundError:
        kind = None
    except (OSError, ValueError) as error:
        told = f"It cannot be read ({errors.reason(error)})."
        raise errors.wrong(told, **{argument: given}) from None
    if kind is not None and not stat.S_ISDIR(kind):
        with contextlib.suppress(OSError):  # whoever decodes it tells of that
            is_file = stat.S_ISREG(kind)  # a pipe is read only once
            if is_file and (reason := kinds.refusal(_start(text), Path(text).suffix.lower())):
                return Found(failed=[(text, reason)])
        return Found([Path(text)])
    found = Found()
    if kind is not None:
        every = (Path(p, name) for p, names in _folders(text, found.failed) for name in names)
        _select(every, also, found)
        others = f", only {errors.counted(found.others, 'file')} of other kinds"
        missing = f"There are no photographs in the folder{others if found.others else ''}."
    elif glob.has_magic(text):
        _select(map(Path, _glob(text, found.failed)), also, found)
        missing = "No photograph matches."
    elif addresses.has_scheme(text):
        raise errors.wrong(
            f"`{argument}` is read from this machine, nothing is downloaded: give a file, a folder "
            "or a glob.",
            **{argument: given},
        )
    else:
        missing = "There is no such file or folder."
    if not found.paths and not found.failed:
        raise errors.PhotographsUnavailable(f"{missing} Received: {argument}={given!r}.")
    return found


def _folders(folder: str, failed: list) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and those below it, with their files, hidden ones left out.

    Links never lead round in circles.
    """
    entered = set()
    fail = functools.partial(_fail, failed)
    for path, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        real = os.path.realpath(path)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield path, [name for name in names if not name.startswith(".")]


def _fail(failed: list, error: OSError) -> None:
    told = error.filename, f"the folder cannot be read ({error.strerror})"
    if told not in failed:
        failed.append(told)


def _glob(pattern: str, failed: list) -> set[str]:
    """Expand a glob; Python's own walks round and round where a link leads back."""
    head, stars, tail = pattern.partition("**")
    if not stars:
        folder, name = os.path.split(pattern)
        for searched in _glob(folder, failed) if glob.has_magic(name) and folder else ():
            try:
                os.scandir(searched).close()
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError as error:  # Python's own says nothing
                _fail(failed, error)
        return set(glob.glob(pattern))
    tail = tail.lstrip(os.sep) or "*"
    found = set()
    for start in glob.glob(head) if head else [""]:
        for folder, _ in _folders(start or os.curdir, failed):
            found |= _glob(os.path.join(glob.escape(folder), tail), failed)
    return found


def _select(paths: Iterable[Path], also: Collection[str], found: Found) -> None:
    """Sort paths into photographs, which are listed once each, and other files."""
    first: dict[tuple[int, int], Path] = {}
    expected = kinds.SUFFIXES.union(also)
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        try:
            status = os.stat(path)
            suffix = path.suffix.lower()
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                found.failed.append((str(path), "it is no regular file"))
            elif suffix not in expected and (reason := kinds.refusal(_start(path), suffix)):
                found.failed.append((str(path), reason))
            elif suffix not in expected and not kinds.is_read(_start(path)):
                found.others += 1
            elif (file := (status.st_dev, status.st_ino)) in first:
                found.repeated.append((str(path), f"the same file as {first[file]}"))
            else:
                first[file] = path
        except OSError as error:
            found.failed.append((str(path), f"it cannot be read ({error.strerror})"))
    found.paths = sorted(first.values())


def _start(path: str | os.PathLike) -> bytes:
    with open(path, "rb") as file:
        return file.read(kinds.START)
