"""Color for gray photographs of 8 bits, by a table: they have few values of L*.

A table of sRGB for each level and a grid of ab, interpolated between, takes a third of the time
that the conversion takes. L* is as near. Where chroma begins to be reduced, a channel may be
off by more than a step of 8 bits: in a few pixels in a thousand, in ten where colors are vivid.
"""

import functools

import cv2
import numpy as np

from keras_colorize.color import pixels

REACH, _PITCH = 56, 2  # CIELAB units; few colors that are predicted lie beyond, and few in between
_LONGEST = 2**15 - 2  # pixels, of what `cv2.remap` takes
_SIDE = 2 * REACH // _PITCH + 1


@functools.cache
def lightness(dtype: str) -> np.ndarray:
    """Return L* of each level of gray of `uint8` or `uint16`, float32 `(levels,)`."""
    levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    return pixels.lightness_of(np.stack([levels] * 3, axis=-1))[:, 0]


@functools.cache
def table() -> np.ndarray:
    """Return sRGB in 0…255, float32: a row for each level and b*, a column for each a*."""
    axis = np.linspace(-REACH, REACH, _SIDE, dtype="float32")
    planes = np.meshgrid(lightness("uint8"), axis, axis, indexing="ij")
    whole = np.stack([planes[0], planes[2], planes[1]], axis=-1)
    return 255 * pixels.to_rgb(whole, "float32").reshape(-1, _SIDE, 3)


def fill(made: np.ndarray, levels: np.ndarray, ab: np.ndarray) -> bool:
    """Put color to levels of gray; chroma is reduced where sRGB does not have the color.

    Args:
        made: The picture to fill, uint8 `(H, W, 3)`, sRGB.
        levels: uint8 `(H, W)`.
        ab: a* and b*, float32 `(2, H, W)`.

    Returns:
        False where the table does not reach far enough, or rows are too long for OpenCV; then
        nothing is filled.
    """
    if max(ab.max(), -ab.min()) > REACH or max(levels.shape) > _LONGEST:
        return False
    columns, rows = (ab + REACH) * (1 / _PITCH)
    rows += levels * np.float32(_SIDE)
    cv2.convertScaleAbs(cv2.remap(table(), columns, rows, cv2.INTER_LINEAR), made)
    return True
