"""What is said of a row of pictures: every metric's name, and how it follows from its parts.

A metric is a function of means over photographs. Most are the mean of one number of each picture;
others are ratios or roots of means, so that a bootstrap over photographs gives each an interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_colorize.evaluation import artifact_metrics, intervals
from keras_colorize.evaluation.metrics import HUES

HIGHER, LOWER, TRUTH = "higher", "lower", "as the truth row"


@dataclass(frozen=True)
class Metric:
    """A number of a row.

    Attributes:
        heading: In tables.
        form: How it is written.
        better: `higher`, `lower`, or `as the truth row`.
        says: What it is, exactly.
        of: The function of the row's and the truth row's means; None: the mean of its own name.
    """

    heading: str
    form: str
    better: str
    says: str
    of: Callable | None = None


def _ratio(part, whole):
    def of(mean, truth):
        return mean[part] / mean[whole]

    return of


def _length(a, b):
    def of(mean, truth):
        return np.hypot(mean[a], mean[b])

    return of


METRICS = {
    # ---- against the photograph ----
    "psnr": Metric("PSNR dB", "{:.2f}", HIGHER, "mean over photographs, peak 255"),
    "psnr_pooled": Metric(
        "PSNR of mean MSE dB",
        "{:.2f}",
        HIGHER,
        "10·log10(255² / mean MSE): bad photographs weigh more, so it is lower than PSNR",
        lambda mean, truth: 10 * np.log10(255**2 / mean["mse"]),
    ),
    "ssim": Metric("SSIM", "{:.4f}", HIGHER, "Gaussian window σ = 1.5, mean of R, G, B"),
    "mse": Metric("MSE", "{:.1f}", LOWER, "8-bit sRGB, over pixels and channels"),
    "percent_error": Metric(
        "error %", "{:.2f}", LOWER, "mean absolute difference of 8-bit values, percent of 255"
    ),
    "percent_pixels": Metric(
        "pixels off %", "{:.2f}", LOWER, "percentage of pixels that differ at all in any channel"
    ),
    "ciede2000": Metric("CIEDE2000", "{:.2f}", LOWER, "mean over pixels"),
    "ab_rmse": Metric("ab RMSE", "{:.2f}", LOWER, "over pixels, a* and b*; mean over photographs"),
    "ab_rmse_pooled": Metric(
        "ab RMSE pooled",
        "{:.2f}",
        LOWER,
        "root of the mean over all photographs' pixels",
        lambda mean, truth: np.sqrt(mean["ab_mse"]),
    ),
    "auc": Metric(
        "AuC", "{:.2f}", HIGHER, "percentage of pixels with an ab error up to t, mean of t = 0…150"
    ),
    "auc_rebalanced": Metric(
        "AuC rebalanced",
        "{:.2f}",
        HIGHER,
        "the same with each pixel weighted by 1 / prior of its true color among 313 bins, λ = 0",
        _ratio("auc_weighted", "auc_weight"),
    ),
    "bin_accuracy": Metric(
        "bin accuracy %", "{:.2f}", HIGHER, "percentage of pixels in the right one of 313 bins"
    ),
    # ---- color ----
    "colorfulness": Metric(
        "colorfulness", "{:.1f}", TRUTH, "Hasler and Süsstrunk 2003, signed rg and yb"
    ),
    "colorfulness_absolute": Metric(
        "colorfulness, absolute",
        "{:.1f}",
        TRUTH,
        "the same of |rg| and |yb|, as some projects have it",
    ),
    "delta_colorfulness": Metric(
        "ΔCF",
        "{:.2f}",
        LOWER,
        "|mean colorfulness − mean colorfulness of truth|",
        lambda mean, truth: abs(mean["colorfulness"] - truth["colorfulness"]),
    ),
    "delta_colorfulness_images": Metric(
        "ΔCF of images", "{:.2f}", LOWER, "mean of |colorfulness − that of the same photograph|"
    ),
    "chroma": Metric("chroma", "{:.2f}", TRUTH, "mean C*"),
    "saturation": Metric(
        "saturation",
        "{:.3f}",
        TRUTH,
        "mean chroma over that of truth; below 1 is desaturated",
        lambda mean, truth: mean["chroma"] / truth["chroma"],
    ),
    # ---- artifacts ----
    "bias": Metric(
        "color bias",
        "{:.2f}",
        LOWER,
        "length of the mean shift of ab over all photographs",
        _length("shift_a", "shift_b"),
    ),
    "hue_distance": Metric(
        "hue distance",
        "{:.3f}",
        LOWER,
        "share of pixels to move between 36 sectors of hue, or none",
    ),
    "border_ratio": Metric(
        "border / center",
        "{:.3f}",
        "as the grey row",
        "ab RMSE in a frame of an eighth of the side over that inside it",
        lambda mean, truth: np.sqrt(mean["border_mse"] / mean["center_mse"]),
    ),
    "chroma_cutoff": Metric(
        "chroma cut-off",
        "{:.3f}",
        TRUTH,
        "cycles per pixel at which ab's amplitude, beside the photograph's, has fallen to half of "
        "what it is below 1/32; 0.5 is full resolution",
    ),
    "checkerboard": Metric(
        "checkerboard", "{:.3f}", TRUTH, "amplitude of ab's patterns of period 2 and 4 pixels"
    ),
    "bleeding": Metric(
        "bleeding", "{:.3f}", TRUTH, "share of ab's change with no lightness edge within 2 pixels"
    ),
    "ignored_edges": Metric(
        "ignored edges", "{:.3f}", LOWER, "share of color borders at lightness edges that are lost"
    ),
    # ---- with a network of their own, on request ----
    "fid": Metric(
        "FID", "{:.2f}", LOWER, "Fréchet distance to the photographs' Inception features"
    ),
    "lpips": Metric("LPIPS", "{:.4f}", LOWER, "learned perceptual distance, AlexNet"),
}
MAIN = ("psnr", "ssim", "mse", "ciede2000", "ab_rmse", "colorfulness")  # of the short table
TESTED = ("psnr", "ssim", "ciede2000", "ab_rmse", "auc", "delta_colorfulness_images", "lpips")
# What needs no true colors; bleeding needs the photograph's lightness.
WITHOUT_TRUTH = frozenset(
    ("colorfulness", "colorfulness_absolute", "chroma", "checkerboard", "bleeding")
)

# Vectors, which are no single column of a table: the shift of ab by region, chroma by true hue.
for _region in artifact_metrics.REGIONS:
    METRICS[f"bias_{_region}"] = Metric(
        f"bias {_region.replace('_', ' ')}",
        "{:.2f}",
        LOWER,
        "length of the mean shift of ab in this region",
        _length(f"shift_a_{_region}", f"shift_b_{_region}"),
    )
for _axis in "ab":
    METRICS[f"bias_{_axis}"] = Metric(
        f"shift of {_axis}*",
        "{:+.2f}",
        LOWER,
        "mean over all photographs; its size counts",
        lambda mean, truth, _name=f"shift_{_axis}": mean[_name],
    )
for _hue in HUES:
    METRICS[f"hue_{_hue:03d}"] = Metric(
        f"chroma at {_hue}°",
        "{:+.2f}",
        LOWER,
        "mean chroma less the true one, where the true hue is within 22.5° of this and the true "
        f"chroma at least {artifact_metrics.NEUTRAL:.0f}; its size counts",
        _ratio(f"hue_{_hue:03d}_signed", f"hue_{_hue:03d}_share"),
    )
    METRICS[f"hue_{_hue:03d}_error"] = Metric(
        f"chroma error at {_hue}°",
        "{:.2f}",
        LOWER,
        "the same of the absolute differences",
        _ratio(f"hue_{_hue:03d}_absolute", f"hue_{_hue:03d}_share"),
    )


def summarize(
    columns: dict[str, np.ndarray], truth: dict[str, np.ndarray], seed: int = 0
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Return every metric of a row and its bootstrap interval.

    Args:
        columns: Name → `(N,)`, the numbers of each picture.
        truth: The same of the photographs themselves.
        seed: Of the bootstrap.

    Returns:
        Metric → value, and metric → interval of 95 %.
    """
    values, drawn = _means(columns, seed)
    truth_values, truth_drawn = _means(truth, seed)
    found, sure = {}, {}
    for name, metric in METRICS.items():
        try:
            with np.errstate(invalid="ignore", divide="ignore"):
                if metric.of is None:
                    value, replicates = values[name], drawn[name]
                else:
                    value = metric.of(values, truth_values)
                    replicates = metric.of(drawn, truth_drawn)
        except KeyError:  # a part that was not asked for
            continue
        found[name], sure[name] = float(value), intervals.percentile(replicates)
    return found, sure


