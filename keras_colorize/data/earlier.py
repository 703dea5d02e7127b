"""Pictures of an earlier call that lie among photographs: known by a mark and their lightness."""

import contextlib
import math
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from keras_colorize.color import pixels
from keras_colorize.data import exif, photographs, tones
from keras_colorize.errors import BadPhotograph

_LOOKED_AT = 256  # pixels a side
_LARGER = 16  # times as many pixels at most, as with many variants side by side
_ALIKE = 1.5  # L*, on average: what compression changes, and less than what two photographs share


def is_picture_of(path: Path, file: photographs.File, numbers: Iterable[int]) -> bool:
    """Tell whether a file is a picture of a photograph: marked as one, and as light.

    It has the photograph's lightness, at its left if it is wider.

    Args:
        path: The file.
        file: The photograph's.
        numbers: Pages of the photograph; the first that is not damaged is compared.
    """
    try:
        made = photographs.File(path, _LARGER * math.prod(file.size))
    except (OSError, BadPhotograph):
        return False
    if not exif.is_marked(made.told.exif):
        return False
    for number in numbers:
        with contextlib.suppress(BadPhotograph):  # the page may be damaged
            seen = tones.to_8bit(file.read(number).pixels)
            there = (tones.to_8bit(made.read(page).pixels) for page in range(len(made)))
            return any(_are_alike(seen, one) for one in there)
    return False


def _are_alike(photograph: np.ndarray, picture: np.ndarray) -> bool:
    height, width = photograph.shape[:2]
    picture = picture[:, :width]
    if picture.shape[:2] != (height, width):
        return False
    pair = []
    for rgb in (photograph, picture):
        whole = np.broadcast_to(rgb.reshape(height, width, -1), (height, width, 3))
        lightness = pixels.lightness_of(np.ascontiguousarray(whole))[..., 0]
        size = min(width, _LOOKED_AT), min(height, _LOOKED_AT)
        pair.append(cv2.resize(lightness, size, interpolation=cv2.INTER_AREA))
    difference = np.abs(pair[0] - pair[1])
    # Dark ones differ by little: not by more than a share of what there is to see in one.
    return float(difference.mean()) < min(_ALIKE, 0.1 * float(pair[0].std()) + 0.3)
