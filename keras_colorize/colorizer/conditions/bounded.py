"""Two models, one picture: a vivid one, held within a band around a natural one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_colorize.colorizer.decoding import PLAIN, Decoding

if TYPE_CHECKING:
    from keras_colorize.colorizer.contract import Colorizer

# Chosen on 40 photographs; benchmarks/choice.md has what they cost in accuracy.
_BAND = 12.0  # CIELAB units
_SHADOW = 30.0  # L* below which the vivid model counts less, down to nothing in black


@dataclass(frozen=True)
class Bounded:
    """The color of a second, more vivid model, as far as it stays near the first one's.

    Args:
        vivid: The second model.
        decoding: How its output becomes colors.

    Example:
        >>> from keras_colorize import Colorizer
        >>> natural = Colorizer("vgg_fusion", size=32, backbone_weights="none")
        >>> vivid = Colorizer("vgg_fusion", "bins64", size=32, backbone_weights="none")
        >>> photograph = np.full((48, 64), 128, "uint8")
        >>> natural.colorize(photograph, conditions=[Bounded(vivid)]).shape
        (48, 64, 3)
    """

    vivid: Colorizer
    decoding: Decoding = PLAIN

    def apply(self, lightness: np.ndarray, ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Move color toward the second model's; see `Condition.apply`."""
        vivid = self.vivid.predict_ab(lightness[None, ..., None], self.decoding)[0]
        return blend(lightness, ab, vivid)


def blend(lightness: np.ndarray, natural: np.ndarray, vivid: np.ndarray) -> np.ndarray:
    """Return vivid ab within 12 units of natural ab, and nearer to it in shadows.

    Args:
        lightness: float32 `(h, w)`, L*.
        natural: float32 `(h, w, 2)`, ab.
        vivid: float32 `(h, w, 2)`, ab.

    Returns:
        float32 `(h, w, 2)`.
    """
    apart = vivid - natural
    distance = np.linalg.norm(apart, axis=-1, keepdims=True)
    share = _BAND / np.maximum(distance, _BAND)
    return natural + share * np.clip(lightness / _SHADOW, 0, 1)[..., None] * apart
