"""Coloring one photograph of any size and shape in bounded memory.

L*, the enlargement of ab and the gamut fit are local, so they are worked on in bands of rows; what
the network sees is reduced band by band. Nothing of the photograph's size is made but the picture.

A panorama is colored through windows that overlap by half: reduced as a whole to what a network
takes, it would lose its height. So each of its parts gets about the color that it would get alone.

A border of paper around the photograph is left out of what the network sees, and stays gray.
"""

import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from keras_colorize.color import grays, pixels
from keras_colorize.colorizer import borders
from keras_colorize.colorizer.conditions.base import Condition
from keras_colorize.colorizer.decoding import Decoding
from keras_colorize.layers import resizing, upscaling

Answer = TypeVar("Answer")
ADJUSTED = 2**18  # pixels at which conditions are applied: edges stay sharp to the eye
_BAND = pixels.PART  # pixels that one core works on
_WIDEST, _WINDOW = 4, 2  # long side to short: of what is seen as a whole, and of a window
_LARGE = 2**23  # pixels, from which on a table for gray photographs is worth its making
_LEAST = 100  # pixels; what is lower is a strip, not a panorama


@dataclass
class _Window:
    """A part of the photograph that the network sees by itself.

    Attributes:
        top: Its first row.
        left: Its first column.
        seen: L* as the network sees it, `(h, w)`.
        ab: The network's color, or the lines that give it, enlarged to the window's width:
            `(2 or 4, h', width)`.
    """

    top: int
    left: int
    seen: np.ndarray
    ab: np.ndarray | None = None


def colorize(
    rgb: np.ndarray,
    working_size: Callable[[int, int], tuple[int, int]],
    predict: Callable[[np.ndarray, tuple[int, int]], Answer],
    read: Callable[[Answer, tuple[int, int], Decoding], np.ndarray],
    decodings: Sequence[Decoding],
    conditions: Sequence[Condition] = (),
) -> Iterator[np.ndarray]:
    """Color a photograph, in one way or several; the network sees it once.

    Args:
        rgb: uint8, uint16 or float in 0…1, `(H, W, 3)`.
        working_size: Height and width of a photograph → those at which the network sees it.
        predict: L* of that size, float32 `(1, h, w, 1)`, and the size → what the network says.
        read: Such an answer, the size and a decoding → ab, float32 `(1, h', w', 2)`, of any
            resolution.
        decodings: One for each picture; it says how ab is enlarged, too.
        conditions: What changes ab, one after the other; the photograph is reduced to `ADJUSTED`
            pixels for them where it has more.

    Yields:
        A picture of the same type and shape for each decoding.
    """
    rgb = _gray_as_one_channel(rgb)
    rows, columns = borders.inside(rgb)
    places, (height, width) = _places(rows.stop - rows.start, columns.stop - columns.start)
    size = working_size(height, width)
    windows = [
        _Window(rows.start + top, columns.start + left, np.zeros(size, "float32"))
        for top, left in places
    ]

    rows = resizing.shares(height, size[0], True)
    spans = _spans(rows.T)

    def look(start, lightness):
        parts = []
        for window, own, inside in _meeting(windows, start, len(lightness), height):
            part = _narrowed(lightness[inside, window.left : window.left + width], size[1])
            near = _near(spans, own)
            parts.append((window, near, rows[near, own] @ part))
        return parts

    for window, near, part in itertools.chain(*_map_bands(rgb, look)):
        window.seen[near] += part

    answers = (predict(window.seen[None, ..., None], size) for window in windows)
    if len(decodings) > 1:
        answers = list(answers)
    for decoding in decodings:
        for window, answer in zip(windows, answers):
            window.ab = read(answer, size, decoding)
            if decoding.upscale == "guided":
                window.ab = upscaling.coefficients(window.ab, window.seen[None, ..., None])
            window.ab = _widened(window.ab[0], width, decoding.upscale == "bicubic")
        color = _Color(windows, (height, width), decoding.upscale, rgb.shape[:2])
        yield _picture(rgb, _adjusted(rgb, color, conditions) if conditions else color)


