"""Whole pictures between sRGB and CIELAB: NumPy arrays in and out, in blocks.

A block's intermediate values fit a core's cache and several blocks are worked on at once, so memory
does not grow with the picture beyond its own arrays.
"""

import concurrent.futures
import os
from collections.abc import Callable

import numpy as np

from keras_colorize.color import lab

BLOCK = 2**16  # pixels that one core works on at a time


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """Convert a picture to CIELAB.

    Args:
        rgb: uint8 or uint16 `(..., 3)`, sRGB.

    Returns:
        float32 `(..., 3)`: L* in 0…100, a* and b* in CIELAB units.
    """
    return _by_blocks(lab.rgb_to_lab, rgb, "float32", 3)


def lightness_of(rgb: np.ndarray) -> np.ndarray:
    """Return a picture's L* alone.

    Args:
        rgb: uint8, uint16 or float in 0…1, `(..., 3)`, sRGB.

    Returns:
        float32 `(..., 1)`, 0…100.
    """
    return _by_blocks(lab.rgb_to_lightness, rgb, "float32", 1)


def to_rgb(whole: np.ndarray, dtype: str | np.dtype = "uint8") -> np.ndarray:
    """Convert CIELAB to a picture; chroma is reduced where sRGB does not have the color.

    Args:
        whole: float32 `(..., 3)`: L*, a*, b*.
        dtype: `uint8`, `uint16` or a type of floats, whose white is 1.

    Returns:
        `(..., 3)` of that type, sRGB.
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return _by_blocks(_fitted_rgb, whole, dtype, 3)
    top = np.iinfo(dtype).max
    return _by_blocks(lambda block: np.rint(top * _fitted_rgb(block)), whole, dtype, 3)


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """Return a picture at its own L* without color: uint8 `(..., 3)` → uint8 `(..., 3)`."""
    return to_rgb(lightness_of(rgb) * np.array([1, 0, 0], "float32"))


def _fitted_rgb(whole: np.ndarray) -> np.ndarray:
    linear = lab.linear_rgb(whole)
    outside = lab.outside_gamut(linear)  # usually few; fitting takes most of the time
    if outside.any():
        fitted = lab.linear_rgb(lab.fit_gamut(whole[outside]))
        for plane, part in zip(linear, fitted):
            plane[outside] = part
    return lab.encode(linear)


def _by_blocks(function: Callable, picture: np.ndarray, dtype, channels: int) -> np.ndarray:
    """Apply a function of pixels `(N, 3)` → `(N, channels)` to every pixel of a picture."""
    pixels = picture.reshape(-1, 3)
    made = np.empty((len(pixels), channels), dtype)

    def fill(start):
        made[start : start + BLOCK] = function(pixels[start : start + BLOCK])

    starts = range(0, len(pixels), BLOCK)
    if len(starts) == 1:
        fill(0)
    else:  # NumPy releases Python's lock
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(fill, starts))
    return made.reshape(*picture.shape[:-1], channels)
