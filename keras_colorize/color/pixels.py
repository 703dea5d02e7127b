"""Whole pictures between sRGB and CIELAB: NumPy arrays in and out, in blocks.

A block's intermediate values fit a core's cache, and parts of several blocks are worked on at once,
so memory does not grow with the picture beyond its own arrays.
"""

import concurrent.futures
import os
from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from keras_colorize.color import lab

BLOCK = 2**14  # pixels that are worked on at a time
PART = 2**18  # pixels that one core works on, block by block


def _levels() -> np.ndarray:
    """Return the level of 8 bits for linear light of 16 bits, cut off: to a 40th of a level."""
    linear = (np.arange(2**16) + 0.5) / (2**16 - 1)
    return np.rint(255 * lab.encode([linear] * 3)[:, 0]).astype("uint8")


_LEVELS = _levels()


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """Convert a picture to CIELAB.

    Args:
        rgb: uint8 or uint16 `(..., 3)`, sRGB.

    Returns:
        float32 `(..., 3)`: L* in 0…100, a* and b* in CIELAB units.
    """
    return _by_parts(_of_blocks(lab.rgb_to_lab), rgb, "float32", 3)


def lightness_of(rgb: np.ndarray) -> np.ndarray:
    """Return a picture's L* alone.

    Args:
        rgb: uint8, uint16 or float in 0…1, `(..., 3)`, sRGB.

    Returns:
        float32 `(..., 1)`, 0…100.
    """
    return _by_parts(_of_blocks(_lightness), rgb, "float32", 1)


def _lightness(rgb: np.ndarray) -> np.ndarray:
    if rgb.dtype.kind == "f":
        return lab.rgb_to_lightness(rgb)
    linear = cv2.LUT(rgb[None], lab.LINEAR[rgb.dtype.name])
    return lab.lightness_of(cv2.transform(linear, lab.LUMINANCE)[0])[:, None]


def to_rgb(whole: np.ndarray, dtype: str | np.dtype = "uint8") -> np.ndarray:
    """Convert CIELAB to a picture; chroma is reduced where sRGB does not have the color.

    Args:
        whole: float32 `(..., 3)`: L*, a*, b*.
        dtype: `uint8`, `uint16` or a type of floats, whose white is 1.

    Returns:
        `(..., 3)` of that type, sRGB.
    """

    def fill(made, part):
        fill_rgb(made, (np.ascontiguousarray(block.T) for block in _blocks(part)))

    return _by_parts(fill, whole, dtype, 3)


def fill_rgb(made: np.ndarray, blocks: Iterable[np.ndarray]) -> None:
    """Convert CIELAB to a picture as `to_rgb`, on one core.

    Args:
        made: The picture to fill, `(N, 3)`: uint8, uint16 or floats.
        blocks: L*, a* and b*, float32 `(3, n)`, of about `BLOCK` pixels after the other.
    """
    start, outside = 0, []
    for block in blocks:
        linear = lab.linear_rgb(block)
        at = np.flatnonzero(lab.outside_gamut(linear))
        outside.append((start + at, block[:, at]))
        made[start : start + len(linear[0])] = _encode(linear, made.dtype)
        start += len(linear[0])
    # Usually few of each block: all together, they are fitted in fewer calls.
    at, colors = (np.concatenate(each, axis=-1) for each in zip(*outside))
    for start in range(0, len(at), BLOCK):
        part = slice(start, start + BLOCK)
        fitted = lab.fit_planes(colors[:, part])
        made[at[part]] = _encode(lab.linear_rgb(fitted), made.dtype)


def _encode(linear: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Turn linear light `(3, n)`, which is overwritten, into sRGB `(n, 3)`."""
    if dtype == np.uint8:
        linear.clip(0, 1, out=linear)
        linear *= len(_LEVELS) - 1
        levels = cv2.LUT(linear.astype("uint16"), _LEVELS)
        return cv2.merge(list(levels[:, None]))[0]
    rgb = lab.encode(linear)
    return rgb if dtype.kind == "f" else np.rint(np.iinfo(dtype).max * rgb)


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """Return a picture at its own L* without color: uint8 `(..., 3)` → uint8 `(..., 3)`."""
    return to_rgb(lightness_of(rgb) * np.array([1, 0, 0], "float32"))


def _blocks(pixels: np.ndarray) -> Iterator[np.ndarray]:
    return (pixels[start : start + BLOCK] for start in range(0, len(pixels), BLOCK))


def _of_blocks(function: Callable) -> Callable:
    """Return what fills a picture with what a function makes of blocks of another."""

    def fill(made, pixels):
        for target, block in zip(_blocks(made), _blocks(pixels)):
            target[...] = function(block)

    return fill


def _by_parts(fill: Callable, picture: np.ndarray, dtype, channels: int) -> np.ndarray:
    """Let a function fill `(N, channels)` from pixels `(N, 3)`, for every part of a picture."""
    pixels = picture.reshape(-1, 3)
    made = np.empty((len(pixels), channels), dtype)
    parts = [slice(start, start + PART) for start in range(0, len(pixels), PART)]
    if len(parts) == 1:
        fill(made, pixels)
    else:  # NumPy releases Python's lock
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda part: fill(made[part], pixels[part]), parts))
    return made.reshape(*picture.shape[:-1], channels)
