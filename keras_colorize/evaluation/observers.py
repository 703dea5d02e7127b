"""Whoever looks at pictures while they are scored, and what each keeps of them."""

import bisect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from keras_colorize.data import photographs
from keras_colorize.evaluation.request import GREY, TRUTH


class Batch(NamedTuple):
    """Some photographs as every row has them.

    Attributes:
        images: The photographs' names.
        pictures: Row → uint8 `(B, S, S, 3)`. Photographs without colors have no truth row.
        values: Row → metric → value, for each photograph.
    """

    images: list[str]
    pictures: dict[str, np.ndarray]
    values: list[dict[str, dict[str, float]]]

    def split(self) -> Iterator[tuple[str, dict, dict]]:
        """Yield each photograph's name, row → picture, and row → metric → value."""
        for number, (image, values) in enumerate(zip(self.images, self.values)):
            yield image, {row: made[number] for row, made in self.pictures.items()}, values


class Observer(Protocol):
    """What `scoring.score` shows every batch of pictures to."""

    def see(self, batch: Batch) -> None:
        """Look at a batch, keep what is needed of it, and perhaps add metrics to its `values`.

        What is kept of a picture must be a copy: a part of an array keeps the whole batch alive.
        """


class Grid:
    """Keeps the pictures of the first photographs, for `plots.grid`.

    Args:
        count: The number of photographs.

    Attributes:
        columns: Row → pictures.
    """

    def __init__(self, count: int):
        self._count = count
        self.columns: dict[str, list[np.ndarray]] = {}

    def see(self, batch: Batch) -> None:
        """Keep pictures until there are enough."""
        for row, made in batch.pictures.items():
            column = self.columns.setdefault(row, [])
            column.extend(map(np.array, made[: self._count - len(column)]))


class Sample:
    """Keeps a random sample in which every photograph has the same chance, however many come.

    Vitter 1985, algorithm R. Memory does not grow with the number of photographs.

    Args:
        count: The size of the sample.
        seed: Seed of the choice.

    Attributes:
        kept: Name, and row → picture, of the photographs in the sample.
    """

    def __init__(self, count: int, seed: int = 0):
        self._count, self._seen = count, 0
        self._random = np.random.default_rng(seed)
        self.kept: list[tuple[str, dict[str, np.ndarray]]] = []

    def see(self, batch: Batch) -> None:
        """Let each photograph take its place in the sample, or none."""
        for image, pictures, _ in batch.split():
            self._seen += 1
            place = len(self.kept)
            if place == self._count:
                place = int(self._random.integers(self._seen))
            if place < self._count:
                copies = {row: np.array(picture) for row, picture in pictures.items()}
                self.kept[place : place + 1] = [(image, copies)]


# ---- best and worst ----


def gain(row: str, values: dict) -> float:
    """Return by how many dB a row's PSNR exceeds that of the grey picture of the same photograph.

    Best and worst are those with the largest and the smallest gain. PSNR itself would choose the
    palest and the most colorful photographs, whatever the row makes of them.

    Args:
        row: The row's name.
        values: Row → metric → value, of one photograph. Without true colors the gain is 0.
    """
    before, after = (values[name].get("psnr", 0.0) for name in (GREY, row))
    return 0.0 if before == after else after - before  # both are infinite where nothing has color


class Extremes:
    """The items with the largest and the smallest gain among those that pass by.

    Args:
        count: The number to keep at each end.

    Attributes:
        seen: How many have passed by.
    """

    def __init__(self, count: int):
        self._count, self.seen = count, 0
        self._entries = []  # sorted; if there are too many, the one in the middle goes

    def add(self, gain: float, item: object) -> object | None:
        """Take an item in, and return the one that has to go for it, which may be the same.

        Of two equal gains the earlier is the better.
        """
        self.seen += 1
        bisect.insort(self._entries, (gain, -self.seen, item))
        return self._entries.pop(self._count)[2] if len(self._entries) > 2 * self._count else None

    def ends(self) -> tuple[list, list]:
        """Return up to `count` items from each end, the best first and the worst first.

        No item is at both ends: of few, the better half counts as the best.
        """
        few, items = len(self._entries), [item for *_, item in reversed(self._entries)]
        best, worst = min(self._count, (few + 1) // 2), min(self._count, few // 2)
        return items[:best], items[::-1][:worst]


class Card(NamedTuple):
    """One photograph as one row has it.

    Attributes:
        image: The photograph's name.
        values: Row → metric → value.
        pictures: Grey, the row's and, where there are true colors, the photograph: uint8
            `(S, S, 3)`.
        gain: As `gain` gives it.
    """

    image: str
    values: dict
    pictures: list[np.ndarray]
    gain: float


class Gallery:
    """Keeps the best and the worst pictures of every row, for the report.

    Args:
        count: The number to keep at each end of a row.

    Attributes:
        rows: Row → `Extremes` of cards.
    """

    def __init__(self, count: int):
        self._count = count
        self.rows: dict[str, Extremes] = {}

    def see(self, batch: Batch) -> None:
        """Keep a card of each picture that is among the best or the worst of its row."""
        for image, pictures, values in batch.split():
            for row in (name for name in pictures if name not in (GREY, TRUTH)):
                shown = [name for name in (GREY, row, TRUTH) if name in pictures]
                copies = [np.array(pictures[name]) for name in shown]
                card = Card(image, values, copies, gain(row, values))
                extremes = self.rows.setdefault(row, Extremes(self._count))
                extremes.add(card.gain, card)


class PictureFolder:
    """Keeps on disk every row's pictures of the photographs that are best and worst in one row.

    Args:
        folder: Gets `ROW/NAME.png`.
        count: The number of photographs to keep at each end.
        row: The row that decides.
    """

    def __init__(self, folder: Path, count: int, row: str):
        self._folder, self._row = folder, row
        self._extremes = Extremes(count)

    def see(self, batch: Batch) -> None:
        """Write the pictures of a photograph that is kept, and delete those of one that goes."""
        for image, pictures, values in batch.split():
            entry = {"image": image, "file": self._name(image), "value": gain(self._row, values)}
            gone = self._extremes.add(entry["value"], entry)
            if gone is not entry:
                for row, picture in pictures.items():
                    path = self._folder / row / entry["file"]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    photographs.write(path, picture)
                if gone:
                    for row in pictures:
                        (self._folder / row / gone["file"]).unlink()

    def list(self) -> list[dict]:
        """Return `image`, `file` and `value` (the gain) of each photograph kept, the best first."""
        best, worst = self._extremes.ends()
        return best + worst[::-1]

    def _name(self, image):
        # As the photographs are named, so that another evaluation can take the folder as --results.
        parts = [part for part in Path(image).parts if part not in ("/", "..")]
        file = Path(*parts).with_suffix(".png").as_posix()
        if file in (entry["file"] for entry in self.list()):
            file = file.removesuffix(".png") + f"-{self._extremes.seen}.png"
        return file
