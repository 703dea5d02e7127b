"""Graphs of TensorFlow as LiteRT, by the converter that TensorFlow brings."""

import re
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from keras_colorize import errors, quiet
from keras_colorize.colorizer import Colorizer

# Of networks. Resizing, decoding and color are made of others, RELU among them, and stay in floats.
_INT8 = {
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "TRANSPOSE_CONV",
    "FULLY_CONNECTED",
    "LEAKY_RELU",
    "MAX_POOL_2D",
}
_CENTERS = 1024  # numbers: more than any head's centers of bins, fewer than a layer's weights


def translate(
    function: Callable,
    colorizer: Colorizer,
    picture: tf.TensorSpec,
    defaults: dict[str, float],
    half: bool,
    samples: Sequence[np.ndarray] = (),
) -> bytes:
    """Translate a function of a picture and of scalars, none of which may be left out.

    Args:
        function: What is translated; it returns tensors by name.
        colorizer: The Colorizer that it uses.
        picture: Its first argument.
        defaults: The names of the scalars; the format keeps no values for them.
        half: Whether weights are stored in half precision, half the size.
        samples: Pictures of one size, on which int8 is calibrated; without any the graph stays in
            floats.

    Raises:
        RunError: A graph that the format cannot carry.
    """
    scalars = [tf.TensorSpec([], tf.float32, name=name) for name in defaults]
    carrier = tf.Module()  # the converter finds variables by what carries them
    carrier.variables_used = [variable.value for variable in colorizer.network.variables]
    carrier.function = tf.function(function, input_signature=[picture, *scalars], autograph=False)
    graph = carrier.function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], carrier)
    converter.experimental_enable_resource_variables = False  # they become constants
    if samples or half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if half and not samples:
        converter.target_spec.supported_types = [tf.float16]
    try:
        with quiet.native():  # C++ says how it quantizes
            if samples:
                own = [np.float32(value) for value in defaults.values()]
                return _in_int8(converter, [[sample, *own] for sample in samples])
            return converter.convert()
    except Exception as error:  # of a class that TensorFlow does not make public
        told = re.search(r"error: (.*)", str(error))  # among places in our files
        reason = told[1] if told else str(error).partition("\n")[0]
        raise errors.RunError(f"LiteRT cannot carry {colorizer.arch}: {reason}") from error


def _in_int8(converter, feeds: list[list[np.ndarray]]) -> bytes:
    """Convert with the network in int8: weights per channel, ranges from these inputs."""
    converter.representative_dataset = lambda: feeds
    # The converter alone would quantize whatever it can, colors too. It takes operations to leave
    # out only by way of its debugger.
    others = [name for name in vars(schema.BuiltinOperator) if name.isupper()]
    options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_ops=[name for name in others if name not in _INT8]
    )
    with warnings.catch_warnings():  # that TensorFlow uses its own interpreter
        warnings.simplefilter("ignore", UserWarning)
        debugger = tf.lite.experimental.QuantizationDebugger(
            debug_dataset=lambda: feeds, debug_options=options, converter=converter
        )
    debugger.options.denylisted_nodes = _means(debugger.calibrated_model)
    return debugger.get_nondebug_quantized_model()


def _means(content: bytes) -> list[str]:
    """Return the names of means over bins, whose probabilities int8 does not resolve."""
    model = schema.ModelT.InitFromPackedBuf(content)
    dense = schema.BuiltinOperator.FULLY_CONNECTED
    names = []
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex].builtinCode
            if code == dense and np.prod(graph.tensors[operator.inputs[1]].shape) <= _CENTERS:
                names.append(graph.tensors[operator.outputs[0]].name.decode())
    return names
