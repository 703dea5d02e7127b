"""Resizing photographs of any size to what a network takes, on any backend and in any graph.

`keras.ops.image.resize` refuses sizes that are not known when a graph is traced. These functions
accept them, so that an exported model resizes a photograph exactly as the Colorizer does. They
compute with NumPy if they get arrays and numbers, so a program without Keras can use them, too.
"""

import contextlib
import contextvars

import numpy as np

from keras_colorize.color.lab import float32, namespace

_TRANSLATED = contextvars.ContextVar("translated", default=False)
_LONGEST = 4  # the long side given to a network is at most so many times its own size


def working_size(height, width, size: int, stride: int | None):
    """Return the size at which a network sees a photograph.

    Args:
        height: The photograph's, in pixels: a number or a tensor.
        width: Likewise.
        size: The short side that the network is made for; the long one where it takes nothing but
            a square.
        stride: Both sides are multiples of it. None: the network takes nothing but a square, which
            is filled around the photograph.

    Returns:
        Height and width, numbers or tensors.
    """
    xp = namespace(height, width)
    sides = float32(xp.stack([height, width]))
    short, long = xp.min(sides), xp.max(sides)
    if stride is None:
        step, scale = 1, size / long
    else:
        step, scale = stride, xp.minimum(size / short, _LONGEST * size / long)
    steps = xp.maximum(1.0, xp.round(sides * scale / step))
    if xp is np:
        return int(step * steps[0]), int(step * steps[1])
    working = step * xp.cast(steps, "int32")
    return working[0], working[1]


def resize(picture, size, antialias: bool = False, cubic: bool = False):
    """Resize bilinearly or bicubically, with half-pixel centers.

    Args:
        picture: float32 `(B, H, W, C)`.
        size: New height and width, numbers or tensors.
        antialias: Whether to average areas where the picture gets smaller, so that every pixel
            counts. Training reduces photographs in the same way. To a network, a picture that was
            reduced by a wider filter looks out of focus, and it predicts too much color.
        cubic: Whether to enlarge with Keys's cubic kernel (a = −1/2), not linearly.

    Returns:
        float32 `(B, *size, C)`.
    """
    xp = namespace(picture)
    shape = xp.shape(picture)
    if all(isinstance(side, int) for side in (*shape[1:3], *size)) and shape[1:3] == tuple(size):
        return picture
    # Two products with small matrices, one for the rows and one for the columns.
    rows = shares(shape[1], size[0], antialias, cubic)
    columns = shares(shape[2], size[1], antialias, cubic)
    return products(picture, rows, columns)


@contextlib.contextmanager
def translated():
    """Within it, a graph is traced for another runtime, and never run by TensorFlow."""
    token = _TRANSLATED.set(True)
    try:
        yield
    finally:
        _TRANSLATED.reset(token)


def products(picture, rows, columns):
    """Multiply rows and columns with matrices: `(B, h, w, C)`, `(H, h)`, `(W, w)` → `(B, H, W, C)`.

    NumPy would do all three in one loop unless it is told otherwise. tf2onnx joins an `einsum`
    wrongly to a convolution that follows, so translated graphs have products of matrices instead,
    in three dimensions, because LiteRT's converter refuses what Keras makes of a matrix in two.
    Training with those ends TensorFlow 2.21 with a segmentation fault in oneDNN.
    """
    xp = namespace(picture)
    if not _TRANSLATED.get():
        options = {"optimize": True} if xp is np else {}
        return xp.einsum("bhwc,Hh,Ww->bHWc", picture, rows, columns, **options)
    planes = xp.moveaxis(picture, -1, 1)
    planes = xp.matmul(rows[None], xp.matmul(planes, xp.transpose(columns)[None]))
    return xp.moveaxis(planes, 1, -1)


def shares(source, target, antialias: bool = False, cubic: bool = False):
    """Return the weight of each source pixel in each target pixel along one side.

    Args:
        source: The number of pixels that there are.
        target: The number of pixels to make.
        antialias: As for `resize`.
        cubic: As for `resize`.

    Returns:
        float32 `(target, source)`.
    """
    xp = namespace(source, target)
    step = float32(source) / float32(target)
    pixels = float32(xp.arange(source))[None] + 0.5  # centers of pixels
    centers = (float32(xp.arange(target))[:, None] + 0.5) * step
    distances = xp.abs(centers - pixels)
    if cubic:
        near = (1.5 * distances - 2.5) * distances**2 + 1
        far = ((2.5 - 0.5 * distances) * distances - 4) * distances + 2
        weights = xp.where(distances < 1, near, xp.where(distances < 2, far, 0.0))
    else:
        weights = xp.maximum(1.0 - distances, 0.0)
    if antialias:  # the part of a pixel that lies within half a step
        weights = xp.where(step > 1.0, xp.clip(step / 2 + 0.5 - distances, 0.0, 1.0), weights)
    # Pixels outside the picture do not count.
    return weights / xp.sum(weights, axis=1, keepdims=True)


def fill_square(picture, size, side: int):
    """Put a picture into the middle of a square and fill the rest with its reflections.

    Args:
        picture: `(B, h, w, C)`.
        size: The picture's h and w, at most `side`; numbers or tensors.
        side: The side of the square, in pixels.

    Returns:
        `(B, side, side, C)`.
    """
    xp = namespace(picture)
    for axis, length in enumerate(size, 1):
        # Counted up from a positive number: tf2onnx gives a negative one a negative remainder.
        before = 2 * length - _margin(length, side) % (2 * length)
        place = (xp.arange(side) + before) % (2 * length)
        picture = xp.take(picture, xp.minimum(place, 2 * length - 1 - place), axis=axis)
    return picture


def cut_from_square(picture, size, side: int):
    """Undo `fill_square`, also for a map `(B, s, s, C)` that is smaller than the square."""
    picture = resize(picture, (side, side))
    top, left = (_margin(length, side) for length in size)
    return picture[:, top : top + size[0], left : left + size[1]]


def _margin(length, side):
    return (side - length) // 2
