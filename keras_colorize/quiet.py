"""Importing Keras without TensorFlow's start-up log."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator


def start_keras() -> None:
    """Import Keras, unless somebody has, without the log that no environment variable silences."""
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _silence():
        keras = importlib.import_module("keras")  # an exception still comes through
        if keras.backend.backend() == "tensorflow":
            # Looking for devices, too, writes to the log: of a driver that is not there.
            importlib.import_module("tensorflow").config.list_physical_devices()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Lead standard error, the one of C++, into the void."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none, as under pythonw
        yield
        return
    if sys.stderr:
        sys.stderr.flush()
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
