"""Metrics between pictures: 8-bit sRGB in, one number out.

All are taken on the pictures that a person gets, not on a network's output, so that any program's
pictures can be scored beside ours.
"""

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

# Hasler and Süsstrunk 2003, equation for M^(3).
_COLORFULNESS_MEAN = 0.3


def mse(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error of 8-bit sRGB values, over pixels and channels."""
    return float(np.mean((picture.astype("float64") - truth) ** 2))


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, peak 255; infinite for equal pictures."""
    error = mse(picture, truth)
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def ssim(picture: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity, mean of the three channels.

    Wang et al. 2004 with their settings: Gaussian window σ = 1.5, K₁ = 0.01, K₂ = 0.03.
    """
    return float(
        structural_similarity(
            picture,
            truth,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def ciede2000(picture_lab: np.ndarray, truth_lab: np.ndarray) -> float:
    """Mean CIEDE2000 colour difference, k_L = k_C = k_H = 1; CIELAB `(H, W, 3)` in."""
    return float(np.mean(deltaE_ciede2000(truth_lab, picture_lab)))


def ab_rmse(picture_lab: np.ndarray, truth_lab: np.ndarray) -> float:
    """Root mean squared error of a* and b*, over pixels and the two channels."""
    return float(np.sqrt(np.mean((picture_lab[..., 1:] - truth_lab[..., 1:]) ** 2)))


def colorfulness(picture: np.ndarray) -> float:
    """Hasler and Süsstrunk's (2003) colorfulness M^(3) with signed opponent channels.

    rg = R − G, yb = (R + G)/2 − B; √(σ²rg + σ²yb) + 0.3·√(μ²rg + μ²yb). Some projects take the
    absolute values of rg and yb, which gives smaller numbers.
    """
    red, green, blue = np.moveaxis(picture.astype("float64"), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    deviation = np.sqrt(rg.var() + yb.var())
    return float(deviation + _COLORFULNESS_MEAN * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2))


NAMES = ("psnr", "ssim", "mse", "ciede2000", "ab_rmse", "colorfulness")


def score(picture: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return every metric in `NAMES` for one picture.

    Args:
        picture: uint8 sRGB `(H, W, 3)`.
        truth: The photograph, likewise.
    """
    picture_lab, truth_lab = rgb2lab(picture), rgb2lab(truth)
    return {
        "psnr": psnr(picture, truth),
        "ssim": ssim(picture, truth),
        "mse": mse(picture, truth),
        "ciede2000": ciede2000(picture_lab, truth_lab),
        "ab_rmse": ab_rmse(picture_lab, truth_lab),
        "colorfulness": colorfulness(picture),
    }
