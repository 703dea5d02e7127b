"""Coloring with ONNX Runtime."""

import importlib
import os

from keras_colorize.runtimes.portable import Format, PortableColorizer

ONNX = Format("onnx", "ONNX", "onnx", "onnxruntime", ("onnx", "onnxruntime", "tf2onnx"))


def start():
    """Import ONNX Runtime and return it."""
    # Official builds, such as 1.32, leave an identifier of the machine in the user's cache and
    # report to Microsoft, which nobody expects of a program that colors photographs.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return importlib.import_module("onnxruntime")


class OnnxColorizer(PortableColorizer):
    """A colorizer in ONNX Runtime; see `PortableColorizer`."""

    format = ONNX

    def _open(self, content):
        onnxruntime = start()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        # Threads that wait for the next photograph would take the cores from what colors this one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )

    def _run(self, output, lightness, scalars):
        return self._session.run([output], {"lightness": lightness, **scalars})[0]
