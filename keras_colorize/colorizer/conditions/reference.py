"""A reference: a color photograph whose palette is followed, region by region.

References:
    [1] M. He, D. Chen, J. Liao, P. V. Sander, L. Yuan, "Deep Exemplar-based Colorization", ACM
        Transactions on Graphics 37(4), 2018: features of a classifier find what corresponds; where
        nothing does, the color is the network's own.
    [2] K. He, J. Sun, X. Tang, "Guided Image Filtering", IEEE TPAMI 35(6), 2013.
"""

import functools
import math
from dataclasses import dataclass

import cv2
import keras
import numpy as np

from keras_colorize import errors
from keras_colorize.color import pixels
from keras_colorize.colorizer import inputs
from keras_colorize.layers import resizing
from keras_colorize.models import backbones

_SIDE = 256  # pixels; the short side at which photographs are compared
_LONGEST = 4  # the long side is at most so many times that
_STRIDE, _COARSEST = 8, 32  # of the cells that are compared; of the encoder
_TEMPERATURE = 0.05  # of the softmax over the reference's cells
_NONE, _SURE = 0.1, 0.4  # cosine at which a match counts nothing, and fully
_RADIUS, _EDGE = 1 / 32, 2.0  # of the guided filter: of the photograph's side, and L*
_GREY = 2.0  # chroma, on average, below which a photograph has no palette


@dataclass(frozen=True, eq=False)
class Reference:
    """A color photograph whose colors go to what looks alike.

    Both photographs are cut into cells of 8 pixels, at a short side of 256, and compared by the
    features of EfficientNet-Lite0. A cell gets the mean color of those that resemble it most, as
    far as they do resemble it [1]; contours are then followed by a guided filter [2].

    Args:
        photograph: A path, a Pillow image or an array, as for `Colorizer.colorize`; in color.

    Raises:
        UsageError: It has no color, or it is nothing of this kind.

    Example:
        >>> palette = np.full((32, 32, 3), [150, 90, 60], "uint8")
        >>> Reference(palette).apply(np.full((64, 64), 50.0), np.zeros((64, 64, 2)), (64, 64)).shape
        (64, 64, 2)
    """

    photograph: inputs.Photograph

    def __post_init__(self):
        rgb, _ = inputs.opened(self.photograph)
        whole = pixels.to_lab(np.ascontiguousarray(rgb))
        if np.hypot(whole[..., 1], whole[..., 2]).mean() < _GREY:
            raise errors.UsageError(
                f"`reference` must be a photograph in color. Received: {rgb.shape[1]} × "
                f"{rgb.shape[0]} pixels without."
            )
        object.__setattr__(self, "photograph", rgb)
        object.__setattr__(self, "_lab", whole)

    @functools.cached_property
    def _cells(self):
        """The features of each level, `(h, w, C)`, and ab, `(h · w, 2)`."""
        features = _features(self._lab[..., 0])
        return features, _resized(self._lab[..., 1:], features[0].shape[:2]).reshape(-1, 2)

    def apply(self, lightness: np.ndarray, ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Follow the reference where it has something alike; see `Condition.apply`."""
        theirs, colors = self._cells
        mine = _features(lightness)
        shape = mine[0].shape[:2]
        likeness = _compared(mine, theirs)
        best = likeness.max(1, keepdims=True)
        weight = np.exp((likeness - best) / _TEMPERATURE)
        matched = weight @ colors / weight.sum(1, keepdims=True)
        sure = np.clip((best - _NONE) / (_SURE - _NONE), 0, 1)
        shift = sure * (matched - _resized(ab, shape).reshape(-1, 2))
        return ab + _guided(shift.reshape(*shape, 2), lightness)


@functools.lru_cache(1)
def _encoder() -> keras.Model:
    return backbones.efficientnet_lite0("imagenet")


def _features(lightness):
    """Return the encoder's maps at strides 4, 8, 16 and 32, all brought to the cells' size."""
    height, width = lightness.shape
    scale = min(_SIDE / min(height, width), _LONGEST * _SIDE / max(height, width))
    size = [max(1, round(side * scale / _COARSEST)) * _COARSEST for side in (height, width)]
    seen = keras.ops.convert_to_tensor(_resized(lightness[..., None], size)[None])
    maps = _encoder()(backbones.imagenet_lite(seen), training=False)[1:]
    cells = [side // _STRIDE for side in size]
    return [_resized(keras.ops.convert_to_numpy(one)[0], cells) for one in maps]


def _compared(mine, theirs):
    """Return the mean cosine of features, over the levels, of each cell and each of theirs."""
    total = 0
    for a, b in zip(mine, theirs):
        a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
        mean = (a.mean(0) + b.mean(0)) / 2  # what all cells share tells none apart
        a, b = a - mean, b - mean
        a /= np.linalg.norm(a, axis=1, keepdims=True) + 1e-6
        b /= np.linalg.norm(b, axis=1, keepdims=True) + 1e-6
        total = total + a @ b.T
    return total / len(mine)


def _guided(shift, lightness):
    """Enlarge what is added to ab, and let it change at contours of L*."""
    lightness = np.ascontiguousarray(lightness, "float32")
    radius = max(1, round(_RADIUS * math.sqrt(lightness.size)))
    planes = np.moveaxis(_resized(shift, lightness.shape), -1, 0)
    return np.stack(
        [
            cv2.ximgproc.guidedFilter(lightness, np.ascontiguousarray(plane), radius, _EDGE**2)
            for plane in planes
        ],
        axis=-1,
    )


def _resized(picture, size):
    """Resize `(h, w, C)`, by averaging areas where it gets smaller."""
    picture = keras.ops.convert_to_tensor(picture[None].astype("float32"))
    return keras.ops.convert_to_numpy(resizing.resize(picture, size, antialias=True))[0]
