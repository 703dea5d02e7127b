"""Pictures for people: grids of photographs and curves of a run."""

import os

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_colorize import files
from keras_colorize.color import lab

_GAP = 4  # pixels between pictures
_TITLE = 22  # pixels of a title line


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """Return the photograph at its own L* without colour: uint8 `(..., 3)` → uint8 `(..., 3)`."""
    whole = np.array(lab.rgb_to_lab(rgb))
    whole[..., 1:] = 0
    return np.rint(255 * np.asarray(lab.lab_to_rgb(whole))).astype("uint8")


def grid(columns: dict[str, list[np.ndarray]], side: int = 192) -> np.ndarray:
    """Lay out one row for each photograph and one titled column for each kind of picture.

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


def save(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write uint8 `(H, W, 3)` as PNG, atomically."""
    with files.atomic_file(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def curves(path: str | os.PathLike, history: list[dict[str, float]]) -> None:
    """Plot every loss of a run over its epochs, atomically; a discriminator's in a panel below.

    The axis is logarithmic unless a loss falls to 0 or below, as those of a GAN's critic do.

    Args:
        path: A PNG file.
        history: One row for each epoch, as in `history.csv`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [name for name in history[0] if name.endswith("loss")]
    judges = [name for name in names if name.startswith("discriminator")]
    panels = {"loss": [name for name in names if name not in judges]}
    if judges:
        panels = {"generator": panels["loss"], "discriminator": judges}
    figure = Figure(figsize=(7, 4 * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)  # no window, whatever backend the user has set
    epochs = [row["epoch"] for row in history]
    grid = figure.subplots(len(panels), squeeze=False)[:, 0]
    for axes, (title, panel) in zip(grid, panels.items()):
        for name in panel:
            axes.plot(epochs, [row[name] for row in history], marker=".", label=name)
        positive = all(row[name] > 0 for row in history for name in panel)
        axes.set(xlabel="epoch", ylabel=title, yscale="log" if positive else "linear")
        axes.grid(alpha=0.3, which="both")
        axes.legend(frameon=False)
    with files.atomic_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
