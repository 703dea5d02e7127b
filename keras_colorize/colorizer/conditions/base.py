"""What every condition does."""

from typing import Protocol

import numpy as np


class Condition(Protocol):
    """Changes the color that a network predicts for a photograph; frozen, so threads share it."""

    def apply(self, lightness: np.ndarray, ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the ab to use.

        Args:
            lightness: float32 `(h, w)`, L* of the whole photograph, which may be reduced.
            ab: float32 `(h, w, 2)`, as predicted, or as another condition left it.
            size: The photograph's own height and width, in pixels.

        Returns:
            float32 `(h, w, 2)`.

        Raises:
            UsageError: The condition does not fit this photograph.
        """
