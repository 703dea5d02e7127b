"""What is alike in two photographs: an encoder's features, compared cell by cell.

References:
    [1] M. He, D. Chen, J. Liao, P. V. Sander, L. Yuan, "Deep Exemplar-based Colorization", ACM
        Transactions on Graphics 37(4), 2018: features of a classifier find what corresponds.
    [2] K. He, J. Sun, X. Tang, "Guided Image Filtering", IEEE TPAMI 35(6), 2013.
"""

import functools
import math

import cv2
import keras
import numpy as np

from keras_colorize.layers import resizing
from keras_colorize.models import backbones

_SIDE = 256  # pixels; the short side at which photographs are compared
_LONGEST = 4  # the long side is at most so many times that
_STRIDE, _COARSEST = 8, 32  # of the cells that are compared; of the encoder
_RADIUS, _EDGE = 1 / 32, 2.0  # of the guided filter: of the photograph's side, and L*


@functools.lru_cache(1)
def _encoder() -> keras.Model:
    return backbones.efficientnet_lite0("imagenet")


def features(lightness: np.ndarray) -> list[np.ndarray]:
    """Return the encoder's maps at strides 4, 8, 16 and 32, all resized to the grid of cells.

    Args:
        lightness: float32 `(H, W)`, L*.

    Returns:
        float32 `(h, w, C)` for each map; a cell has 8 pixels at a short side of 256.
    """
    height, width = lightness.shape
    scale = min(_SIDE / min(height, width), _LONGEST * _SIDE / max(height, width))
    size = [max(1, round(side * scale / _COARSEST)) * _COARSEST for side in (height, width)]
    seen = keras.ops.convert_to_tensor(resized(lightness[..., None], size)[None])
    maps = _encoder()(backbones.imagenet_lite(seen), training=False)[1:]
    cells = [side // _STRIDE for side in size]
    return [resized(keras.ops.convert_to_numpy(one)[0], cells) for one in maps]


def compared(mine: list[np.ndarray], theirs: list[np.ndarray]) -> np.ndarray:
    """Return the cosine of the features of each cell and each of theirs, its mean over the maps.

    Args:
        mine: What `features` returned, n cells.
        theirs: The same of the other photograph, m cells.

    Returns:
        float32 `(n, m)`, -1…1.
    """
    total = 0
    for a, b in zip(mine, theirs):
        a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
        mean = (a.mean(0) + b.mean(0)) / 2  # what all cells share tells none apart
        a, b = a - mean, b - mean
        a /= np.linalg.norm(a, axis=1, keepdims=True) + 1e-6
        b /= np.linalg.norm(b, axis=1, keepdims=True) + 1e-6
        total = total + a @ b.T
    return total / len(mine)


def guided(shift: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Enlarge what is added to ab, and let it change at contours of L* [2].

    Args:
        shift: float32 `(h, w, 2)`, of cells.
        lightness: float32 `(H, W)`, L*.

    Returns:
        float32 `(H, W, 2)`.
    """
    lightness = np.ascontiguousarray(lightness, "float32")
    radius = max(1, round(_RADIUS * math.sqrt(lightness.size)))
    enlarged = resized(shift, lightness.shape)
    return cv2.ximgproc.guidedFilter(lightness, enlarged, radius, _EDGE**2)


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize `(h, w, C)`, by averaging areas where it gets smaller."""
    picture = keras.ops.convert_to_tensor(picture[None].astype("float32"))
    return keras.ops.convert_to_numpy(resizing.resize(picture, size, antialias=True))[0]
