"""Scoring pictures of photographs, in one pass, with a grey row and a truth row beside them."""

import concurrent.futures
import heapq
import itertools
import os
import time
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from keras_colorize import plots
from keras_colorize.color import bins, pixels
from keras_colorize.colorizer import Colorizer
from keras_colorize.evaluation import intervals, metrics, summary

_BATCH = 8
GREY, TRUTH = "grey", "truth"
_LIGHTNESS = np.array([1, 0, 0], "float32")
_SMALL = 64  # pixels, of the third ceiling


class Photograph(NamedTuple):
    """A photograph to score on, and other programs' pictures of it.

    Attributes:
        name: For tables.
        digest: Of its bytes, to tell whether a model was trained on it.
        truth: uint8 sRGB `(S, S, 3)`.
        others: Row name → picture, likewise.
    """

    name: str
    digest: str
    truth: np.ndarray
    others: dict[str, np.ndarray] = {}  # noqa: RUF012, never written to


def half_chroma(whole: np.ndarray) -> np.ndarray:
    """Return CIELAB `(..., 3)` with half the chroma."""
    return whole * np.array([1, 0.5, 0.5], "float32")


def nearest_bins(whole: np.ndarray) -> np.ndarray:
    """Return CIELAB `(..., 3)` with each color at the center of the nearest of 313 bins."""
    made = whole.copy()
    made[..., 1:] = bins.gamut313()[bins.nearest_on_lattice(whole[..., 1:], bins.gamut313())]
    return made


def small_ab(whole: np.ndarray) -> np.ndarray:
    """Return CIELAB `(H, W, 3)` with its ab reduced to 64 × 64 and enlarged again."""
    height, width = whole.shape[:2]
    made = whole.copy()
    ab = np.ascontiguousarray(whole[..., 1:])
    small = cv2.resize(ab, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    made[..., 1:] = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return made


# What no network of a kind can surpass: rows made of the photograph itself.
CEILINGS = {
    "half chroma": half_chroma,
    "313 bins": nearest_bins,
    f"ab at {_SMALL}": small_ab,
}


@dataclass
class Scores:
    """What `score` found.

    Attributes:
        images: The photographs' names.
        columns: Row → name of a number → its value for each photograph.
        trained_on: How many of the photographs each model was trained on.
        unlisted: The tfds data sets that a model was trained on, whose photographs are not listed.
        pictures: Column title → pictures of the first photographs, for a grid.
        kept: The photographs whose pictures are on disk: `image`, `file` and `value`, best first.
        fid: Row → Fréchet distance, if asked for.
        has_truth: Whether the photographs have colors of their own; if not, there is no truth row
            and only what needs none is told.
        network_seconds: Time spent in the models.
        seconds: Time spent in all.
    """

    images: list[str] = field(default_factory=list)
    columns: dict[str, dict[str, array]] = field(default_factory=dict)
    trained_on: dict[str, int] = field(default_factory=dict)
    unlisted: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, list[np.ndarray]] = field(default_factory=dict)
    kept: list[dict] = field(default_factory=list)
    fid: dict[str, float] = field(default_factory=dict)
    has_truth: bool = True
    network_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """The number of photographs."""
        return len(self.images)

    @property
    def row_names(self) -> list[str]:
        """Grey, the rows asked for, truth: the order of tables."""
        made = [row for row in self.columns if row not in (GREY, TRUTH)]
        return [GREY, *made, *([TRUTH] if self.has_truth else [])]

    @property
    def image_metrics(self) -> list[str]:
        """The metrics that each picture has by itself."""
        return [name for name in self.columns[GREY] if name in self.told]

    @property
    def told(self) -> Collection[str]:
        """The names of the metrics that these photographs have."""
        return summary.METRICS if self.has_truth else summary.WITHOUT_TRUTH

    @property
    def per_image(self) -> Iterator[dict]:
        """One record for each photograph and row: `image`, `row` and `image_metrics`."""
        for number, image in enumerate(self.images):
            for row in self.row_names:
                values = {name: self.columns[row][name][number] for name in self.image_metrics}
                yield {"image": image, "row": row, **values}

    def column(self, row: str, name: str) -> np.ndarray:
        """Return one number of every photograph: float64 `(N,)`."""
        return np.array(self.columns[row][name])

    def summarize(self, seed: int = 0) -> tuple[dict, dict]:
        """Return row → metric → value, and row → metric → bootstrap interval."""
        tables = {
            row: {name: np.array(column) for name, column in self.columns[row].items()}
            for row in self.columns
        }
        values, sure = {}, {}
        for row in self.row_names:
            found, ends = summary.summarize(tables[row], tables[TRUTH], seed)
            values[row] = {name: value for name, value in found.items() if name in self.told}
            sure[row] = {name: end for name, end in ends.items() if name in self.told}
            if row in self.fid:
                values[row]["fid"] = self.fid[row]
        return values, sure

    def tests(self, seed: int = 0) -> list[dict]:
        """Test every pair of rows, ceilings and truth excepted, on `summary.TESTED`."""
        found, rows = [], [row for row in self.row_names if row not in (*CEILINGS, TRUTH)]
        for one, other in itertools.combinations(rows, 2):
            for metric in summary.TESTED:
                if metric in self.image_metrics:
                    pair = self.column(one, metric), self.column(other, metric)
                    test = intervals.paired_test(*pair, seed=seed)
                    found.append({"metric": metric, "rows": [one, other], **test})
        return found

    def label(self, row: str) -> str:
        """Return a row's name with what is known of its training."""
        seen = self.trained_on.get(row, 0)
        notes = [f"{seen} of these {self.count}"] if seen else []
        notes += [f"{data}, not compared" for data in self.unlisted.get(row, [])]
        return row + (f" (trained on {'; '.join(notes)})" if notes else "")

    def rows(self) -> dict[str, dict[str, float]]:
        """Return row → metric → value."""
        return self.summarize()[0]

    def table(self, names: Iterable[str] = summary.MAIN, values: dict | None = None) -> str:
        """Return the rows as a Markdown table: grey, the rows asked for, truth.

        Args:
            names: The metrics that make its columns.
            values: What `summarize` gave, if it was called before.
        """
        values, shown = values or self.rows(), [summary.METRICS[name] for name in names]
        cells = [["", *(metric.heading for metric in shown)]]
        for row in self.row_names:
            numbers = (values[row].get(name) for name in names)
            cells.append(
                [self.label(row), *(summary.write(n, m.form) for n, m in zip(numbers, shown))]
            )
        return summary.markdown(cells)

    def everything(self, values: dict, sure: dict) -> str:
        """Return a Markdown table of every metric, a row for each, with its interval.

        Args:
            values: Row → metric → value.
            sure: Row → metric → interval.
        """
        cells = [["", "better", *map(self.label, self.row_names)]]
        for name, metric in summary.METRICS.items():
            if name not in values[GREY]:
                continue
            line = [metric.heading, metric.better]
            for row in self.row_names:
                text = summary.write(values[row][name], metric.form)
                ends = [summary.write(end, metric.form) for end in sure[row].get(name, ())]
                line.append(f"{text} ({ends[0]}…{ends[1]})" if ends and text != "–" else text)
            cells.append(line)
        return summary.markdown(cells)


