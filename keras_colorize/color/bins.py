"""Bins of ab, which class heads predict: grids, encodings, and the annealed mean.

References:
    [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, and the authors'
        code, from which the 313 bins and the constants come.
    [2] A. Ardenghi, R. C. Giampetrucci, R. Minardi, "Image Colorization Project", 2024, §5.
"""

import numpy as np
from keras import ops

STEP = 10  # CIELAB units between the centers of neighboring bins [1, §2.1; 2, §5]
MIX = 0.5  # λ, the share of a uniform distribution in the prior [1, equation 4]
# A uniform share of the prior in `log_prior`: what never occurs is rare, and not impossible.
_EVEN = 0.01
_SIGMA = 5.0  # CIELAB units, of the Gaussians that smooth targets and prior [1, §2.2]

# The first and the last b of each row a = −90, −80, … 100, from the authors' list [1]. No simple
# rule about sRGB's gamut reproduces them.
# fmt: off
_B_RANGES = (
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100),
    (-60, 100), (-70, 100), (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80),
    (-110, 80), (-110, 70), (-110, 70), (-90, 0),
)
# fmt: on


def gamut313() -> np.ndarray:
    """Return the centers of Zhang's 313 bins, sorted by a*, then b*: float32 `(313, 2)`."""
    return np.array(
        [
            (STEP * row - 90, b)
            for row, (first, last) in enumerate(_B_RANGES)
            for b in range(first, last + STEP, STEP)
        ],
        "float32",
    )


def grid() -> np.ndarray:
    """Return the centers of the 25 × 25 grid of [2], rows b*, columns a*: float32 `(625, 2)`.

    The paper's index [y/10, x/10] has no offset, so it has no bins for negative ab. Chosen:
    floor((v + 125) / 10), so that the middle bin is centered on gray.
    """
    centers = np.arange(-120, 121, STEP, dtype="float32")
    a, b = np.meshgrid(centers, centers)
    return np.stack([a.ravel(), b.ravel()], axis=-1)


def nearest(ab, centers):
    """Return the index of the nearest center.

    Args:
        ab: float32 `(..., 2)`, CIELAB a*, b*.
        centers: float32 `(Q, 2)`.

    Returns:
        int32 `(...)`, 0…Q−1.
    """
    return ops.argmin(_squared_distances(ab, centers), axis=-1)


def nearest_on_lattice(ab: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the index of the nearest center, for most colors without a search.

    If the nearest point of the lattice is a center, no other center is nearer.

    Args:
        ab: float32 `(..., 2)`, CIELAB a*, b*.
        centers: float32 `(Q, 2)`, multiples of `STEP` from −120 to 120.

    Returns:
        int32 `(...)`, 0…Q−1.
    """
    # Row and column of the lattice → the index of the center there, or −1.
    index = np.full((25, 25), -1, "int32")
    index[tuple(_cells(centers).T)] = np.arange(len(centers))
    cells = _cells(ab)
    row, column = np.moveaxis(np.clip(cells, 0, 24), -1, 0)
    found = index[row, column]
    outside = np.flatnonzero((found < 0) | (row != cells[..., 0]) | (column != cells[..., 1]))
    if outside.size:
        offsets = ab.reshape(-1, 1, 2)[outside] - centers
        found.reshape(-1)[outside] = np.argmin(np.sum(offsets * offsets, axis=-1), axis=-1)
    return found


def _cells(ab):
    return np.rint(ab / STEP).astype("int32") + 12


def soft_encode(ab, centers, neighbors: int = 10):
    """Spread each color over its nearest bins, with Gaussian weights that sum to one.

    [1, §2.2]. The paper says 5 neighbors, which its author calls a typo; the code has 10.

    Args:
        ab: float32 `(..., 2)`, CIELAB a*, b*.
        centers: float32 `(Q, 2)`.
        neighbors: The number of bins that get a weight; if several tie for the last place, all do.

    Returns:
        float32 `(..., Q)`.
    """
    distances = _squared_distances(ab, centers)
    farthest = -ops.top_k(-distances, neighbors)[0][..., -1:]
    # Relative to the nearest bin, so that the weights of a distant color do not all vanish.
    excess = distances - ops.min(distances, axis=-1, keepdims=True)
    weights = ops.where(distances <= farthest, ops.exp(-excess / (2 * _SIGMA**2)), 0.0)
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def annealed_mean(logits, centers, temperature: float):
    """Return the mean color of a distribution that is sharpened by a temperature.

    [1, equation 5]: the expectation of softmax(log(p) / T). T → 0 gives the mode, T = 1 the mean.

    Args:
        logits: float32 `(..., Q)`.
        centers: float32 `(Q, 2)`.
        temperature: Above 0.

    Returns:
        float32 `(..., 2)`, CIELAB a*, b*.
    """
    return ops.matmul(ops.softmax(logits / temperature, axis=-1), ops.convert_to_tensor(centers))


def class_weights(prior: np.ndarray, centers: np.ndarray, mix: float = MIX) -> np.ndarray:
    """Return weights that favor rare colors; their mean under the prior is one.

    [1, equations 2–4]: w = ((1 − λ)·p̃ + λ/Q′)⁻¹, scaled so that Σ p̃·w = 1, where Q′ is the number
    of bins that occur. The prior is smoothed in ab, where neighbors are similar, not along the
    index.

    Args:
        prior: `(Q,)`, the share of pixels in each bin.
        centers: `(Q, 2)`.
        mix: λ, the share of a uniform distribution that is mixed in.

    Returns:
        float32 `(Q,)`.
    """
    smooth = _smooth(prior, centers)
    weights = 1.0 / ((1 - mix) * smooth + mix / np.count_nonzero(prior))
    return (weights / np.sum(smooth * weights)).astype("float32")


def log_prior(prior: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the logarithm of a prior, smoothed as in `class_weights`.

    Args:
        prior: `(Q,)`, the share of pixels in each class.
        centers: `(Q, 2)`, or `(Q, 1)` for classes of one channel.

    Returns:
        float32 `(Q,)`.
    """
    smooth = _smooth(prior, centers)
    return np.log((1 - _EVEN) * smooth + _EVEN / len(smooth)).astype("float32")


def _smooth(prior, centers):
    """Spread each class's share over its neighbors in ab by a Gaussian; the sum becomes 1."""
    offsets = centers[:, None] - centers[None]
    kernel = np.exp(-np.sum(offsets**2, axis=-1) / (2 * _SIGMA**2))
    return (kernel / kernel.sum(axis=0)) @ (prior / prior.sum())


def _squared_distances(ab, centers):
    # ‖x‖² − 2x·c + ‖c‖²: one matrix product instead of a (..., Q, 2) array of differences.
    centers = ops.convert_to_tensor(centers)
    ab = ops.cast(ab, "float32")
    squares = ops.sum(ops.square(ab), axis=-1, keepdims=True)
    products = ops.matmul(ab, ops.transpose(centers))
    return squares - 2.0 * products + ops.sum(ops.square(centers), axis=-1)
