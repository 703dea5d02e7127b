"""Writing files so that a reader, a full disk or a power cut never meets half of one."""

import contextlib
import csv
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from keras_colorize import errors


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path in the same folder, renamed to `path` when the block ends well."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(temporary)
    try:
        yield temporary
        _flush(temporary)
        temporary.chmod(0o666 & ~_umask())  # mkstemp's files are private
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, which it replaces when the block ends well."""
    path = Path(path)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tmp-"))
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            # A folder cannot be replaced in one step: the old one steps aside, then goes.
            old = path.with_name(f".old-{path.name}-{os.getpid()}")
            os.rename(path, old)
            os.rename(temporary, path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove from a folder what a process that was killed while it wrote has left half-written.

    Nobody else may be writing there.
    """
    for left in (*Path(folder).glob(".tmp-*"), *Path(folder).glob(".old-*")):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_digest(path: str | os.PathLike, digest: str, described: str) -> None:
    """See that a weights file is the one that the file beside it describes.

    Args:
        path: The weights file.
        digest: The SHA-256 that it should have.
        described: The name of the file that says so.

    Raises:
        UsageError: It has another.
    """
    if sha256(path) != digest:
        raise errors.UsageError(
            f"{path} is not the file that {described} describes: its SHA-256 differs from "
            f"{digest}. It is truncated, altered or another model's."
        )


def check_folder(path: str | os.PathLike, out: str | os.PathLike | None = None) -> None:
    """See that `make_folder` will most likely succeed, without making anything.

    Args:
        path: The folder.
        out: The value of `out`, if it is not the folder but a file in it.

    Raises:
        UsageError: It will not.
    """
    whole = Path(path).absolute()
    above = next(folder for folder in (whole, *whole.parents) if os.path.lexists(folder))
    if not above.is_dir():
        raise _unwritable(out or path, f"{above} is no folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise _unwritable(out or path, f"no permission to write to {above}")


def make_folder(path: str | os.PathLike) -> Path:
    """Make the folder that `out` names and see that it can be written to, before any work is done.

    Raises:
        UsageError: It cannot.
    """
    given, path = path, Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(given, error.strerror) from error
    return path


@contextlib.contextmanager
def output_folder(path: str | os.PathLike, below: Iterable[Path] = ()) -> Iterator[Path]:
    """Make an output folder as `make_folder` does; in the end, remove it if it is empty.

    Folders that were there before stay.

    Args:
        path: The folder.
        below: Folders in it that the block may make; they are removed in the same way.

    Raises:
        UsageError: It cannot be made or written to.
    """
    path = Path(path)
    whole = {folder for end in (path, *below) for folder in (end, *end.parents)}
    new = sorted((folder for folder in whole if not folder.exists()), reverse=True)
    try:
        yield make_folder(path)
    finally:
        for folder in new:  # those in others come first
            with contextlib.suppress(OSError):  # it is not empty
                folder.rmdir()


def _unwritable(out, reason) -> errors.UsageError:
    return errors.wrong(f"`out` cannot be written to ({reason}).", out=out)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, value) -> None:
    """Write JSON atomically; infinity (truth's PSNR) and NaN, which it lacks, become null."""
    write_text(path, json.dumps(_finite(value), indent=2, allow_nan=False) + "\n")


def write_csv(path: str | os.PathLike, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write a table as CSV atomically; a cell is empty where its row lacks the column."""
    with atomic_file(path) as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, columns)
            table.writeheader()
            table.writerows(rows)


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _flush(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
