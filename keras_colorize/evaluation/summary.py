"""The metrics of a row of pictures: their names, and how they follow from their parts.

A metric is a function of means over photographs. Most are the mean of one number of each picture;
others are ratios or roots of means, so that a bootstrap over photographs gives each an interval.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_colorize.evaluation import artifact_metrics, intervals
from keras_colorize.evaluation.metrics import HUES

HIGHER, LOWER, ZERO = "higher", "lower", "nearest to zero"
AS_TRUTH, AS_GREY = "as the truth row", "as the grey row"


@dataclass(frozen=True)
class Metric:
    """A number of a row.

    Attributes:
        heading: Its name in tables.
        better: Which values are better: `higher`, `lower`, `nearest to zero`, `as the truth row`,
            or `as the grey row`.
        says: Its exact definition.
        form: Its format in tables.
    """

    heading: str
    better: str
    says: str
    form: str = "{:.2f}"


def _ratio(part, whole):
    return lambda mean, truth: mean[part] / mean[whole]


def _length(a, b):
    return lambda mean, truth: np.hypot(mean[a], mean[b])


METRICS = {
    # ---- against the photograph ----
    "psnr": Metric("PSNR dB", HIGHER, "mean over photographs, peak 255"),
    "psnr_pooled": Metric(
        "PSNR of mean MSE dB",
        HIGHER,
        "10·log10(255² / mean MSE), in which bad photographs weigh more",
    ),
    "ssim": Metric("SSIM", HIGHER, "Gaussian window σ = 1.5, mean of R, G, B", "{:.4f}"),
    "mse": Metric("MSE", LOWER, "8-bit sRGB, over pixels and channels", "{:.1f}"),
    "percent_error": Metric(
        "error %", LOWER, "mean absolute difference of 8-bit values, percent of 255"
    ),
    "percent_pixels": Metric(
        "pixels off %", LOWER, "percentage of pixels that differ at all in any channel"
    ),
    "ciede2000": Metric("CIEDE2000", LOWER, "mean over pixels"),
    "ab_rmse": Metric("ab RMSE", LOWER, "over pixels, a* and b*; mean over photographs"),
    "ab_rmse_pooled": Metric(
        "ab RMSE pooled", LOWER, "root of the mean over all photographs' pixels"
    ),
    "auc": Metric(
        "AuC", HIGHER, "percentage of pixels with an ab error up to t, mean of t = 0…150"
    ),
    "auc_rebalanced": Metric(
        "AuC rebalanced", HIGHER, "the same, pixels weighted by 1 / prior of their true bin"
    ),
    "bin_accuracy": Metric(
        "bin accuracy %", HIGHER, "percentage of pixels in the right one of 313 bins"
    ),
    # ---- color ----
    "colorfulness": Metric(
        "colorfulness", AS_TRUTH, "Hasler and Süsstrunk 2003, signed rg and yb", "{:.1f}"
    ),
    "colorfulness_absolute": Metric(
        "colorfulness, absolute", AS_TRUTH, "the same of |rg| and |yb|, as some have it", "{:.1f}"
    ),
    "delta_colorfulness": Metric("ΔCF", LOWER, "|mean colorfulness − mean colorfulness of truth|"),
    "delta_colorfulness_images": Metric(
        "ΔCF of images", LOWER, "mean of |colorfulness − that of the same photograph|"
    ),
    "chroma": Metric("chroma", AS_TRUTH, "mean C*"),
    "saturation": Metric(
        "saturation", AS_TRUTH, "mean chroma over that of truth; below 1 is desaturated", "{:.3f}"
    ),
    # ---- artifacts ----
    "bias": Metric("color bias", LOWER, "length of the mean shift of ab over all photographs"),
    "hue_distance": Metric(
        "hue distance",
        LOWER,
        "share of pixels to move between 36 sectors of hue, or none",
        "{:.3f}",
    ),
    "border_ratio": Metric(
        "border / center",
        AS_GREY,
        "ab RMSE in a frame of 1/8 of the side over that inside it",
        "{:.3f}",
    ),
    "chroma_cutoff": Metric(
        "chroma cut-off",
        AS_TRUTH,
        "cycles per pixel at which ab's amplitude, beside the photograph's, has fallen to half of "
        "what it is below 1/32; 0.5 is full resolution",
        "{:.3f}",
    ),
    "checkerboard": Metric(
        "checkerboard", AS_TRUTH, "amplitude of ab's patterns of period 2 and 4 pixels", "{:.3f}"
    ),
    "bleeding": Metric(
        "bleeding",
        AS_TRUTH,
        "share of ab's change more than 2 pixels from lightness edges",
        "{:.3f}",
    ),
    "ignored_edges": Metric(
        "ignored edges", LOWER, "share of color borders at lightness edges that are lost", "{:.3f}"
    ),
    # ---- with a network of their own, on request ----
    "fid": Metric("FID", LOWER, "Fréchet distance to the photographs' Inception features"),
    "lpips": Metric("LPIPS", LOWER, "learned perceptual distance, AlexNet", "{:.4f}"),
}
MAIN = ("psnr", "ssim", "mse", "ciede2000", "ab_rmse", "colorfulness")  # of the short table
TESTED = ("psnr", "ssim", "ciede2000", "ab_rmse", "auc", "delta_colorfulness_images", "lpips")
# These need no true colors; bleeding needs the photograph's lightness.
WITHOUT_TRUTH = ("colorfulness", "colorfulness_absolute", "chroma", "checkerboard", "bleeding")

# Functions of the row's means and of truth's; the other metrics are means themselves.
_FUNCTIONS: dict[str, Callable] = {
    "psnr_pooled": lambda mean, truth: 10 * np.log10(255**2 / mean["mse"]),
    "ab_rmse_pooled": lambda mean, truth: np.sqrt(mean["ab_mse"]),
    "auc_rebalanced": _ratio("auc_weighted", "auc_weight"),
    "delta_colorfulness": lambda mean, truth: abs(mean["colorfulness"] - truth["colorfulness"]),
    "saturation": lambda mean, truth: mean["chroma"] / truth["chroma"],
    "bias": _length("shift_a", "shift_b"),
    "border_ratio": lambda mean, truth: np.sqrt(mean["border_mse"] / mean["center_mse"]),
}

# Vectors, which are no single column of a table: the shift of ab by region, chroma by true hue.
for _region in artifact_metrics.REGIONS:
    _says = "length of the mean shift of ab in this region"
    METRICS[f"bias_{_region}"] = Metric(f"bias {_region.replace('_', ' ')}", LOWER, _says)
    _FUNCTIONS[f"bias_{_region}"] = _length(f"shift_a_{_region}", f"shift_b_{_region}")
for _axis in "ab":
    METRICS[f"bias_{_axis}"] = Metric(
        f"shift of {_axis}*", ZERO, "mean over all photographs", "{:+.2f}"
    )
    _FUNCTIONS[f"bias_{_axis}"] = lambda mean, truth, _name=f"shift_{_axis}": mean[_name]
for _hue in HUES:
    _says = (
        "mean chroma less the true one, where the true hue is within 22.5° of this and the true "
        f"chroma at least {artifact_metrics.NEUTRAL:.0f}"
    )
    _key, _share = f"hue_{_hue:03d}", f"hue_{_hue:03d}_share"
    METRICS[_key] = Metric(f"chroma at {_hue}°", ZERO, _says, "{:+.2f}")
    METRICS[f"{_key}_error"] = Metric(
        f"chroma error at {_hue}°", LOWER, "the same of the absolute differences"
    )
    _FUNCTIONS[_key] = _ratio(f"{_key}_signed", _share)
    _FUNCTIONS[f"{_key}_error"] = _ratio(f"{_key}_absolute", _share)


def means(columns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the mean of every number over the photographs.

    Args:
        columns: Name → `(N,)`, the numbers of each picture of a row.
    """
    return dict(zip(columns, intervals.means(_table(columns))))


def draws(columns: Mapping[str, Sequence[float]], seed: int = 0) -> dict[str, np.ndarray]:
    """Return what `means` does for every bootstrap draw of photographs: name → `(R,)`."""
    return dict(zip(columns, intervals.bootstrap(_table(columns), seed=seed).T))


def _table(columns):
    return np.stack([np.array(column) for column in columns.values()], axis=-1)


def derive(parts: Mapping, truth: Mapping) -> dict:
    """Return every metric of a row that follows from these means.

    Args:
        parts: Name → mean, or → the means of every draw.
        truth: The same of the photographs themselves; empty where they have no colors.

    Returns:
        Metric → value, or → the values of every draw.
    """
    found = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for name in METRICS:
            of = _FUNCTIONS.get(name)
            with contextlib.suppress(KeyError):  # of a part that was not asked for
                found[name] = of(parts, truth) if of else parts[name]
    return found
