"""Scoring Colorizers on photographs, with a grey row and a truth row beside them."""

import concurrent.futures
import itertools
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from keras_colorize import metrics, viz
from keras_colorize.colorizer import Colorizer

_BATCH = 8
GREY, TRUTH = "grey", "truth"

_HEADINGS = {
    "psnr": ("PSNR dB", "{:.2f}"),
    "ssim": ("SSIM", "{:.4f}"),
    "mse": ("MSE", "{:.1f}"),
    "ciede2000": ("CIEDE2000", "{:.2f}"),
    "ab_rmse": ("ab RMSE", "{:.2f}"),
    "colorfulness": ("colorfulness", "{:.1f}"),
}


@dataclass
class Scores:
    """What `score` found.

    Attributes:
        per_image: One record for each photograph and row: `image`, `row` and the metrics.
        trained_on: How many of the photographs each model was trained on.
        unlisted: The tfds data sets that a model was trained on, whose photographs are not listed.
        pictures: Column title → pictures of the first photographs, for a grid.
    """

    per_image: list[dict] = field(default_factory=list)
    trained_on: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, list[np.ndarray]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of photographs."""
        return sum(record["row"] == TRUTH for record in self.per_image)

    def rows(self) -> dict[str, dict[str, float]]:
        """Return the mean of each metric over the photographs: grey, truth, then the models."""
        names = [GREY, TRUTH, *self.trained_on]
        return {
            name: {
                metric: float(np.mean([r[metric] for r in self.per_image if r["row"] == name]))
                for metric in metrics.NAMES
            }
            for name in names
        }

    def table(self) -> str:
        """Return the rows as a Markdown table: grey, the models, truth."""
        means = self.rows()
        labels = {GREY: GREY}
        for name, seen in self.trained_on.items():
            notes = [f"{seen} of these {self.count}"] if seen else []
            notes += [f"{data}, not compared" for data in self.unlisted.get(name, [])]
            labels[name] = name + (f" (trained on {'; '.join(notes)})" if notes else "")
        labels[TRUTH] = TRUTH
        cells = [["", *(heading for heading, _ in _HEADINGS.values())]]
        for name, label in labels.items():
            cells.append([label, *(_format(means[name][m], f) for m, (_, f) in _HEADINGS.items())])
        widths = [max(map(len, column)) for column in zip(*cells)]
        cells.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
        return "".join(f"| {' | '.join(_align(row, widths))} |\n" for row in cells)


def _format(value: float, form: str) -> str:
    return "∞" if math.isinf(value) else form.format(value)


def _align(row: list[str], widths: list[int]) -> list[str]:
    first, *numbers = row
    return [first.ljust(widths[0]), *(n.rjust(w) for n, w in zip(numbers, widths[1:]))]


def score(
    colorizers: dict[str, Colorizer],
    photographs: Iterable[tuple[str, str, np.ndarray]],
    pictures: int = 8,
    progress: Callable[[int], None] | None = None,
) -> Scores:
    """Score any number of Colorizers in one pass over the photographs.

    Args:
        colorizers: Row name → Colorizer.
        photographs: Name, digest and uint8 sRGB `(S, S, 3)` of each, all of one size.
        pictures: How many photographs to keep for the grid.
        progress: Called with the number done.

    Returns:
        Scores of every photograph.
    """
    scores = Scores(trained_on=dict.fromkeys(colorizers, 0))
    for name, colorizer in colorizers.items():
        scores.unlisted[name] = sorted(entry for entry in colorizer.trained_on if "/" in entry)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for batch in _batched(photographs, _BATCH):
            names, digests, truth = zip(*batch)
            rows = {GREY: viz.to_grey(np.stack(truth))}
            for name, colorizer in colorizers.items():
                rows[name] = colorizer.colorize_batch(np.stack(truth))
                scores.trained_on[name] += sum(d in colorizer.trained_on for d in digests)
            rows[TRUTH] = truth
            for row, made in rows.items():
                room = pictures - len(scores.pictures.setdefault(row, []))
                scores.pictures[row] += list(made[: max(0, room)])
                for image, values in zip(names, pool.map(metrics.score, made, truth)):
                    scores.per_image.append({"image": image, "row": row, **values})
            if progress:
                progress(len(batch))
    return scores


def _batched(items, size):
    # Python 3.12 has itertools.batched.
    items = iter(items)
    while batch := tuple(itertools.islice(items, size)):
        yield batch