class Kept:
    """Keeps on disk, as PNG, the pictures of the best and the worst photographs.

    Args:
        folder: Gets `ROW/NAME.png`.
        count: How many of the best, and how many of the worst.
    """

    def __init__(self, folder: Path, count: int):
        self._folder, self._count = folder, count
        # Heaps whose first is the next to go: the least of the best, the least bad of the worst.
        self._heaps = {"best": [], "worst": []}

    def offer(self, number: int, image: str, value: float, pictures: dict) -> None:
        """Write a photograph's pictures if it is among the best or worst, and drop whom it ousts.

        Args:
            number: Of the photograph.
            image: Its name.
            value: What it is judged by; higher is better.
            pictures: Row name → uint8 `(H, W, 3)`.
        """
        # As the photographs are named, so that another evaluation can take the folder as --results.
        parts = [part for part in Path(image).parts if part not in ("/", "..")]
        file = Path(*parts).with_suffix(".png").as_posix()
        if any(file == e[3] for heap in self._heaps.values() for e in heap):
            file = file.removesuffix(".png") + f"-{number}.png"
        for end, key in (("best", value), ("worst", -value)):
            heap, entry = self._heaps[end], (key, number, image, file)
            heapq.heappush(heap, entry)
            gone = heapq.heappop(heap) if len(heap) > self._count else None
            if gone != entry:
                for row, picture in pictures.items():
                    target = self._folder / row / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    plots.save(target, picture)
            if gone and not any(gone[1] == e[1] for h in self._heaps.values() for e in h):
                for row in pictures:
                    (self._folder / row / gone[3]).unlink(missing_ok=True)

    def list(self) -> list[dict]:
        """Return `image`, `file` and `value` of each photograph kept, the best first."""
        found = {number: (key, image, file) for key, number, image, file in self._heaps["best"]}
        found |= {number: (-key, image, file) for key, number, image, file in self._heaps["worst"]}
        return [
            {"image": image, "file": file, "value": value}
            for value, image, file in sorted(found.values(), reverse=True)
        ]


