"""Colors spread from where they are known over the things that they belong to.

A color reaches far over an even surface, and hardly over a contour: its weight falls with the
geodesic distance, the least sum of steps of L* on any way to a pixel, and with the difference of
L*. Between several colors Shepard's weights choose, so that each is exact at its own place.

References:
    [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using Optimization", SIGGRAPH 2004: colors
        given at places spread where lightness is alike.
    [2] L. Yatziv, G. Sapiro, "Fast Image and Video Colorization using Chrominance Blending", IEEE
        Transactions on Image Processing 15(5), 2006: by geodesic distances, blended.
    [3] D. Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from skimage.graph import MCP_Geometric

from keras_colorize.data import photographs

# Chosen by hints simulated on 40 photographs, as benchmarks/choice.py does.
_REACH = 50.0  # L* along the way at which the weight is 1/e
_LIKENESS = 30.0  # L* between two pixels at which it is 1/e
_SURFACE = 15.0  # L* that the diagonal of an even picture costs
_GRAIN, _NEAR = 10.0, 4.0  # L*, pixels: what differs less from what is nearer is smoothed
_WAYS = 2**16  # pixels at which ways are searched
_LEAST = 0.1  # weight that counts as none, so that nothing seeps through a contour
_TINY = 1e-6


@dataclass(frozen=True)
class Anchor:
    """Pixels that have one known color.

    Attributes:
        rows: int `(N,)`.
        columns: int `(N,)`.
        ab: float32 `(2,)`.
    """

    rows: np.ndarray
    columns: np.ndarray
    ab: np.ndarray


def spread(lightness: np.ndarray, ab: np.ndarray, anchors: list[Anchor]) -> np.ndarray:
    """Blend known colors into predicted ones.

    Args:
        lightness: float32 `(h, w)`, L*.
        ab: float32 `(h, w, 2)`, as predicted.
        anchors: Where color is known.

    Returns:
        float32 `(h, w, 2)`: the known color where it is known, as predicted far from it.
    """
    smooth = cv2.bilateralFilter(lightness, -1, _GRAIN, _NEAR)
    cost = _costs(smooth)
    most = np.zeros_like(lightness)
    mixed, total = np.zeros_like(ab), np.zeros_like(lightness)
    for anchor in anchors:
        distance = (_ways(cost, anchor, lightness.shape) / _REACH) ** 2
        distance += _unlikeness(smooth, anchor)
        distance[anchor.rows, anchor.columns] = 0
        weight = np.exp(-distance)
        most = np.maximum(most, weight)
        weight /= distance + _TINY
        mixed += weight[..., None] * anchor.ab
        total += weight
    share = np.clip((most - _LEAST) / (1 - _LEAST), 0, 1)[..., None]
    return ab + share * (mixed / np.maximum(total, 1e-30)[..., None] - ab)


def _costs(lightness):
    """Return what a step costs in each pixel, reduced to `_WAYS`: the gradient and a little."""
    reduced = photographs.resized(lightness, min(1.0, math.sqrt(_WAYS / lightness.size)))
    padded = np.pad(reduced, 1, "edge")
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return np.hypot(down, across).astype("float64") + _SURFACE / math.hypot(*reduced.shape)


def _ways(cost, anchor, shape):
    """Return the geodesic distance of each pixel from the anchor's, `shape`."""
    rows = anchor.rows * cost.shape[0] // shape[0]
    columns = anchor.columns * cost.shape[1] // shape[1]
    starts = np.unique(np.stack([rows, columns], -1), axis=0)
    distance = MCP_Geometric(cost).find_costs(starts.tolist())[0].astype("float32")
    return cv2.resize(distance, shape[::-1], interpolation=cv2.INTER_LINEAR)


def _unlikeness(lightness, anchor):
    """Return how much L* differs from what the anchor's pixels have, squared."""
    # A stroke crosses light and shade: five levels stand for all of its pixels.
    levels = np.quantile(lightness[anchor.rows, anchor.columns], (0, 0.25, 0.5, 0.75, 1))
    least = np.min([np.abs(lightness - level) for level in np.unique(levels)], axis=0)
    return (least / _LIKENESS) ** 2
