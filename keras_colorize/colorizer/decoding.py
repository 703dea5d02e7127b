"""How a network's output becomes colors, as a person may choose it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Protocol

from keras_colorize import errors

METHODS = ("argmax", "mean", "sample")
UPSCALES = ("bilinear", "bicubic", "guided")
# The most colorful sRGB has a chroma of 134: ten times even a faint color is at the gamut's end.
MAX_CHROMA = 10
_VIVID = 1.5  # factor on chroma: with the default weights, 84 % of the true colorfulness
# A color that lies 100 units further in a variant's direction becomes e times as probable.
_TILT = 0.01


class Kind(Protocol):
    """What decides which decodings a model has: its head, or what a folder says of the head."""

    has_classes: bool
    has_prior: bool


@dataclass(frozen=True)
class Decoding:
    """The choices a person has between a network's output and the colors of a picture.

    Attributes:
        method: How classes become a color: `argmax`, `mean` or `sample`. None: the model's own way.
        temperature: The temperature of `mean` and `sample`, above 0: a small one takes the
            likeliest color, a large one weighs all. None: the model's own. A tensor
            `(B, 1, 1, 1)` gives each photograph its own.
        chroma: Factor on a* and b*, for any head, in 0…10: above 1 is more vivid. A network that
            minimizes a squared error pales where it is unsure, which this makes up for. The model's
            own factor comes on top.
        rebalance: For a head with classes, in −1…1: the probability of each class is divided by its
            share of the training pixels to this power. Above 0 the network dares rarer colors:
            more vivid ones, and more of them. None: the model's own.
        upscale: How color is enlarged to the photograph's size: `bilinear`, `bicubic`, or `guided`,
            which follows the contours of the photograph. None: the model's own.
        seed: Seed of `sample`, at least 0.
        tilt: A direction in the plane of a* and b*, per CIELAB unit. Classes whose colors lie in
            this direction become more probable. `variants` chooses it.

    Raises:
        UsageError: A value that no model could use.

    Example:
        >>> Decoding(chroma=1.4)
        Decoding(method=None, temperature=None, chroma=1.4, ...)
    """

    method: str | None = None
    temperature: float | None = None
    chroma: float = 1.0
    upscale: str | None = None
    seed: int = 0
    rebalance: float | None = None
    tilt: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self):
        if self.method is not None and self.method not in METHODS:
            raise errors.unknown("decoding", self.method, METHODS)
        if isinstance(self.temperature, int | float) and not self.temperature > 0:
            raise errors.wrong("`temperature` must be positive.", temperature=self.temperature)
        if self.upscale not in (None, *UPSCALES):
            raise errors.unknown("upscale", self.upscale, UPSCALES)
        if not 0 <= self.chroma <= MAX_CHROMA:
            raise errors.wrong(
                f"`chroma` must be a factor, at least 0 and at most {MAX_CHROMA}.",
                chroma=self.chroma,
            )
        if self.rebalance is not None and not -1 <= self.rebalance <= 1:
            raise errors.wrong("`rebalance` must be between -1 and 1.", rebalance=self.rebalance)
        if not 0 <= self.seed < 2**31:
            raise errors.wrong("`seed` must be at least 0 and below 2³¹.", seed=self.seed)

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
            chroma=min(self.chroma * own.chroma, MAX_CHROMA),
            rebalance=own.rebalance if self.rebalance is None else self.rebalance,
            upscale=self.upscale or own.upscale,
        )

    def check(self, head: Kind, model: str = "") -> None:
        """Refuse a decoding of classes for a model that has none, or none of known shares.

        Args:
            head: The head, or what a folder says of its model.
            model: What the model is called, for the message.

        Raises:
            UsageError: The head predicts one color, or its classes' shares are not known.
        """
        if head.has_classes:
            if self.rebalance and not head.has_prior:
                raise errors.wrong(
                    f"`rebalance` needs the classes' shares of the training pixels, which "
                    f"{model or 'this model'} does not know: it was trained by an earlier release. "
                    "Train it again, or use `chroma`.",
                    rebalance=self.rebalance,
                )
            return
        given = {
            "decoding": self.method,
            "temperature": self.temperature,
            "rebalance": self.rebalance,
            "tilt": self.tilt if any(self.tilt) else None,
        }
        for argument, value in given.items():
            if value is not None:
                raise errors.wrong(
                    f"`{argument}` is for models with classes, and {model or 'this one'} has none: "
                    "it predicts one color for each pixel. `chroma` makes the colors of any model "
                    "more or less vivid.",
                    **{argument: value},
                )


PLAIN = Decoding()  # no choice is made


def variants(model: Kind, count: int, decoding: Decoding = PLAIN, name: str = "") -> list[Decoding]:
    """Return ways to decode one output into several plausible pictures.

    The first is natural, the second vivid. The others are for models with classes: each leans
    toward another hue, first toward blue, where the network is unsure.

    Args:
        model: The head, or what a folder says of its model.
        count: How many.
        decoding: The first, from which the others differ.
        name: What the model is called, for the message.

    Raises:
        UsageError: Less than 1, or more than 2 of a model without classes.

    Example:
        >>> from keras_colorize import heads
        >>> [one.chroma for one in variants(heads.create("gamut"), 3)]
        [1.0, 1.5, 1.0]
    """
    if count < 1:
        raise errors.wrong("`variants` must be at least 1.", variants=count)
    if count > 2 and not model.has_classes:
        raise errors.wrong(
            f"`variants` can be 2, natural and vivid, for {name or 'this model'}, which predicts "
            "one color for each pixel. A model with classes, such as lite_unet.natural, has more.",
            variants=count,
        )
    vivid = dataclasses.replace(decoding, chroma=min(_VIVID * decoding.chroma, MAX_CHROMA))
    turns = [2 * math.pi * (0.75 + i / (count - 2)) for i in range(count - 2)]
    tilts = [(_TILT * math.cos(turn), _TILT * math.sin(turn)) for turn in turns]
    leaning = [dataclasses.replace(decoding, tilt=tilt) for tilt in tilts]
    return [decoding, vivid, *leaning][:count]
