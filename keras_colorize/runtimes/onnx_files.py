"""Graphs of TensorFlow as ONNX, for ONNX Runtime and whatever else reads the format."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.colorizer import Colorizer

_OPSET = 18  # the newest that tf2onnx writes
_LEAST = 1024  # numbers in an array that is worth halving


def translate(
    function: Callable,
    colorizer: Colorizer,
    picture: tf.TensorSpec,
    defaults: dict[str, float],
    half: bool,
) -> bytes:
    """Translate a function of a picture and of scalars, which may be left out.

    Args:
        function: What is translated; it returns tensors by name.
        colorizer: The Colorizer that it uses.
        picture: Its first argument.
        defaults: The names of the scalars, with what holds where they are left out.
        half: Whether kernels are stored in half precision.

    Raises:
        RunError: A graph that the format cannot carry.
    """
    import onnx
    import tf2onnx

    scalars = [tf.TensorSpec([], tf.float32, name=name) for name in defaults]
    signature = [picture, *scalars]
    traced = tf.function(function, input_signature=signature, autograph=False)
    model, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=_OPSET)
    left_open = {each.name for each in model.graph.input} - {spec.name for spec in signature}
    if left_open:  # a constant of a graph that is run, not built: tf2onnx takes it for an input
        raise errors.RunError(
            f"tf2onnx cannot translate {colorizer.arch}: it leaves {sorted(left_open)} open."
        )
    _state_scales(model.graph)
    if half:
        _halve(model.graph)
    for name, value in defaults.items():
        value = np.array(value, "float32")
        model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _state_scales(graph) -> None:
    """Double maps by a constant factor, for which ONNX Runtime keeps the layout that it prefers.

    tf2onnx computes the new size where the old one is free. In a network only `Upscale2x` does.
    """
    import onnx

    constants = {tensor.name for tensor in graph.initializer}
    factors = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], "float32"), "double")
    for node in graph.node:
        if node.op_type == "Resize" and len(node.input) == 4 and node.input[3] not in constants:
            del node.input[2:]
            node.input.append(factors.name)
    graph.initializer.append(factors)


def _halve(graph) -> None:
    """Store kernels in half precision, half the size; they are made whole when the file is read."""
    import onnx

    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype("float16")
        if values.dtype == np.float32 and values.size >= _LEAST and np.isfinite(half).all():
            name = f"{tensor.name}/half"
            cast = onnx.helper.make_node("Cast", [name], [tensor.name], to=onnx.TensorProto.FLOAT)
            graph.node.insert(0, cast)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, name))
