"""Resizing photographs of any size to what a network takes, on any backend and in any graph.

`keras.ops.image.resize` refuses sizes that are not known when a graph is traced. These functions
accept them, so that an exported model resizes a photograph exactly as the Colorizer does.
"""

from keras import ops


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
    shape = ops.shape(picture)
    if all(isinstance(side, int) for side in (*shape[1:3], *size)) and shape[1:3] == tuple(size):
        return picture
    # Two products with small matrices, one for the rows and one for the columns.
    rows = shares(shape[1], size[0], antialias, cubic)
    columns = shares(shape[2], size[1], antialias, cubic)
    return ops.einsum("bhwc,Hh,Ww->bHWc", picture, rows, columns)


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
    step = ops.cast(source, "float32") / ops.cast(target, "float32")
    pixels = ops.cast(ops.arange(source), "float32")[None] + 0.5  # centers of pixels
    centers = (ops.cast(ops.arange(target), "float32")[:, None] + 0.5) * step
    distances = ops.abs(centers - pixels)
    if cubic:
        near = (1.5 * distances - 2.5) * distances**2 + 1
        far = ((2.5 - 0.5 * distances) * distances - 4) * distances + 2
        weights = ops.where(distances < 1, near, ops.where(distances < 2, far, 0.0))
    else:
        weights = ops.relu(1.0 - distances)
    if antialias:  # the part of a pixel that lies within half a step
        weights = ops.where(step > 1.0, ops.clip(step / 2 + 0.5 - distances, 0.0, 1.0), weights)
    # Pixels outside the picture do not count.
    return weights / ops.sum(weights, axis=1, keepdims=True)


def fill_square(picture, size, side: int):
    """Put a picture into the middle of a square and fill the rest with its reflections.

    Args:
        picture: `(B, h, w, C)`.
        size: The picture's h and w, at most `side`; numbers or tensors.
        side: The side of the square, in pixels.

    Returns:
        `(B, side, side, C)`.
    """
    for axis, length in enumerate(size, 1):
        place = (ops.arange(side) - _margin(length, side)) % (2 * length)
        picture = ops.take(picture, ops.minimum(place, 2 * length - 1 - place), axis=axis)
    return picture


def cut_from_square(picture, size, side: int):
    """Undo `fill_square`, also for a map `(B, s, s, C)` that is smaller than the square."""
    picture = resize(picture, (side, side))
    top, left = (_margin(length, side) for length in size)
    return picture[:, top : top + size[0], left : left + size[1]]


def _margin(length, side):
    return (side - length) // 2
