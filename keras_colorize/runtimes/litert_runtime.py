"""Coloring with LiteRT, the runtime of phones and small computers, once TensorFlow Lite."""

import os
import threading

from keras_colorize import quiet
from keras_colorize.runtimes.portable import Format, PortableColorizer

LITERT = Format("litert", "LiteRT", "tflite", "ai_edge_litert")  # TensorFlow itself writes it


class LiteRtColorizer(PortableColorizer):
    """A colorizer in LiteRT; see `PortableColorizer`."""

    format = LITERT

    def _open(self, content):
        with quiet.native():  # it announces how it computes
            from ai_edge_litert.interpreter import Interpreter

            interpreter = Interpreter(model_content=content, num_threads=os.cpu_count())
            (place,) = (
                each["index"] for each in interpreter.get_input_details() if len(each["shape"]) == 4
            )
            size = self.summary.size  # a size that the network takes
            interpreter.resize_tensor_input(place, [1, size, size, 1])
            interpreter.allocate_tensors()
            self._signature = interpreter.get_signature_runner()
        self._one_at_a_time = threading.Lock()

    def _run(self, output, lightness, scalars):
        with self._one_at_a_time:
            return self._signature(lightness=lightness, **scalars)[output]
