"""The prior of the rebalanced AuC: the number of pixels in each of Zhang's 313 bins."""

import os
from collections.abc import Iterable

import numpy as np

from keras_colorize import errors
from keras_colorize.color import bins, pixels


def measure(photographs: Iterable[np.ndarray]) -> np.ndarray:
    """Count the pixels in each bin.

    Args:
        photographs: uint8 sRGB `(H, W, 3)`.

    Returns:
        float64 `(313,)`.
    """
    counts = np.zeros(313)
    for rgb in photographs:
        numbers = bins.nearest_on_lattice(pixels.to_lab(rgb)[..., 1:], bins.gamut313())
        counts += np.bincount(numbers.ravel(), minlength=313)
    return counts


def read(path: str | os.PathLike) -> np.ndarray:
    """Read the counts that another evaluation has written to its `prior.txt`: float64 `(313,)`.

    Raises:
        UsageError: The file cannot be read, or does not hold 313 counts.
    """
    try:
        counts = np.loadtxt(path, ndmin=1)
    except (OSError, ValueError) as error:
        text = f"`prior` cannot be read ({errors.reason(error)})."
        raise errors.wrong(text, prior=path) from error
    if counts.shape != (313,) or not (counts >= 0).all() or not counts.sum() > 0:
        raise errors.UsageError(
            "`prior` must be a file of 313 numbers, one for each bin, as prior.txt. "
            f"Received: prior={str(path)!r} with {counts.size}."
        )
    return counts
