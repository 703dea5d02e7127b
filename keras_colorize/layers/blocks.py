"""Layers that several papers share; a layer of one paper stays in that paper's file."""

import keras
from keras import ops

from keras_colorize.layers import resizing

# The momentum of batch normalization, which no paper states. Keras's 0.99 lags hundreds of steps
# behind the weights: after 360 steps of vgg_fusion on six photographs, inference with it was 3.5 dB
# worse than with newly computed statistics.
MOMENTUM = 0.95


def conv3x3(x, filters: int, stride: int = 1, name: str = "", **options):
    """Apply a 3×3 convolution, padded by one pixel on every side, with a stride of 2 as well.

    This is how published Torch and Caffe code pads. With a stride of 2, Keras's "same" pads only
    the bottom and right sides, which shifts the picture each time.

    Args:
        x: `(B, H, W, C)`.
        filters: Output channels.
        stride: 1 or 2.
        name: The name of the layer.
        **options: Further arguments of `keras.layers.Conv2D`.

    Returns:
        `(B, H / stride, W / stride, filters)`, rounded up.
    """
    if stride == 2:
        x = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    padding = "same" if stride == 1 else "valid"
    return keras.layers.Conv2D(filters, 3, stride, padding, name=name, **options)(x)


def conv_bn_relu(x, filters: int, kernel_size: int, name: str, **options):
    """Convolve without bias, since batch normalization has its own; normalize, ReLU.

    Args:
        x: `(B, H, W, C)`.
        filters: Output channels.
        kernel_size: Size of the kernel.
        name: What the names of the three layers begin with.
        **options: Further arguments of `keras.layers.Conv2D`.

    Returns:
        `(B, H, W, filters)`.
    """
    x = keras.layers.Conv2D(
        filters, kernel_size, padding="same", use_bias=False, name=f"{name}_conv", **options
    )(x)
    x = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


class Upscale2x(keras.layers.Layer):
    """Double height and width by bilinear interpolation with half-pixel centers.

    The values equal those of `UpSampling2D(2, interpolation="bilinear")`, but they are computed
    by shifts: each new pixel is ¾ of its nearest neighbor plus ¼ of the next, with replicated
    edges. Unlike Keras's layer, this one can be exported with variable height and width. Where
    they are known, as in training, Keras's operation is used, which takes a tenth of the time.

    Args:
        x: `(B, H, W, C)`.

    Returns:
        `(B, 2H, 2W, C)`.
    """

    def call(self, x):
        height, width = x.shape[1:3]
        if height and width:
            larger = ops.image.resize(x, (2 * height, 2 * width), data_format="channels_last")
            return ops.cast(larger, x.dtype)
        for axis in (1, 2):
            x = self._double(x, axis)
        return x

    def _double(self, x, axis):
        def part(start, stop):
            return x[(*[slice(None)] * axis, slice(start, stop))]

        before = ops.concatenate([part(None, 1), part(None, -1)], axis=axis)
        after = ops.concatenate([part(1, None), part(-1, None)], axis=axis)
        pairs = ops.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis=axis + 1)
        shape = list(ops.shape(x))
        shape[axis] = 2 * shape[axis]
        return ops.reshape(pairs, shape)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels)


class Resize(keras.layers.Layer):
    """Resize a map bilinearly.

    Args:
        height: New height.
        width: New width.
        antialias: Whether to average areas where the map gets smaller.
        **options: Arguments of every Keras layer.
    """

    def __init__(self, height: int, width: int, antialias: bool = False, **options):
        super().__init__(**options)
        self._size = (height, width)
        self._antialias = antialias

    def call(self, x):
        return ops.cast(resizing.resize(x, self._size, self._antialias), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._size, input_shape[3])


def leaky_relu(x):
    """Apply LeakyReLU with a slope of 0.2, computed as a maximum.

    TensorFlow's graph optimizer fails on the gradient of its own LeakyReLU and reports an error
    at the start of every training.
    """
    return keras.layers.Maximum()([x, 0.2 * x])
