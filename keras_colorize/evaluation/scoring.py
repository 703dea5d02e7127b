"""Scoring pictures of photographs in one pass, with a grey row and a truth row beside them."""

import concurrent.futures
import itertools
import os
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from keras_colorize.color import pixels
from keras_colorize.evaluation import intervals, metrics, summary
from keras_colorize.evaluation.observers import Batch, Observer
from keras_colorize.evaluation.request import GREY, TRUTH
from keras_colorize.evaluation.rows import CEILINGS, Painter

_BATCH = 8


class Photograph(NamedTuple):
    """A photograph to score on, and other programs' pictures of it.

    Attributes:
        name: Its name in tables.
        digest: The digest of its bytes, which tells whether a model was trained on it.
        truth: uint8 sRGB `(S, S, 3)`.
        others: Row → picture, likewise.
    """

    name: str
    digest: str
    truth: np.ndarray
    others: dict[str, np.ndarray] = {}  # noqa: RUF012, never written to


@dataclass
class Scores:
    """What `score` found.

    Attributes:
        images: The photographs' names.
        columns: Row → name of a number → its value for each photograph. The rows are in the order
            of tables: grey, the rows asked for, ceilings, truth.
        of_rows: Metric → row → value, for metrics that single pictures do not have, such as FID.
        trained_on: How many of the photographs each model was trained on.
        unlisted: The tfds data sets that a model was trained on, whose photographs are not listed.
        network_seconds: Time spent in the models.
        seconds: Time spent in all.
    """

    images: list[str] = field(default_factory=list)
    columns: dict[str, dict[str, array]] = field(default_factory=dict)
    of_rows: dict[str, dict[str, float]] = field(default_factory=dict)
    trained_on: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, list[str]] = field(default_factory=dict)
    network_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """The number of photographs."""
        return len(self.images)

    @property
    def image_metrics(self) -> list[str]:
        """The metrics that each picture has by itself."""
        return [name for name in self.columns[GREY] if name in summary.METRICS]

    @property
    def per_image(self) -> Iterator[dict]:
        """One record for each photograph and row: `image`, `row` and `image_metrics`."""
        for number, image in enumerate(self.images):
            for row, columns in self.columns.items():
                values = {name: columns[name][number] for name in self.image_metrics}
                yield {"image": image, "row": row, **values}

    def means(self) -> dict[str, dict[str, float]]:
        """Return row → metric → value."""
        parts = {row: summary.means(columns) for row, columns in self.columns.items()}
        found = {}
        for row, mean in parts.items():
            derived = summary.derive(mean, parts.get(TRUTH, {}))
            found[row] = {name: float(value) for name, value in derived.items()}
            found[row] |= {name: values[row] for name, values in self.of_rows.items()}
        return found

    def intervals(self, seed: int = 0) -> dict[str, dict[str, tuple[float, float]]]:
        """Return row → metric → the ends of its bootstrap interval."""
        parts = {row: summary.draws(columns, seed) for row, columns in self.columns.items()}
        drawn = {row: summary.derive(draw, parts.get(TRUTH, {})) for row, draw in parts.items()}
        return {
            row: {name: intervals.percentile(values) for name, values in found.items()}
            for row, found in drawn.items()
        }

    def tests(self, seed: int = 0) -> list[dict]:
        """Test every pair of rows, ceilings and truth excepted, on `summary.TESTED`."""
        found, rows = [], [row for row in self.columns if row not in (*CEILINGS, TRUTH)]
        for one, other in itertools.combinations(rows, 2):
            for metric in summary.TESTED:
                if metric in self.image_metrics:
                    pair = [np.array(self.columns[row][metric]) for row in (one, other)]
                    test = intervals.paired_test(*pair, seed=seed)
                    found.append({"metric": metric, "rows": [one, other], **test})
        return found

    def label(self, row: str) -> str:
        """Return a row's name with what is known about its training."""
        seen = self.trained_on.get(row, 0)
        notes = [f"{seen} of these {self.count}"] if seen else []
        notes += [f"{data}, not compared" for data in self.unlisted.get(row, [])]
        return row + (f" (trained on {'; '.join(notes)})" if notes else "")