def _picture(rgb, color: "_Color") -> np.ndarray:
    """Put color to the lightness of a photograph."""
    colored = np.empty(rgb.shape, rgb.dtype)
    rows = max(1, pixels.BLOCK // rgb.shape[1])
    by_table = _is_gray(rgb) and rgb.dtype == np.uint8 and len(rgb) * rgb.shape[1] >= _LARGE
    if by_table:
        grays.table()  # made once, before all cores ask for it

    def blocks(start, lightness):
        for row in range(0, len(lightness), rows):
            own = slice(start + row, start + min(row + rows, len(lightness)))
            yield own, color.band(own.start, lightness[row : row + rows])

    def fill(start, lightness):
        if by_table:
            for own, planes in blocks(start, lightness):
                if not grays.fill(colored[own], rgb[own, :, 0], planes[1:]):
                    pixels.fill_rgb(colored[own].reshape(-1, 3), [planes.reshape(3, -1)])
        else:
            planes = (planes.reshape(3, -1) for _, planes in blocks(start, lightness))
            pixels.fill_rgb(colored[start : start + len(lightness)].reshape(-1, 3), planes)

    _map_bands(rgb, fill)
    return colored


def saliency(
    photograph: np.ndarray,
    working_size: Callable[[int, int], tuple[int, int]],
    predict: Callable[[np.ndarray, tuple[int, int]], np.ndarray],
) -> np.ndarray:
    """Draw how salient each pixel of a photograph is.

    Args:
        photograph: As `rgb` for `colorize`.
        working_size: As for `colorize`.
        predict: L* of that size, float32 `(1, h, w, 1)`, and the size → saliency in 0…1, float32
            `(1, h', w', 1)`.

    Returns:
        uint8 `(H, W)`: 255 for the most salient.
    """
    lightness = pixels.lightness_of(photograph[None])
    size = working_size(*lightness.shape[1:3])
    found = predict(resizing.resize(lightness, size, antialias=True), size)
    found = resizing.resize(found, lightness.shape[1:3])
    return np.rint(255 * found[0, ..., 0]).astype("uint8")


class _Color:
    """The ab of a photograph, from what its windows say.

    Args:
        windows: The windows, whose `ab` is known.
        size: Height and width of each window, in pixels.
        upscale: How `ab` is enlarged: `bilinear`, `bicubic` or `guided`.
        shape: Height and width of the photograph.
    """

    def __init__(
        self, windows: list[_Window], size: tuple[int, int], upscale: str, shape: tuple[int, int]
    ):
        height, width = size
        self._windows, self._height, self._width = windows, height, width
        self._whole, self._guided = size == shape, upscale == "guided"
        self._rows = resizing.shares(windows[0].ab.shape[1], height, cubic=upscale == "bicubic")
        self._spans = _spans(self._rows)
        self._down = _fade(height, len({window.top for window in windows}) > 1)
        self._across = _fade(width, len({window.left for window in windows}) > 1)

    def band(self, start: int, lightness: np.ndarray) -> np.ndarray:
        """Return CIELAB `(3, n, W)` of the rows from `start` on, whose L* is `(n, W)`."""
        made = np.empty((3, *lightness.shape), "float32")
        made[0] = lightness
        if self._whole:
            self._fill(made[1:], self._windows[0], slice(start, start + len(lightness)), lightness)
            return made
        made[1:] = 0
        total = np.zeros(lightness.shape, "float32")
        for window, own, inside in _meeting(self._windows, start, len(lightness), self._height):
            part = inside, slice(window.left, window.left + self._width)
            ab = np.empty((2, *lightness[part].shape), "float32")
            self._fill(ab, window, own, lightness[part])
            weights = self._down[own, None] * self._across
            made[1:, *part] += weights * ab
            total[part] += weights
        np.divide(made[1:], total, out=made[1:], where=total > 0)  # none in a border
        return made

    def _fill(self, ab: np.ndarray, window: _Window, own: slice, lightness: np.ndarray) -> None:
        """Fill ab `(2, n, width)` of a window's own rows, whose L* is `(n, width)`."""
        near = _near(self._spans, own)
        if not self._guided:
            np.matmul(self._rows[own, near], window.ab[:, near], out=ab)
            return
        lines = self._rows[own, near] @ window.ab[:, near]
        np.multiply(lines[:2], lightness, out=ab)  # `upscaling.apply`, of planes
        ab += lines[2:]


def _adjusted(rgb, color: _Color, conditions) -> _Color:
    """Reduce L* and ab of the whole photograph, and enlarge what conditions make of them."""
    height, width = shape = rgb.shape[:2]
    scale = min(1.0, math.sqrt(ADJUSTED / (height * width)))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    rows = resizing.shares(height, size[0], True)
    spans = _spans(rows.T)
    reduced = np.zeros((3, *size), "float32")

    def reduce(start, lightness):
        own = slice(start, start + len(lightness))
        near = _near(spans, own)
        planes = color.band(start, lightness)
        return near, [rows[near, own] @ _narrowed(plane, size[1]) for plane in planes]

    for near, parts in _map_bands(rgb, reduce):
        reduced[:, near] += parts
    ab = np.moveaxis(reduced[1:], 0, -1)
    for condition in conditions:
        ab = condition.apply(reduced[0], ab, shape)
    window = _Window(0, 0, reduced[0], _widened(ab, width))
    return _Color([window], shape, "bilinear", shape)


def _widened(ab, width, cubic=False):
    return np.moveaxis(ab, -1, 0) @ resizing.shares(ab.shape[1], width, cubic=cubic).T


def _narrowed(plane, width):
    if width < plane.shape[1]:  # the same as the other, but faster
        return cv2.resize(plane, (width, len(plane)), interpolation=cv2.INTER_AREA)
    return plane @ resizing.shares(plane.shape[1], width, True).T


def _spans(weights):
    """Return where the weights of each row that are not 0 begin and end, `(n, 2)`."""
    used = weights != 0
    return np.stack([used.argmax(1), used.shape[1] - used[:, ::-1].argmax(1)], axis=1)


def _near(spans, rows: slice) -> slice:
    """Return where the weights of some rows lie, which move on from row to row."""
    return slice(spans[rows.start, 0], spans[rows.stop - 1, 1])


def _places(height: int, width: int) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Return where windows begin, and their size."""
    short, long = sorted((height, width))
    if long <= _WIDEST * short or short < _LEAST:
        return [(0, 0)], (height, width)
    length = _WINDOW * short
    steps = -(-(long - length) // (length // 2))
    starts = [round(step * (long - length) / steps) for step in range(steps + 1)]
    if width > height:
        return [(0, start) for start in starts], (height, length)
    return [(start, 0) for start in starts], (length, width)


def _fade(length: int, overlaps: bool) -> np.ndarray:
    """Return the weight of each row or column of a window: less toward where others take over."""
    if not overlaps:
        return np.ones(length, "float32")
    place = np.arange(length, dtype="float32") + 0.5
    return np.minimum(place, length - place)


def _map_bands(rgb: np.ndarray, function: Callable[[int, np.ndarray], Answer]) -> list[Answer]:
    """Call a function with the first row and L* `(n, W)` of each band of rows, on all cores."""
    rows = max(1, _BAND // rgb.shape[1])
    is_gray = _is_gray(rgb) and rgb.dtype.kind == "u"

    def call(start):
        band = rgb[start : start + rows]
        if is_gray:
            table = grays.lightness(rgb.dtype.name)
            return function(start, cv2.LUT(np.ascontiguousarray(band[..., 0]), table))
        return function(start, pixels.lightness_of(np.ascontiguousarray(band))[..., 0])

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy and OpenCV release Python's lock
        return list(pool.map(call, range(0, len(rgb), rows)))


def _gray_as_one_channel(rgb: np.ndarray) -> np.ndarray:
    """Return a photograph whose channels are equal as one that is shown as three."""
    if _is_gray(rgb):
        return rgb
    rows = max(1, _BAND // rgb.shape[1])
    for start in range(0, len(rgb), rows):
        band = rgb[start : start + rows]
        if (band[..., 0] != band[..., 1]).any() or (band[..., 0] != band[..., 2]).any():
            return rgb
    return np.broadcast_to(rgb[..., :1], rgb.shape)


def _is_gray(rgb: np.ndarray) -> bool:
    return rgb.strides[2] == 0


def _meeting(
    windows: list[_Window], start: int, length: int, height: int
) -> Iterator[tuple[_Window, slice, slice]]:
    """Yield the windows that a band meets: their own rows in it, and the band's rows in them."""
    for window in windows:
        first, last = max(start, window.top), min(start + length, window.top + height)
        if first < last:
            own = slice(first - window.top, last - window.top)
            yield window, own, slice(first - start, last - start)
