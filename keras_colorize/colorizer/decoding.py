"""How a network's output becomes colors, as a person may choose it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_colorize import errors

if TYPE_CHECKING:
    from keras_colorize.colorizer.summary import Summary
    from keras_colorize.heads import Head

METHODS = ("argmax", "mean", "sample")
UPSCALES = ("bilinear", "bicubic", "guided")
# The most colorful sRGB has a chroma of 134: ten times even a faint color is at the gamut's end.
MAX_CHROMA = 10


@dataclass(frozen=True)
class Decoding:
    """The choices a person has between a network's output and the colors of a picture.

    Attributes:
        method: For a head with classes `argmax`, `mean` or `sample`. None: the model's own.
        temperature: For `mean` and `sample`, above 0: small is vivid, large is cautious. None: the
            model's own. A tensor `(B, 1, 1, 1)` gives each photograph its own.
        chroma: Factor on a* and b*, for any head, in 0…10: above 1 is more vivid. A network that
            minimizes a squared error pales where it is unsure, which this makes up for. The model's
            own factor comes on top.
        upscale: How color is enlarged to the photograph's size: `bilinear`, `bicubic`, or `guided`,
            which follows the contours of the photograph. None: the model's own.
        seed: Seed of `sample`, at least 0.

    Raises:
        UsageError: A value that no model could use.

    Example:
        >>> Decoding(chroma=1.4)
        Decoding(method=None, temperature=None, chroma=1.4, upscale=None, seed=0)
    """

    method: str | None = None
    temperature: float | None = None
    chroma: float = 1.0
    upscale: str | None = None
    seed: int = 0

    def __post_init__(self):
        if self.method is not None and self.method not in METHODS:
            raise errors.unknown("decoding", self.method, METHODS)
        if isinstance(self.temperature, int | float) and not self.temperature > 0:
            raise errors.UsageError(
                f"`temperature` must be positive. Received: temperature={self.temperature}."
            )
        if self.upscale not in (None, *UPSCALES):
            raise errors.unknown("upscale", self.upscale, UPSCALES)
        if not 0 <= self.chroma <= MAX_CHROMA:
            raise errors.UsageError(
                f"`chroma` must be a factor, at least 0 and at most {MAX_CHROMA}. "
                f"Received: chroma={self.chroma}."
            )
        if not 0 <= self.seed < 2**31:
            raise errors.UsageError(
                f"`seed` must be at least 0 and below 2³¹. Received: seed={self.seed}."
            )

    def over(self, own: Decoding) -> Decoding:
        """Return these choices where one was made, and a model's own where none was.

        Args:
            own: The choices that suit the model, calibrated on validation photographs.
        """
        same_method = self.method in (None, own.method)
        return dataclasses.replace(
            self,
            method=self.method or own.method,
            temperature=own.temperature
            if self.temperature is None and same_method
            else self.temperature,
            chroma=self.chroma * own.chroma,
            upscale=self.upscale or own.upscale,
        )

    def check(self, head: Head | Summary, model: str = "") -> None:
        """Refuse a decoding of classes for a model that has none.

        Args:
            head: The head, or what a folder says of its model.
            model: What the model is called, for the message.

        Raises:
            UsageError: The head predicts one color.
        """
        if head.has_classes:
            return
        given = {"decoding": self.method, "temperature": self.temperature}
        for argument, value in given.items():
            if value is not None:
                raise errors.UsageError(
                    f"`{argument}` is for models with classes, and {model or 'this one'} has none: "
                    "it predicts one color for each pixel. `chroma` makes the colors of any model "
                    f"more or less vivid. Received: {argument}={value!r}."
                )
