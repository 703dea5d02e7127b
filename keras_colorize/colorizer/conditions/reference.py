"""A reference: a color photograph whose palette is followed, region by region.

References:
    [1] M. He, D. Chen, J. Liao, P. V. Sander, L. Yuan, "Deep Exemplar-based Colorization", ACM
        Transactions on Graphics 37(4), 2018: features of a classifier find what corresponds; where
        nothing does, the color is the network's own.
    [2] K. He, J. Sun, X. Tang, "Guided Image Filtering", IEEE TPAMI 35(6), 2013.
"""

import functools
from dataclasses import dataclass

import numpy as np

from keras_colorize import errors
from keras_colorize.color import pixels
from keras_colorize.colorizer import inputs

_TEMPERATURE = 0.05  # of the softmax over the reference's cells
_NONE, _SURE = 0.1, 0.4  # cosine at which a match counts nothing, and fully
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
                f"{rgb.shape[0]} pixels without color."
            )
        object.__setattr__(self, "photograph", rgb)
        object.__setattr__(self, "_lab", whole)

    @functools.cached_property
    def _cells(self):
        """The features of each level, `(h, w, C)`, and ab, `(h · w, 2)`."""
        from keras_colorize.colorizer.conditions import matching  # it starts Keras

        features = matching.features(self._lab[..., 0])
        return features, matching.resized(self._lab[..., 1:], features[0].shape[:2]).reshape(-1, 2)

    def apply(self, lightness: np.ndarray, ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Follow the reference where it has something alike; see `Condition.apply`."""
        from keras_colorize.colorizer.conditions import matching  # it starts Keras

        theirs, colors = self._cells
        mine = matching.features(lightness)
        shape = mine[0].shape[:2]
        likeness = matching.compared(mine, theirs)
        best = likeness.max(1, keepdims=True)
        weight = np.exp((likeness - best) / _TEMPERATURE)
        matched = weight @ colors / weight.sum(1, keepdims=True)
        sure = np.clip((best - _NONE) / (_SURE - _NONE), 0, 1)
        shift = sure * (matched - matching.resized(ab, shape).reshape(-1, 2))
        return ab + matching.guided(shift.reshape(*shape, 2), lightness)