def score(
    rows: Mapping[str, Painter],
    photographs: Iterable[Photograph],
    observers: Sequence[Observer] = (),
    *,
    prior: np.ndarray | None = None,
    ceilings: bool = False,
    has_truth: bool = True,
) -> Scores:
    """Score any number of rows in one pass over the photographs.

    Nothing of a photograph is kept but its numbers, and what the observers keep.

    Args:
        rows: Row → what makes its pictures.
        photographs: All of one size, each with the same other programs' pictures.
        observers: They are shown every picture, with its numbers.
        prior: `(313,)`, the number of pixels in each bin, for the rebalanced AuC; None leaves it
            out.
        ceilings: Add the rows of `rows.CEILINGS`.
        has_truth: Whether the photographs have colors of their own. If not, there is no truth row,
            and only the metrics of `summary.WITHOUT_TRUTH` are given.

    Returns:
        Scores of every photograph.

    Example:
        >>> rows = {"mine": Painter(keras_colorize.load("lite_unet.natural"))}
        >>> score(rows, photographs).means()["grey"]["colorfulness"]
    """
    scores = Scores(trained_on=dict.fromkeys(rows, 0))
    for name, row in rows.items():
        scores.unlisted[name] = sorted(entry for entry in row.colorizer.trained_on if "/" in entry)
    weights = None if prior is None else metrics.rebalancing(prior)

    def score_one(truth, made):
        reference = metrics.Reference(truth, weights)
        values = {row: metrics.score(picture, reference) for row, picture in made.items()}
        if has_truth:
            return values
        return {row: {m: v[m] for m in summary.WITHOUT_TRUTH} for row, v in values.items()}

    began, threads = time.perf_counter(), cv2.getNumThreads()
    cv2.setNumThreads(1)  # photographs are what is scored in parallel
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for some in _batched(photographs, _BATCH):
                truth = np.stack([photograph.truth for photograph in some])
                pictures = _paint(rows, some, truth, ceilings, scores)
                if has_truth:
                    pictures[TRUTH] = truth
                each = [{row: made[i] for row, made in pictures.items()} for i in range(len(some))]
                values = list(pool.map(score_one, truth, each))
                batch = Batch([photograph.name for photograph in some], pictures, values)
                for observer in observers:
                    observer.see(batch)
                _record(scores, batch)
    finally:
        cv2.setNumThreads(threads)
    scores.seconds = time.perf_counter() - began
    return scores


def _paint(rows, some, truth, ceilings, scores) -> dict[str, np.ndarray]:
    """Return every row's pictures of a batch of photographs but truth's, in the order of tables."""
    pictures = {GREY: pixels.to_grey(truth)}
    began = time.perf_counter()
    for name, row in rows.items():
        pictures[name] = row.paint(truth)
        scores.trained_on[name] += sum(p.digest in row.colorizer.trained_on for p in some)
    scores.network_seconds += time.perf_counter() - began
    for name in some[0].others:
        pictures[name] = np.stack([photograph.others[name] for photograph in some])
    if ceilings:
        whole = pixels.to_lab(truth)
        for name, make in CEILINGS.items():
            pictures[name] = pixels.to_rgb(np.stack([make(one) for one in whole]))
    return pictures


def _record(scores, batch):
    scores.images += batch.images
    for values in batch.values:
        for row, numbers in values.items():
            columns = scores.columns.setdefault(row, {})
            for name, value in numbers.items():
                columns.setdefault(name, array("d")).append(value)


def _batched(items, size):
    # Python 3.12 has itertools.batched.
    items = iter(items)
    while batch := tuple(itertools.islice(items, size)):
        yield batch
