"""Layers that several papers share; a layer of one paper stays in that paper's file."""

import keras
from keras import ops

from keras_colorize import geometry

# Of batch normalisation. Chosen, no source states one: Keras's 0.99 lags hundreds of steps behind
# the weights. After 360 steps of vgg_fusion on six photographs inference was 3.5 dB worse with it
# than with statistics taken afresh.
MOMENTUM = 0.95


def conv3x3(x, filters: int, stride: int = 1, name: str = "", **options):
    """Convolve 3×3, padded by a pixel on every side also where the stride is 2.

    So does the published code of Torch and Caffe. Keras's "same" pads the far sides only, which
    shifts the picture by a pixel each time.

    Args:
        x: `(B, H, W, C)`.
        filters: Output channels.
        stride: 1 or 2.
        name: Of the layer.
        **options: Of `keras.layers.Conv2D`.

    Returns:
        `(B, H / stride, W / stride, filters)`, rounded up.
    """
    if stride == 2:
        x = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    padding = "same" if stride == 1 else "valid"
    return keras.layers.Conv2D(filters, 3, stride, padding, name=name, **options)(x)


@keras.saving.register_keras_serializable("keras_colorize")
class Upscale2x(keras.layers.Layer):
    """Double height and width by bilinear interpolation with half-pixel centres.

    The same values as `UpSampling2D(2, interpolation="bilinear")`, but written as shifts: each new
    pixel is ¾ of its nearest neighbour and ¼ of the next, with replicated edges. Keras's layer
    cannot be exported with free height and width; this one can. Where they are known, as in
    training, Keras's operation takes a tenth of the time.

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
        first, last = [slice(None)] * 4, [slice(None)] * 4
        head, tail = [slice(None)] * 4, [slice(None)] * 4
        first[axis], last[axis] = slice(None, 1), slice(-1, None)
        head[axis], tail[axis] = slice(None, -1), slice(1, None)
        before = ops.concatenate([x[tuple(first)], x[tuple(head)]], axis=axis)
        after = ops.concatenate([x[tuple(tail)], x[tuple(last)]], axis=axis)
        pairs = ops.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis=axis + 1)
        shape = list(ops.shape(x))
        shape[axis] = 2 * shape[axis]
        return ops.reshape(pairs, shape)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels)


@keras.saving.register_keras_serializable("keras_colorize")
class Resize(keras.layers.Layer):
    """Bring a map to a height and width, bilinearly.

    Args:
        height: New height.
        width: New width.
        antialias: Whether areas are averaged where the map gets smaller.
        **options: Of a Keras layer.
    """

    def __init__(self, height: int, width: int, antialias: bool = False, **options):
        super().__init__(**options)
        self._size = (height, width)
        self._antialias = antialias

    def call(self, x):
        return ops.cast(geometry.resize(x, self._size, self._antialias), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._size, input_shape[3])

    def get_config(self):
        height, width = self._size
        mine = {"height": height, "width": width, "antialias": self._antialias}
        return super().get_config() | mine


def leaky_relu(x, slope: float = 0.2):
    """Apply LeakyReLU as a maximum.

    The gradient of TensorFlow's own operation is one that its graph optimizer stumbles over, which
    it reports as an error at the start of every training.
    """
    return keras.layers.Maximum()([x, slope * x])
