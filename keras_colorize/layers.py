"""Layers that several papers share; a layer of one paper stays in that paper's file."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_colorize")
class Upscale2x(keras.layers.Layer):
    """Double height and width by bilinear interpolation with half-pixel centres.

    The same values as `UpSampling2D(2, interpolation="bilinear")`, but written as shifts: each new
    pixel is ¾ of its nearest neighbour and ¼ of the next, with replicated edges. Keras's layer
    cannot be exported with free height and width; this one can.

    Args:
        x: `(B, H, W, C)`.

    Returns:
        `(B, 2H, 2W, C)`.
    """

    def call(self, x):
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