def _means(columns, seed):
    names, table = list(columns), np.stack(list(columns.values()), axis=-1)
    means = dict(zip(names, intervals.means(table)))
    return means, dict(zip(names, intervals.bootstrap(table, seed=seed).T))


# ---- tables ----


def tests_table(tests: list[dict]) -> str:
    """Lay out paired tests as a Markdown table.

    Args:
        tests: As `scoring.Scores.tests` gives them.
    """
    cells = [["rows", "metric", "mean difference", "95 % interval", "p"]]
    for test in tests:
        form = METRICS[test["metric"]].form
        signed = form if "+" in form else form.replace(":", ":+")
        ends = [write(test[end], signed) for end in ("low", "high")]
        p = "–" if math.isnan(test["p"]) else f"{test['p']:.4f}"
        cells.append(
            [
                " − ".join(test["rows"]),
                METRICS[test["metric"]].heading,
                write(test["difference"], signed),
                "…".join(ends),
                p,
            ]
        )
    return markdown(cells)


def write(value: float | None, form: str) -> str:
    """Write a number for a table: ∞ and – where it is infinite or undefined."""
    if value is None or math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else form.format(value)


def markdown(cells: list[list[str]]) -> str:
    """Lay out a Markdown table: a heading and rows, the first column left, the others right."""
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(row):
        first, *others = row
        padded = [first.ljust(widths[0]), *(o.rjust(w) for o, w in zip(others, widths[1:]))]
        return f"| {' | '.join(padded)} |\n"

    return "".join(map(line, [cells[0], rule, *cells[1:]]))
