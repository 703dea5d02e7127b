"""Canny edges inside a network's graph, so that an exported network needs nothing but L*."""

import keras
import numpy as np
from keras import ops

# tan 22.5° in units of 2⁻¹⁵; the tangent of 67.5° is 2 more. OpenCV compares in these integers.
_TAN_22 = 13573
_SMOOTH, _SLOPE = (1, 2, 1), (-1, 0, 1)  # Sobel's kernel of aperture 3 is their outer product


class Canny(keras.layers.Layer):
    """Find the edges that `cv2.Canny` finds, pixel for pixel.

    Canny 1986, as OpenCV implements it for 8-bit gray pictures: Sobel gradients of aperture 3 with
    replicated borders; |dx| + |dy| as their magnitude (0 outside the picture); non-maximum
    suppression along one of four directions; and hysteresis, where an edge above the lower
    threshold counts if it is connected to one above the upper threshold. All numbers are integers,
    so nothing depends on rounding. No gradient flows through the edges.

    Args:
        low: The lower threshold, in 8-bit steps of |dx| + |dy|.
        high: The upper threshold, in the same steps.
    """

    def __init__(self, low: int, high: int, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision cannot represent these numbers
        self._low, self._high = low, high

    def call(self, gray):
        """Return 1 on edges and 0 elsewhere.

        Args:
            gray: `(B, H, W, 1)` in 0…255; rounded to whole numbers.

        Returns:
            float32 `(B, H, W, 1)`.
        """
        gray = ops.cast(ops.round(ops.stop_gradient(ops.cast(gray, "float32"))), "int32")
        padded = ops.concatenate([gray[:, :1], gray, gray[:, -1:]], axis=1)
        padded = ops.concatenate([padded[:, :, :1], padded, padded[:, :, -1:]], axis=2)
        dx = _correlate(padded, _SMOOTH, _SLOPE)
        dy = _correlate(padded, _SLOPE, _SMOOTH)
        size = ops.abs(dx) + ops.abs(dy)
        thin = ops.logical_and(size > self._low, _is_peak(size, dx, dy))
        strong = ops.logical_and(thin, size > self._high)
        return _connected(ops.cast(strong, "float32"), ops.cast(thin, "float32"))

    def compute_output_spec(self, gray):
        return keras.KerasTensor(gray.shape, "float32")


def _shifted(padded, row, column):
    """Return each pixel's neighbor at an offset of `row` and `column`, −1, 0 or 1 each."""
    rows, columns = (slice(1 + s, s - 1 if s < 1 else None) for s in (row, column))
    return padded[:, rows, columns]


def _correlate(padded, rows, columns):
    kernel = np.outer(rows, columns)
    terms = [
        int(kernel[i, j]) * _shifted(padded, i - 1, j - 1) for i, j in zip(*np.nonzero(kernel))
    ]
    return sum(terms[1:], terms[0])


def _is_peak(size, dx, dy):
    """Tell where the gradient is largest across its edge; ties are decided as in OpenCV."""
    padded = ops.pad(size, ((0, 0), (1, 1), (1, 1), (0, 0)))

    def beats(row, column):
        return size > _shifted(padded, row, column)

    def equals(row, column):
        return size >= _shifted(padded, row, column)

    x, y = ops.abs(dx), ops.abs(dy) * 2**15
    flat = x * _TAN_22
    horizontal, vertical = y < flat, y > flat + x * 2**16
    rising = dx * dy < 0
    across = ops.logical_and(beats(0, -1), equals(0, 1))
    along = ops.logical_and(beats(-1, 0), equals(1, 0))
    down = ops.logical_and(beats(-1, -1), beats(1, 1))
    up = ops.logical_and(beats(-1, 1), beats(1, -1))
    diagonal = ops.where(rising, up, down)
    return ops.where(horizontal, across, ops.where(vertical, along, diagonal))


def _connected(edges, candidates):
    """Extend edges to the candidates that touch them, until nothing is added."""

    def grow(edges, _):
        grown = candidates * ops.max_pool(edges, 3, strides=1, padding="same")
        return grown, ops.any(grown > edges)

    return ops.while_loop(lambda _, growing: growing, grow, (edges, ops.any(edges > 0)))[0]
