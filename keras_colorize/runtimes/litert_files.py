"""Graphs of TensorFlow as LiteRT, by the converter that TensorFlow brings."""

from collections.abc import Callable

import tensorflow as tf

from keras_colorize import errors
from keras_colorize.colorizer import Colorizer


def translate(
    function: Callable,
    colorizer: Colorizer,
    picture: tf.TensorSpec,
    defaults: dict[str, float],
    half: bool,
) -> bytes:
    """Translate a function of a picture and of scalars, none of which may be left out.

    Args:
        function: What is translated; it returns tensors by name.
        colorizer: The Colorizer that it uses.
        picture: Its first argument.
        defaults: The names of the scalars; the format keeps no values for them.
        half: Whether weights are stored in half precision, half the size.

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
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    try:
        return converter.convert()
    except Exception as error:  # of a class that TensorFlow does not make public
        first = str(error).partition("\n")[0].partition("./")[0]  # a place in our files follows
        raise errors.RunError(f"LiteRT cannot carry {colorizer.arch}: {first}") from error
