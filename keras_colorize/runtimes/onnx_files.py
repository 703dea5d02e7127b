"""Graphs of TensorFlow as ONNX, for ONNX Runtime and whatever else reads the format."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.colorizer import Colorizer
from keras_colorize.runtimes import onnx_runtime

_OPSET = 18  # the newest that tf2onnx writes
_LEAST = 1024  # numbers in an array that is worth halving
# Of networks. Resizing, decoding and color are made of others, and stay in floats.
_INT8 = ["Conv", "ConvTranspose", "Gemm", "Relu", "Clip", "LeakyRelu", "MaxPool"]


def translate(
    function: Callable,
    colorizer: Colorizer,
    picture: tf.TensorSpec,
    defaults: dict[str, float],
    half: bool,
    samples: Sequence[np.ndarray] = (),
) -> bytes:
    """Translate a function of a picture and of scalars, which may be left out.

    Args:
        function: What is translated; it returns tensors by name.
        colorizer: The Colorizer that it uses.
        picture: Its first argument.
        defaults: The names of the scalars, with what holds where they are left out.
        half: Whether kernels are stored in half precision.
        samples: Pictures on which int8 is calibrated; without any the graph stays in floats.

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
    values = {name: np.array(value, "float32") for name, value in defaults.items()}
    if samples:
        model = _in_int8(model, [{picture.name: sample, **values} for sample in samples])
    elif half:
        _halve(model.graph)
    for name, value in values.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _state_scales(graph) -> None:
    """Double maps by a constant factor: for computed sizes, ONNX Runtime leaves its fast layout.

    Where sizes are free, tf2onnx computes the doubled ones. Only `doubling` makes such nodes.
    """
    import onnx

    constants = {tensor.name for tensor in graph.initializer}
    factors = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], "float32"), "double")
    doubling = [
        node
        for node in graph.node
        if node.op_type == "Resize" and len(node.input) == 4 and node.input[3] not in constants
    ]
    for node in doubling:
        del node.input[2:]
        node.input.append(factors.name)
    if doubling:
        graph.initializer.append(factors)


def _in_int8(model, feeds: list[dict[str, np.ndarray]]):
    """Return the model with its network in int8: weights per channel, ranges from these inputs."""
    onnx_runtime.start()
    import onnx
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder:
        whole, fused, made = (Path(folder) / name for name in ("whole", "fused", "int8"))
        onnx.save(model, whole)
        # Batch normalization goes into kernels: between two roundings it would need more digits.
        quantization.quant_pre_process(whole, fused, skip_symbolic_shape=True)
        quantization.quantize_static(
            fused,
            made,
            _Feeds(feeds),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=_INT8,
            per_channel=True,
        )
        return onnx.load(made)


class _Feeds:
    """A `CalibrationDataReader`, which ONNX Runtime tells by its method."""

    def __init__(self, feeds):
        self._feeds = iter(feeds)

    def get_next(self):
        return next(self._feeds, None)


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
