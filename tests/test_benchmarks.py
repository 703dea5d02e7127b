"""The measurements take hours; that what they alter is still there is seen at once."""

import runpy
from pathlib import Path

import pytest

from keras_colorize import errors

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_altered_files_has_a_network_whose_alteration_is_refused(tmp_path):
    readers = runpy.run_path(str(BENCHMARKS / "altered_files.py"))["readers"](tmp_path)
    path, read = next(
        (path, read) for name, path, read in readers if name == "network for ONNX Runtime"
    )
    assert read() == path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(errors.UsageError, match="truncated"):
        read()
