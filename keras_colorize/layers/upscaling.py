"""Enlarging the color that a network predicts to the size of its photograph.

References:
    [1] K. He, J. Sun, X. Tang, "Guided Image Filtering", IEEE TPAMI 35(6), 2013.
    [2] K. He, J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015.
"""

from keras_colorize.color.lab import float32, namespace
from keras_colorize.layers import resizing

# Chosen by `benchmarks/upscale.py`: a window of about 5 pixels of the network's map, in which a
# change of 2 L* is an edge.
_SIGMA, _EPSILON = 2.0, 4.0
_FAR = 40.0  # weights below exp(−40) come to denormal numbers, which slow products down tenfold


def upscale(ab, seen, lightness, method: str):
    """Enlarge predicted color.

    Args:
        ab: float32 `(B, h, w, 2)`, CIELAB a*, b*.
        seen: float32 `(B, h', w', 1)`, L* as the network saw it.
        lightness: float32 `(B, H, W, 1)`, the photograph's own L*.
        method: `bilinear`, `bicubic` or `guided`; see `coefficients` for the last.

    Returns:
        float32 `(B, H, W, 2)`.
    """
    size = namespace(lightness).shape(lightness)[1:3]
    if method != "guided":
        return resizing.resize(ab, size, cubic=method == "bicubic")
    return apply(resizing.resize(coefficients(ab, seen), size), lightness)


def coefficients(ab, seen):
    """Return ab as a straight line over L* around each pixel, by a guided filter [1].

    Where lightness and color change together, the line is steep. Enlarged and applied to the
    photograph's own L* [2], it lets color change exactly at the photograph's contours.

    Args:
        ab: float32 `(B, h, w, 2)`, CIELAB a*, b*.
        seen: float32 `(B, h', w', 1)`, L* as the network saw it.

    Returns:
        float32 `(B, h, w, 4)`: two slopes, two offsets.
    """
    xp = namespace(ab)
    guide = resizing.resize(seen, xp.shape(ab)[1:3], antialias=True)
    means = _blur(xp.concatenate([guide, guide * guide, ab, ab * guide], axis=-1))
    mean, square, mean_ab, product = xp.split(means, [1, 2, 4], axis=-1)
    slope = (product - mean_ab * mean) / (square - mean * mean + _EPSILON)
    return _blur(xp.concatenate([slope, mean_ab - slope * mean], axis=-1))


def apply(lines, lightness):
    """Return the ab that `coefficients`, enlarged, give to L*: `(…, 4)`, `(…, 1)` → `(…, 2)`."""
    return lines[..., :2] * lightness + lines[..., 2:]


def _blur(picture):
    """Average with Gaussian weights; what lies outside the picture does not count."""
    rows, columns = (_gaussian(side) for side in namespace(picture).shape(picture)[1:3])
    return resizing.products(picture, rows, columns)


def _gaussian(side):
    xp = namespace(side)
    place = float32(xp.arange(side))
    distances = xp.square(place[:, None] - place) / (2 * _SIGMA**2)
    weights = xp.exp(-xp.minimum(distances, _FAR))
    return weights / xp.sum(weights, axis=1, keepdims=True)
