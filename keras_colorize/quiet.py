"""What libraries in C and C++ write to standard error, past Python: kept from it."""

import contextlib
import importlib
import io
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO, TextIO

# "ZIPDecode: Decoding error at scanline 0."; a progress bar has no such lines.
_LIBTIFF = re.compile(rb"\w[\w.]*: [^\r]*|Apparently should be [^\r]*")
_one_at_a_time = threading.Lock()


def start_keras() -> None:
    """Import Keras, unless somebody has, without the log that no environment variable silences."""
    if sys.modules.get("keras"):
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with native():
        keras = importlib.import_module("keras")
        if keras.backend.backend() == "tensorflow":
            # Looking for devices, too, writes to the log: of a driver that is not there.
            importlib.import_module("tensorflow").config.list_physical_devices()


@contextlib.contextmanager
def native() -> Iterator[TextIO | None]:
    """Keep what C and C++ write from standard error; exceptions still come through.

    Yields:
        Standard error, for progress bars; None where there is none.
    """
    with open(os.devnull, "wb") as nowhere, _led_to(nowhere) as kept:
        if kept is None:
            yield None
            return
        with open(kept, "w", buffering=1, errors="backslashreplace", closefd=False) as shown:
            yield shown


@contextlib.contextmanager
def libtiff() -> Iterator[list[str]]:
    """Keep libtiff's messages, all of them errors, from standard error.

    Yields:
        A list, which has them in the end.
    """
    messages: list[str] = []
    with _one_at_a_time, tempfile.TemporaryFile() as written:
        try:
            with _led_to(written):
                yield messages
        finally:
            written.seek(0)
            others = b""  # other threads write, too
            for line in io.BytesIO(written.read()):
                if _LIBTIFF.fullmatch(line.removesuffix(b"\n")):
                    messages.append(line.decode("utf-8", "replace").strip())
                else:
                    others += line
            if others:
                os.write(2, others)


@contextlib.contextmanager
def _led_to(file: BinaryIO) -> Iterator[int | None]:
    """Lead standard error, the one of C++, into a file; yield a descriptor of the former one."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none, as under pythonw
        yield None
        return
    if sys.stderr:
        sys.stderr.flush()
    try:
        os.dup2(file.fileno(), 2)
        yield kept
    finally:
        os.dup2(kept, 2)
        os.close(kept)
