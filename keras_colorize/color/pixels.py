"""Whole pictures between sRGB and CIELAB: NumPy arrays in and out, in blocks.

A block's intermediate values fit a core's cache and several blocks are worked on at once, so memory
does not grow with the picture beyond its own arrays.
"""

import concurrent.futures
import functools
import os
from collections.abc import Callable

import numpy as np

from keras_colorize.color import lab

_BLOCK = 2**14  # pixels


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


def to_8bit(whole: np.ndarray) -> np.ndarray:
    """Convert CIELAB to an 8-bit picture; chroma is reduced where sRGB does not have the color.

    Args:
        whole: float32 `(..., 3)`: L*, a*, b*.

    Returns:
        uint8 `(..., 3)`, sRGB.
    """
    return _by_blocks(functools.partial(_to_rgb, dtype="uint8"), whole, "uint8", 3)


def to_16bit(whole: np.ndarray) -> np.ndarray:
    """Convert as `to_8bit` does, but to 16 bits: uint16 `(..., 3)`, sRGB in 0…65535."""
    return _by_blocks(functools.partial(_to_rgb, dtype="uint16"), whole, "uint16", 3)


def to_float(whole: np.ndarray) -> np.ndarray:
    """Convert as `to_8bit` does, but without rounding: float32 `(..., 3)`, sRGB in 0…1."""
    return _by_blocks(_fitted_rgb, whole, "float32", 3)


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """Return a picture at its own L* without color: uint8 `(..., 3)` → uint8 `(..., 3)`."""
    return to_8bit(lightness_of(rgb) * np.array([1, 0, 0], "float32"))


def _to_rgb(whole: np.ndarray, dtype: str) -> np.ndarray:
    return np.rint(np.iinfo(dtype).max * _fitted_rgb(whole)).astype(dtype)


def _fitted_rgb(whole: np.ndarray) -> np.ndarray:
    outside = lab.outside_gamut(whole)  # usually few; fitting takes most of the time
    if outside.any():
        whole = whole.copy()
        whole[outside] = lab.fit_gamut(whole[outside])
    return lab.lab_to_rgb(whole)


def _by_blocks(function: Callable, picture: np.ndarray, dtype: str, channels: int) -> np.ndarray:
    """Apply a function of pixels `(N, 3)` → `(N, channels)` to every pixel of a picture."""
    pixels = picture.reshape(-1, 3)
    made = np.empty((len(pixels), channels), dtype)

    def fill(start):
        made[start : start + _BLOCK] = function(pixels[start : start + _BLOCK])

    starts = range(0, len(pixels), _BLOCK)
    if len(starts) == 1:
        fill(0)
    else:  # NumPy releases Python's lock
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(fill, starts))
    return made.reshape(*picture.shape[:-1], channels)
