"""The border around a scanned photograph: paper, or a black frame, which says nothing of colors."""

import numpy as np

from keras_colorize.color import pixels

_STEPS = 256  # rows and columns that are looked at, about
_PAPER, _BLACK = 85.0, 12.0  # L*: what is lighter may be paper, what is darker a frame
_TOLERANCE = 4.0  # L*: the unevenness of paper
_SHARE = 0.98  # of a row's pixels that are like the border
_LEAST, _MOST = 0.015, 0.25  # of a side: what counts as a border


def inside(rgb: np.ndarray) -> tuple[slice, slice]:
    """Find the photograph within its border.

    A border is uniform, and lies at two opposite sides or at all four.

    Args:
        rgb: uint8, uint16 or float in 0…1, `(H, W, 3)`.

    Returns:
        Its rows and its columns; all of them where there is no border.
    """
    step = max(1, min(rgb.shape[:2]) // _STEPS)
    lightness = pixels.lightness_of(np.ascontiguousarray(rgb[::step, ::step]))[..., 0]
    rows = _inner(lightness, step, rgb.shape[0])
    within = lightness[rows.start // step : -(-rows.stop // step)]
    return rows, _inner(within.T, step, rgb.shape[1])


def _inner(lightness: np.ndarray, step: int, length: int) -> slice:
    """Return the rows, of `length` before every `step`-th was taken, without a border."""
    levels = np.median(lightness[0]), np.median(lightness[-1])
    if abs(levels[0] - levels[1]) > _TOLERANCE or _BLACK < levels[0] < _PAPER:
        return slice(0, length)
    like = (np.abs(lightness - levels[0]) <= _TOLERANCE).mean(axis=1) >= _SHARE
    if like.all():
        return slice(0, length)
    first, last = np.argmin(like), np.argmin(like[::-1])
    # The border ends between two rows: rather a bit of it is left than the photograph cut.
    cut = [(int(n) - 1) * step + 1 for n in (first, last)]
    if not all(_LEAST * length <= each <= _MOST * length for each in cut):
        return slice(0, length)
    return slice(cut[0], length - cut[1])
