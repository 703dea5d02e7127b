"""How a network's output becomes colors, as a person may choose it."""

import math
from dataclasses import dataclass

from keras_colorize import errors
from keras_colorize.heads import Head
from keras_colorize.layers import upscaling


@dataclass(frozen=True)
class Decoding:
    """The choices a person has between a network's output and the colors of a picture.

    Attributes:
        method: For a head with classes `argmax`, `mean` or `sample`. None: the head's own.
        temperature: For `mean` and `sample`: small is vivid, large is cautious. None: the head's
            own. A tensor `(B, 1, 1, 1)` gives each photograph its own.
        chroma: Factor on a* and b*, for any head: above 1 is more vivid. A network that minimizes a
            squared error pales where it is unsure, which this makes up for.
        upscale: How color is enlarged to the photograph's size: `bilinear`, `bicubic`, or `guided`,
            which follows the contours of the photograph. None: the architecture's own.

    Example:
        >>> Decoding(chroma=1.4)
        Decoding(method=None, temperature=None, chroma=1.4, upscale=None)
    """

    method: str | None = None
    temperature: float | None = None
    chroma: float = 1.0
    upscale: str | None = None

    def check(self, head: Head) -> None:
        """Raise a UsageError for a wrong value, or one that this head has no use for."""
        if not 0 <= self.chroma < math.inf:
            raise errors.UsageError(
                f"`chroma` must be a factor, at least 0. Received: chroma={self.chroma}."
            )
        if self.upscale not in (None, *upscaling.METHODS):
            raise errors.unknown("upscale", self.upscale, upscaling.METHODS)
        head.check_decoding(self.method, self.temperature)
