"""Rows of pictures: those that networks make, and those that are made of the photograph itself."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from keras_colorize.color import bins
from keras_colorize.colorizer import Colorizer, load
from keras_colorize.colorizer.decoding import Decoding
from keras_colorize.evaluation.protocol import Protocol
from keras_colorize.evaluation.request import BINS, HALF_CHROMA, SMALL_AB, Model

_SMALL = 64  # pixels


@dataclass(frozen=True)
class Painter:
    """A row that a network makes: a Colorizer, and how its output becomes colors.

    Raises:
        UsageError: The Colorizer's head has no use for this decoding.
    """

    colorizer: Colorizer
    decoding: Decoding = field(default_factory=Decoding)

    def __post_init__(self):
        self.decoding.check(self.colorizer.head, self.colorizer.name)

    def paint(self, photographs: np.ndarray) -> np.ndarray:
        """Color photographs of one size: uint8 `(B, H, W, 3)` → uint8 `(B, H, W, 3)`."""
        return self.colorizer.colorize_batch(photographs, self.decoding)


def painters(named: dict[str, Model], plan: Protocol | None = None) -> dict[str, Painter]:
    """Load models and return the rows that they make.

    Args:
        named: Row → its model.
        plan: A protocol, whose rows may decode one model in several ways.

    Returns:
        Row → painter: the protocol's rows whose models are given, then the other models.

    Raises:
        UsageError: A model cannot be loaded or decoded as asked.
    """
    loaded = {path: load(path) for path in dict.fromkeys(model.path for model in named.values())}
    made = {
        row: Painter(loaded[model.path], Decoding(**model.decoding)) for row, model in named.items()
    }
    if plan is None:
        return made
    planned = {}
    for name, row in plan.rows.items():
        if (model := row.model or name) in made:
            colorizer, decoding = made[model].colorizer, Decoding(**row.decoded)
            planned[name] = Painter(colorizer, decoding) if row.decoded else made[model]
    return planned | {name: row for name, row in made.items() if name not in plan.models}


# ---- ceilings: what no network of a kind can surpass ----


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


CEILINGS = {HALF_CHROMA: half_chroma, BINS: nearest_bins, SMALL_AB: small_ab}
