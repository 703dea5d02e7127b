"""Metrics between pictures: 8-bit sRGB in, numbers out.

All are measured on the pictures that a person gets, not on a network's output, so that any
program's pictures can be scored beside ours. They use single precision and OpenCV where that is
several times faster than scikit-image, with which they agree (`tests/evaluation/test_metrics.py`).
"""

import cv2
import numpy as np

from keras_colorize.color import bins, pixels
from keras_colorize.evaluation import artifact_metrics

# Hasler and Süsstrunk 2003: R, G, B → rg, yb; and the weight of the mean in M^(3).
_OPPONENTS = np.array([[1, -1, 0], [0.5, 0.5, -1]], "float32")
_COLORFULNESS_MEAN = 0.3
_WINDOW, _SIGMA = (11, 11), 1.5  # for SSIM
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_THRESHOLDS = 151  # for AuC: 0…150
HUES = tuple(range(0, 360, 45))  # centers of the sectors, degrees in the ab plane
_25_7 = 25.0**7


def mse(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error of 8-bit sRGB values, over pixels and channels."""
    return cv2.norm(picture, truth, cv2.NORM_L2SQR) / picture.size


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, peak 255; infinite for equal pictures."""
    error = mse(picture, truth)
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def percent_error(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute difference of 8-bit sRGB values, in percent of 255."""
    return 100 * cv2.norm(picture, truth, cv2.NORM_L1) / (255 * picture.size)


def percent_pixels(picture: np.ndarray, truth: np.ndarray) -> float:
    """Percentage of pixels that differ from the photograph's in any channel, by however little."""
    red, green, blue = np.moveaxis(picture != truth, -1, 0)
    return float(100 * np.mean(red | green | blue))


def moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what `ssim` compares: values, their local means and variances, `(H, W, 3)` each."""
    # Around 128, so that single precision is enough for the variances.
    values = picture.astype("float32") - 128
    mean = _blur(values)
    return values, mean, _blur(values * values) - mean * mean


def _blur(planes):
    return cv2.GaussianBlur(planes, _WINDOW, _SIGMA, borderType=cv2.BORDER_REFLECT)


def ssim(one: tuple, other: tuple) -> float:
    """Structural similarity of the pictures of which these are the `moments`, mean of R, G, B.

    Wang et al. 2004 with their settings: Gaussian window σ = 1.5 of 11 × 11, K₁ = 0.01, K₂ = 0.03,
    without the five pixels at each side where the window leaves the picture.
    """
    (x, mean_x, variance_x), (y, mean_y, variance_y) = one, other
    covariance = _blur(x * y) - mean_x * mean_y
    mean_x, mean_y = mean_x + 128, mean_y + 128
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
    structure = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
    return float(np.mean((luminance * structure)[5:-5, 5:-5], dtype="float64"))


def ciede2000(picture_lab: np.ndarray, truth_lab: np.ndarray) -> float:
    """Mean CIEDE2000 color difference, k_L = k_C = k_H = 1; CIELAB `(H, W, 3)` in.

    Sharma, Wu and Dalal 2005. To save trigonometric functions, hues are unit vectors: the mean hue
    is the direction of their sum, and cosines of multiples of its angle are polynomials of them.
    """
    l1, a1, b1 = np.moveaxis(truth_lab, -1, 0)
    l2, a2, b2 = np.moveaxis(picture_lab, -1, 0)
    seventh = _seventh((np.sqrt(a1 * a1 + b1 * b1) + np.sqrt(a2 * a2 + b2 * b2)) / 2)
    stretch = 1.5 - 0.5 * np.sqrt(seventh / (seventh + _25_7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.sqrt(a1 * a1 + b1 * b1), np.sqrt(a2 * a2 + b2 * b2)

    # |ΔH|² is what the squared distance in ab has left when the difference of chroma is taken off.
    dl, dc = l2 - l1, c2 - c1
    dh = np.sqrt(np.maximum((a2 - a1) ** 2 + (b2 - b1) ** 2 - dc * dc, 0))
    dh = np.where(a1 * b2 < a2 * b1, -dh, dh)

    inverse1, inverse2 = 1 / np.maximum(c1, 1e-12), 1 / np.maximum(c2, 1e-12)
    cos = a1 * inverse1 + a2 * inverse2
    sin = b1 * inverse1 + b2 * inverse2
    length = np.sqrt(cos * cos + sin * sin)
    opposite = length < 1e-12  # then the mean of the two angles is a quarter turn from either
    turn = np.where(b1 < 0, -1, 1)
    cos = np.where(opposite, -turn * b1 * inverse1, cos) / np.where(opposite, 1, length)
    sin = np.where(opposite, turn * a1 * inverse1, sin) / np.where(opposite, 1, length)
    cos2, sin2 = 2 * cos * cos - 1, 2 * sin * cos
    t = (
        1
        - 0.17 * _cos_of(cos, sin, 30)
        + 0.24 * cos2
        + 0.32 * _cos_of(cos * (2 * cos2 - 1), sin * (2 * cos2 + 1), -6)
        - 0.20 * _cos_of(2 * cos2 * cos2 - 1, 2 * sin2 * cos2, 63)
    )
    from_275 = np.degrees(np.arctan2(_cos_of(cos, sin, 5), _cos_of(cos, sin, 275)))
    rotation = np.sin(np.radians(60 * np.exp(-((from_275 / 25) ** 2))))

    middle = ((l1 + l2) / 2 - 50) ** 2
    chroma = (c1 + c2) / 2
    seventh = _seventh(chroma)
    dl = dl / (1 + 0.015 * middle / np.sqrt(20 + middle))
    dc = dc / (1 + 0.045 * chroma)
    dh = dh / (1 + 0.015 * chroma * t)
    cross = -2 * np.sqrt(seventh / (seventh + _25_7)) * rotation * dc * dh
    squares = np.maximum(dl * dl + dc * dc + dh * dh + cross, 0)
    return float(np.mean(np.sqrt(squares), dtype="float64"))


def _seventh(x):
    square = x * x
    return square * square * square * x


def _cos_of(cos, sin, degrees):
    """Return the cosine of an angle less so many degrees."""
    return cos * float(np.cos(np.radians(degrees))) + sin * float(np.sin(np.radians(degrees)))


def ab_rmse(picture_lab: np.ndarray, truth_lab: np.ndarray) -> float:
    """Root mean squared error of a* and b*, over pixels and the two channels."""
    difference = picture_lab[..., 1:] - truth_lab[..., 1:]
    return float(np.sqrt(np.mean(artifact_metrics.squared_length(difference), dtype="float64") / 2))


def auc_of_pixels(distance: np.ndarray) -> np.ndarray:
    """Return the share of the thresholds 0, 1, … 150 that an ab distance does not exceed.

    Zhang, Isola and Efros 2016, §3.1: the mean over pixels is their AuC, the share of pixels within
    a threshold averaged over the thresholds; a mean weighted by rarity is their rebalanced AuC.
    """
    return np.maximum(_THRESHOLDS - np.ceil(distance), 0) / _THRESHOLDS


def rebalancing(counts: np.ndarray) -> np.ndarray:
    """Return the weight of a pixel in each of the 313 bins: 1 / prior, and 0 where that is 0.

    Zhang, Isola and Efros 2016, equation 4 with λ = 0, neither smoothed nor mixed.

    Args:
        counts: `(313,)`, how often each bin occurs; any scale.
    """
    counts = np.asarray(counts, "float64")
    return np.divide(counts.sum(), counts, out=np.zeros_like(counts), where=counts > 0)


def colorfulness(picture: np.ndarray, absolute: bool = False) -> float:
    """Hasler and Süsstrunk's (2003) colorfulness M^(3), with signed opponent channels.

    rg = R − G, yb = (R + G)/2 − B; √(σ²rg + σ²yb) + 0.3·√(μ²rg + μ²yb).

    Args:
        picture: uint8 sRGB `(H, W, 3)`.
        absolute: Take |rg| and |yb| as some projects do, which gives smaller numbers.
    """
    opponents = cv2.transform(picture.astype("float32"), _OPPONENTS)
    mean, deviation = cv2.meanStdDev(np.abs(opponents) if absolute else opponents)
    return float(np.linalg.norm(deviation) + _COLORFULNESS_MEAN * np.linalg.norm(mean))


# ---- everything at once ----


class Reference:
    """A photograph, with everything that comparisons with it share computed once.

    Args:
        rgb: uint8 sRGB `(H, W, 3)`.
        weights: `(313,)`, as `rebalancing` returns them; None leaves out the rebalanced AuC.

    Attributes:
        lab: CIELAB, float32 `(H, W, 3)`; `ab` and `chroma` are parts of it.
        sectors: The index in `HUES` of each pixel's hue, and `len(HUES)` where it has none.
    """

    def __init__(self, rgb: np.ndarray, weights: np.ndarray | None = None):
        self.rgb = np.ascontiguousarray(rgb)
        self.lab = pixels.to_lab(self.rgb)
        self.ab = np.ascontiguousarray(self.lab[..., 1:])
        self.chroma = np.hypot(self.ab[..., 0], self.ab[..., 1])
        self.bins = _bins(self.ab)
        self.weights = None if weights is None else weights[self.bins]
        turns = np.arctan2(self.ab[..., 1], self.ab[..., 0]) * (len(HUES) / (2 * np.pi))
        self.sectors = np.rint(turns).astype("int32") % len(HUES)
        self.sectors[self.chroma < artifact_metrics.NEUTRAL] = len(HUES)
        self.moments = moments(self.rgb)
        self.colorfulness = colorfulness(self.rgb)
        self.hues = artifact_metrics.hues(self.ab)
        self.power = artifact_metrics.spectrum(self.ab)
        self.contours = artifact_metrics.Contours(np.ascontiguousarray(self.lab[..., 0]), self.ab)


def score(picture: np.ndarray, reference: Reference) -> dict[str, float]:
    """Return every number of one picture.

    Numbers whose mean over photographs is a metric are named as in `summary.METRICS`; the others
    are parts from which `summary` derives metrics, such as the share of a hue's pixels.

    Args:
        picture: uint8 sRGB `(H, W, 3)`.
        reference: The photograph.

    Returns:
        Name → number; NaN where one is not defined, such as the sharpness of no color.
    """
    picture = np.ascontiguousarray(picture)
    whole = pixels.to_lab(picture)
    ab = np.ascontiguousarray(whole[..., 1:])
    difference = ab - reference.ab
    within = auc_of_pixels(np.sqrt(artifact_metrics.squared_length(difference)))
    found = {
        "psnr": psnr(picture, reference.rgb),
        "ssim": ssim(moments(picture), reference.moments),
        "mse": mse(picture, reference.rgb),
        "percent_error": percent_error(picture, reference.rgb),
        "percent_pixels": percent_pixels(picture, reference.rgb),
        "ciede2000": ciede2000(whole, reference.lab),
        "ab_rmse": ab_rmse(whole, reference.lab),
        "auc": float(100 * np.mean(within)),
        "bin_accuracy": float(100 * np.mean(_bins(ab) == reference.bins)),
        "colorfulness": colorfulness(picture),
        "colorfulness_absolute": colorfulness(picture, absolute=True),
    }
    found["ab_mse"] = found["ab_rmse"] ** 2
    found["delta_colorfulness_images"] = abs(found["colorfulness"] - reference.colorfulness)
    if reference.weights is not None:
        found["auc_weighted"] = float(100 * np.mean(reference.weights * within))
        found["auc_weight"] = float(np.mean(reference.weights))

    # ---- chroma by hue ----
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    excess = (chroma - reference.chroma).ravel()
    sectors, count = reference.sectors.ravel(), len(HUES) + 1
    sums = zip(
        HUES,
        np.bincount(sectors, minlength=count) / sectors.size,
        np.bincount(sectors, excess, count) / sectors.size,
        np.bincount(sectors, np.abs(excess), count) / sectors.size,
    )
    found["chroma"] = float(np.mean(chroma))
    for hue, share, signed, absolute in sums:
        found[f"hue_{hue:03d}_share"] = float(share)
        found[f"hue_{hue:03d}_signed"] = float(signed)
        found[f"hue_{hue:03d}_absolute"] = float(absolute)

    # ---- artifacts ----
    shape, steep = ab.shape[:2], artifact_metrics.steepness(ab)
    power = artifact_metrics.spectrum(ab)
    found |= artifact_metrics.shifts(ab, reference.ab)
    found["border_mse"], found["center_mse"] = artifact_metrics.border_and_center(ab, reference.ab)
    found |= {
        "hue_distance": artifact_metrics.hue_distance(artifact_metrics.hues(ab), reference.hues),
        "chroma_cutoff": artifact_metrics.chroma_cutoff(power, reference.power, shape),
        "checkerboard": artifact_metrics.checkerboard(power, shape),
        "bleeding": reference.contours.bleeding(ab, steep),
        "ignored_edges": reference.contours.ignored(ab, steep),
    }
    return found


def _bins(ab):
    return bins.nearest_on_lattice(ab, bins.gamut313())
