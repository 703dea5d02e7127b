"""Figures as arrays, uint8 `(H, W, 3)`: grids of photographs, curves of a run, bars.

`data.photographs.write` writes them.
"""

from collections.abc import Callable

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

_GAP = 4  # pixels between pictures
_TITLE = 22  # pixels of a title line
# How a number stands above its bar.
_ABOVE = {
    "xytext": (0, 2),
    "textcoords": "offset points",
    "ha": "center",
    "va": "bottom",
    "fontsize": 7,
    "annotation_clip": False,
}


def grid(columns: dict[str, list[np.ndarray]], side: int = 192) -> np.ndarray:
    """Lay out a row for each photograph and a titled column for each kind of picture.

    Args:
        columns: Title → pictures uint8 `(h, w, 3)`, the same photographs in each.
        side: Each picture is shown at `side` × `side` pixels.

    Returns:
        uint8 `(H, W, 3)`.
    """
    rows = max(len(pictures) for pictures in columns.values())
    shape = (_TITLE + rows * (side + _GAP), len(columns) * (side + _GAP) - _GAP, 3)
    sheet = np.full(shape, 255, "uint8")
    for i, pictures in enumerate(columns.values()):
        for j, picture in enumerate(pictures):
            method = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_CUBIC
            top, left = _TITLE + j * (side + _GAP), i * (side + _GAP)
            sheet[top : top + side, left : left + side] = cv2.resize(
                picture, (side, side), interpolation=method
            )
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    for i, title in enumerate(columns):
        font = ImageFont.load_default(14)
        while draw.textlength(title, font) > side and font.size > 7:
            font = ImageFont.load_default(font.size - 1)
        draw.text((i * (side + _GAP) + 2, 2), title, fill=(30, 30, 30), font=font)
    return np.asarray(image)


def curves(history: list[dict[str, float]]) -> np.ndarray:
    """Plot every loss of a run over its epochs; a discriminator's in a panel below.

    The axis is logarithmic unless a loss falls to 0 or below, as those of a GAN's critic do.

    Args:
        history: One row for each epoch, as in `history.csv`.

    Returns:
        uint8 `(H, W, 3)`.
    """
    own = losses(history)
    judges = {name: own.pop(name) for name in list(own) if name.startswith("discriminator")}
    panels = {"generator": own, "discriminator": judges} if judges else {"loss": own}
    return lines(panels, "epoch", logarithmic=True, columns=1)


def losses(history: list[dict[str, float]]) -> dict[str, tuple[list, list]]:
    """Return the losses of a history, for `lines`: name → epochs, values."""
    epochs = [row["epoch"] for row in history]
    names = [name for name in history[0] if name.endswith("loss")]
    return {name: (epochs, [row[name] for row in history]) for name in names}


def lines(
    panels: dict[str, dict[str, tuple]],
    label: str,
    logarithmic: bool = False,
    columns: int = 3,
    upright: dict[str, float] | None = None,
) -> np.ndarray:
    """Draw a panel of lines for each title.

    Args:
        panels: Title → line's name → its x and y, and perhaps what to write beside each point.
        label: Label of the x axes.
        logarithmic: Whether the y axes are logarithmic, where all values are above 0.
        columns: Panels side by side, at most.
        upright: Name → the x of a line from the bottom of each panel to its top.

    Returns:
        uint8 `(H, W, 3)`.
    """

    def draw(axes, title):
        for name, (x, y, *texts) in panels[title].items():
            axes.plot(x, y, marker=".", label=name)
            for place, text in zip(zip(x, y), *(texts or [[]])):
                axes.annotate(text, place, (4, 4), textcoords="offset points", fontsize=7)
        for name, x in (upright or {}).items():
            axes.axvline(x, linestyle=":", color="black", label=name)
        positive = all(value > 0 for _, y, *_ in panels[title].values() for value in y)
        scale = "log" if logarithmic and positive else "linear"
        axes.set(xlabel=label, ylabel=title, yscale=scale)
        axes.grid(alpha=0.3, which="both")
        axes.legend(frameon=False)

    return _figure(draw, panels, (7, 4), columns)


def bars(panels: dict[str, dict[str, dict[str, tuple[float, float, float]]]]) -> np.ndarray:
    """Draw a panel of grouped bars for each title.

    Args:
        panels: Title → group → bar's name → its value and the ends of its interval, NaN for none;
            a value that is not finite has no bar.

    Returns:
        uint8 `(H, W, 3)`.
    """

    def draw(axes, title):
        groups = panels[title]
        names = list(dict.fromkeys(name for group in groups.values() for name in group))
        width = 0.8 / len(names)
        for i, name in enumerate(names):
            numbers = np.array([group[name] for group in groups.values()], "float64")
            values, low, high = np.where(np.isfinite(numbers), numbers, np.nan).T
            places = np.arange(len(groups)) + (i - (len(names) - 1) / 2) * width
            axes.bar(places, np.nan_to_num(values), 0.94 * width, label=name)
            known = ~np.isnan(low)
            ends = np.stack([values - low, high - values])[:, known].clip(0)
            axes.errorbar(
                places[known], values[known], ends, fmt="none", ecolor="0.3", lw=0.8, capsize=2
            )
            for place, value, top in zip(places, values, np.fmax(values, high)):
                if np.isfinite(top):
                    axes.annotate(_short(value), (place, top), **_ABOVE)
        axes.set_xticks(np.arange(len(groups)), list(groups))
        axes.set_title(title, fontsize=10)
        axes.margins(y=0.12)
        axes.grid(alpha=0.3, axis="y")
        axes.set_axisbelow(True)
        if title == next(iter(panels)):
            axes.legend(frameon=False, fontsize=8)

    return _figure(draw, panels, (5.5, 3.6), 3)


def _short(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _figure(draw: Callable, titles, size, columns) -> np.ndarray:
    """Draw a panel for each title, by `draw(axes, title)`, and return the figure's pixels."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    shape = size[0] * columns, size[1] * rows
    figure = Figure(figsize=shape, layout="constrained", dpi=120)
    canvas = FigureCanvasAgg(figure)  # no window, whatever backend the user has set
    every = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in every[len(titles) :]:
        axes.set_axis_off()
    for axes, title in zip(every, titles):
        draw(axes, title)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
