"""Hints: colors that a person gives at places of a photograph, as points or as strokes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor, UnidentifiedImageError

from keras_colorize import errors
from keras_colorize.color import lab
from keras_colorize.colorizer.conditions.spreading import Anchor, spread
from keras_colorize.colorizer.inputs import Photograph

_OPAQUE = 128  # alpha from which a pixel of the strokes counts
_COLORS = 32  # told apart in strokes
_SKEW = 0.02  # by which proportions of strokes may differ from the photograph's


@dataclass(frozen=True, eq=False)
class Hints:
    """Colors given at places; they spread over the things there, the rest is the network's.

    A hint says a* and b*; lightness stays the photograph's.

    Args:
        points: `(x, y, "#rrggbb")` for each hint, in pixels from the left and from the top of the
            upright photograph.
        strokes: Strokes of color on transparent ground, in the photograph's proportions: uint8
            `(H, W, 4)`, a Pillow image with transparency, or the path of one.

    Raises:
        UsageError: A color that is not `#rrggbb`; strokes without transparency, or none at all.

    Example:
        >>> Hints([(120, 80, "#b03a2e")])
        Hints(points=((120, 80, '#b03a2e'),), strokes=None)
    """

    points: Sequence[tuple[float, float, str]] = ()
    strokes: Photograph | None = None

    def __post_init__(self):
        points = tuple((x, y, _checked(color)) for x, y, color in self.points)
        object.__setattr__(self, "points", points)
        if self.strokes is not None:
            object.__setattr__(self, "strokes", _rgba(self.strokes))

    def check(self, size: tuple[int, int]) -> None:
        """Refuse what does not fit a photograph.

        Args:
            size: Height and width of the upright photograph.

        Raises:
            UsageError: A point lies outside of it, or strokes have other proportions.
        """
        height, width = size
        for point in self.points:
            x, y, _ = point
            if not (0 <= x < width and 0 <= y < height):
                raise errors.wrong(
                    f"`hint` must lie within the photograph, x in 0…{width - 1} and y in "
                    f"0…{height - 1}.",
                    hint=point,
                )
        if self.strokes is not None:
            rows, columns = self.strokes.shape[:2]
            if abs(columns / rows / (width / height) - 1) > _SKEW:
                raise errors.UsageError(
                    "`strokes` (--hints) must have the photograph's proportions, "
                    f"{width} × {height} pixels for example. Received: {columns} × {rows} pixels."
                )

    def apply(self, lightness: np.ndarray, ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Spread the hints; see `Condition.apply`."""
        self.check(size)
        anchors = [self._anchor(point, lightness.shape, size) for point in self.points]
        if self.strokes is not None:
            anchors += _of_strokes(self.strokes, lightness.shape)
        return spread(lightness, ab, anchors)

    @staticmethod
    def _anchor(point, shape, size):
        x, y, color = point
        height, width = size
        row, column = int((y + 0.5) * shape[0] / height), int((x + 0.5) * shape[1] / width)
        rgb = np.array(ImageColor.getrgb(color), "uint8")
        return Anchor(np.array([row]), np.array([column]), lab.rgb_to_lab(rgb)[1:])


def _checked(color):
    if not (isinstance(color, str) and re.fullmatch("#[0-9a-fA-F]{6}", color)):
        raise errors.wrong("`hint` must have a color such as '#b03a2e'.", color=color)
    return color


def _rgba(strokes):
    """Read strokes as uint8 `(H, W, 4)`."""
    if not isinstance(strokes, (np.ndarray, Image.Image)):
        try:
            strokes = Image.open(strokes)
        except (OSError, UnidentifiedImageError) as error:
            reason = getattr(error, "strerror", None) or "not a picture"
            text = f"`strokes` (--hints) cannot be read ({reason})."
            raise errors.wrong(text, strokes=strokes) from error
    if isinstance(strokes, Image.Image):
        if not strokes.has_transparency_data:
            raise errors.UsageError(
                "`strokes` (--hints) must be a picture with transparency, such as a PNG of mode "
                f"RGBA. Received: a picture of mode {strokes.mode}."
            )
        strokes = np.asarray(strokes.convert("RGBA"))
    if strokes.dtype != np.uint8 or strokes.ndim != 3 or strokes.shape[2] != 4:
        raise errors.UsageError(
            "`strokes` (--hints) must be uint8 (H, W, 4). "
            f"Received: {strokes.dtype} {strokes.shape}."
        )
    if not (strokes[..., 3] >= _OPAQUE).any():
        raise errors.UsageError(
            "`strokes` (--hints) must have strokes: pixels that are opaque. Received: none of "
            f"{strokes.shape[1]} × {strokes.shape[0]} pixels is."
        )
    return strokes


def _of_strokes(strokes, shape):
    """Return an anchor for each color of the strokes."""
    height, width = strokes.shape[:2]
    rows, columns = np.nonzero(strokes[..., 3] >= _OPAQUE)
    ab = lab.rgb_to_lab(strokes[rows, columns, :3])[:, 1:]
    places = np.stack([rows * shape[0] // height, columns * shape[1] // width], -1)
    anchors = []
    for chosen in _alike(ab):
        place = np.unique(places[chosen], axis=0)
        anchors.append(Anchor(*place.T, ab[chosen].mean(0)))
    return anchors


def _alike(ab):
    """Tell apart at most `_COLORS` colors: bool `(N,)` for each."""
    step = 4.0
    while True:  # coarser, until they are few
        _, kind = np.unique(np.rint(ab / step), axis=0, return_inverse=True)
        kind = kind.reshape(-1)
        if kind.max() < _COLORS:
            return [kind == one for one in range(kind.max() + 1)]
        step *= 1.5
