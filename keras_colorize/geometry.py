"""Fitting photographs of any size to what a network takes, on any backend and in any graph.

`keras.ops.image.resize` refuses sizes that are not known when a graph is traced; these functions
take them, so that an exported model does to a photograph exactly what the Colorizer does.
"""

from keras import ops


def resize(picture, size, antialias: bool = False):
    """Resize bilinearly, with half-pixel centres.

    Args:
        picture: float32 `(B, H, W, C)`.
        size: New height and width, numbers or tensors.
        antialias: Widen the triangle filter where the picture gets smaller, so that every pixel
            counts.

    Returns:
        float32 `(B, *size, C)`.
    """
    shape = ops.shape(picture)
    if all(isinstance(side, int) for side in (*shape[1:3], *size)) and shape[1:3] == tuple(size):
        return picture
    # Two products with small matrices: rows first, then columns.
    rows = _triangles(shape[1], size[0], antialias)
    columns = _triangles(shape[2], size[1], antialias)
    return ops.einsum("bhwc,Hh,Ww->bHWc", picture, rows, columns)


def _triangles(source, target, antialias):
    """Return the weight of each of `source` pixels in each of `target` pixels."""
    pixels = ops.cast(ops.arange(source), "float32")
    step = ops.cast(source, "float32") / ops.cast(target, "float32")
    centres = (ops.cast(ops.arange(target), "float32") + 0.5) * step - 0.5
    reach = ops.maximum(step, 1.0) if antialias else 1.0
    weights = ops.relu(1.0 - ops.abs(centres[:, None] - pixels[None]) / reach)
    return weights / ops.sum(weights, axis=1, keepdims=True)  # what lies outside does not count


def fill_square(picture, size, side: int):
    """Put a picture into the middle of a square whose rest mirrors it, as often as it takes.

    Args:
        picture: `(B, h, w, C)`.
        size: Its h and w, at most `side`; numbers or tensors.
        side: Of the square, pixels.

    Returns:
        `(B, side, side, C)`.
    """
    for axis, length in enumerate(size, 1):
        place = (ops.arange(side) - _margin(length, side)) % (2 * length)
        picture = ops.take(picture, ops.minimum(place, 2 * length - 1 - place), axis=axis)
    return picture


def cut_from_square(picture, size, side: int):
    """Undo `fill_square`, also for a picture of `(B, s, s, C)` that is smaller than the square."""
    picture = resize(picture, (side, side))
    top, left = (_margin(length, side) for length in size)
    return picture[:, top : top + size[0], left : left + size[1]]


def _margin(length, side):
    return (side - length) // 2