def measure_prior(photographs: Iterable[np.ndarray]) -> np.ndarray:
    """Count the pixels in each of Zhang's 313 bins: float64 `(313,)`."""
    counts = np.zeros(313)
    for rgb in photographs:
        ab = pixels.to_lab(rgb)[..., 1:]
        numbers = bins.nearest_on_lattice(ab, bins.gamut313())
        counts += np.bincount(numbers.ravel(), minlength=313)
    return counts


def score(
    colorizers: dict[str, Colorizer],
    photographs: Iterable[Photograph],
    pictures: int = 8,
    progress: Callable[[int], None] | None = None,
    *,
    prior: np.ndarray | None = None,
    ceilings: bool = False,
    kept: Kept | None = None,
    watch: Callable[[str, dict, dict], None] | None = None,
    fid=None,
    lpips: Callable | None = None,
    has_truth: bool = True,
) -> Scores:
    """Score any number of rows in one pass over the photographs.

    Nothing is kept of a photograph but its numbers, and the pictures asked for.

    Args:
        colorizers: Row name → Colorizer.
        photographs: All of one size, each with the same other programs' pictures.
        pictures: How many photographs to keep for the grid.
        progress: Called with the number done.
        prior: `(313,)`, how often each bin occurs, for the rebalanced AuC; None leaves it out.
        ceilings: Add the rows of `CEILINGS`.
        kept: Where to keep pictures on disk.
        watch: Called with each photograph's name, row → picture, and row → metric → value.
        fid: A `perceptual.Fid`.
        lpips: `(pictures, truth)` → one distance for each; `perceptual.lpips()`.
        has_truth: Whether the photographs have colors of their own.

    Returns:
        Scores of every photograph.
    """
    scores = Scores(trained_on=dict.fromkeys(colorizers, 0), has_truth=has_truth)
    for name, colorizer in colorizers.items():
        scores.unlisted[name] = sorted(entry for entry in colorizer.trained_on if "/" in entry)
    weights = None if prior is None else metrics.rebalancing(prior)

    def score_one(truth, made):
        reference = metrics.Reference(truth, weights)
        return {row: metrics.score(picture, reference) for row, picture in made.items()}

    began, threads = time.perf_counter(), cv2.getNumThreads()
    cv2.setNumThreads(1)  # photographs are what is scored in parallel
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch in _batched(photographs, _BATCH):
                truth = np.stack([photograph.truth for photograph in batch])
                rows = _paint(colorizers, batch, truth, ceilings, scores)
                each = [{row: made[i] for row, made in rows.items()} for i in range(len(batch))]
                found = list(pool.map(score_one, truth, each))
                if lpips:
                    for row, made in rows.items():
                        for numbers, distance in zip(found, lpips(made, truth)):
                            numbers[row]["lpips"] = distance
                if fid:
                    for row, made in rows.items():
                        fid.add(row, made)
                for photograph, numbers, made in zip(batch, found, each):
                    _record(scores, photograph, numbers, made, pictures, kept)
                    if watch:
                        watch(photograph.name, made, numbers)
                if progress:
                    progress(len(batch))
    finally:
        cv2.setNumThreads(threads)
    if fid:
        scores.fid = {row: fid.distance(row, TRUTH) for row in scores.columns}
    if kept:
        scores.kept = kept.list()
    scores.seconds = time.perf_counter() - began
    return scores


def _paint(colorizers, batch, truth, ceilings, scores):
    """Return each row's pictures of a batch of photographs."""
    whole = pixels.to_lab(truth)
    rows = {GREY: pixels.to_8bit(whole * _LIGHTNESS)}
    if ceilings:
        for name, make in CEILINGS.items():
            rows[name] = pixels.to_8bit(np.stack([make(one) for one in whole]))
    began = time.perf_counter()
    for name, colorizer in colorizers.items():
        rows[name] = colorizer.colorize_batch(truth)
        scores.trained_on[name] += sum(p.digest in colorizer.trained_on for p in batch)
    scores.network_seconds += time.perf_counter() - began
    for name in batch[0].others:
        rows[name] = np.stack([photograph.others[name] for photograph in batch])
    return rows | {TRUTH: truth}


def _record(scores, photograph, numbers, made, pictures, kept):
    if scores.count < pictures:
        for row, picture in made.items():
            if row != TRUTH or scores.has_truth:
                scores.pictures.setdefault(row, []).append(picture)
    for row, values in numbers.items():
        columns = scores.columns.setdefault(row, {})
        for name, value in values.items():
            columns.setdefault(name, array("d")).append(value)
    if kept:
        judged = next((r for r in made if r not in (GREY, TRUTH, *CEILINGS)), GREY)
        kept.offer(scores.count, photograph.name, numbers[judged]["psnr"], made)
    scores.images.append(photograph.name)


def _batched(items, size):
    # Python 3.12 has itertools.batched.
    items = iter(items)
    while batch := tuple(itertools.islice(items, size)):
        yield batch
