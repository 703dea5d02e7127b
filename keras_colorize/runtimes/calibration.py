"""Photographs on which the range of every number in an int8 network is found."""

import numpy as np

from keras_colorize import errors
from keras_colorize.data.file_source import FileSource
from keras_colorize.data.photographs import center_crop

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
    squares = [center_crop(rgb, size) for _, _, rgb in source.read_all()]
    if not squares:
        name, reason = source.skipped[0]
        raise errors.wrong(f"No photograph can be read, such as {name}: {reason}.", data=data)
    return squares
