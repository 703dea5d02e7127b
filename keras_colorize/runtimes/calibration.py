"""Photographs on which the range of every number in an int8 network is found."""

import cv2
import numpy as np

from keras_colorize import errors
from keras_colorize.data.file_source import FileSource

COUNT = 32  # photographs; more change little


def photographs(data: str, size: int) -> list[np.ndarray]:
    """Return a few photographs as a network sees them: all of one size.

    Args:
        data: `samples`; a folder (recursive), a glob or a file, tar shards among them. Photographs
            without color do as well, since a network sees lightness alone.
        size: The side of the central squares, in pixels.

    Returns:
        uint8 `(size, size, 3)` for each of at most `COUNT` photographs, spread over the whole.

    Raises:
        UsageError: Nothing is there, or nothing of it can be read.
    """
    source = FileSource.find(data, "data").sample(COUNT)
    squares = [_square(rgb, size) for _, _, rgb in source.read_all()]
    if not squares:
        name, reason = source.skipped[0]
        raise errors.wrong(f"No photograph can be read, such as {name}: {reason}.", data=data)
    return squares


def _square(rgb, size):
    side = min(rgb.shape[:2])
    top, left = ((length - side) // 2 for length in rgb.shape[:2])
    square = np.ascontiguousarray(rgb[top : top + side, left : left + side])
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
