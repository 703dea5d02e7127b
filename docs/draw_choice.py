"""Color photographs by hints, by a reference and in variants, for docs/colorize.md."""

from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

import keras_colorize
from keras_colorize import Hints, Reference
from keras_colorize.color import pixels
from keras_colorize.colorizer import variants

FOLDER = Path(__file__).parent
_HEIGHT, _GAP, _TITLE = 220, 4, 22  # pixels
_COFFEE = [  # pixels of scikit-image's coffee
    (300, 170, "#8a5a2e"),
    (190, 250, "#2e5a7a"),
    (300, 345, "#2e5a7a"),
    (440, 230, "#2e5a7a"),
    (255, 270, "#2e5a7a"),
    (120, 205, "#2e5a7a"),
    (528, 235, "#8a6a4a"),
]


def main() -> None:
    """Write the pictures of docs/colorize.md."""
    default = keras_colorize.load("lite_unet.natural")
    coffee, cat = pixels.to_grey(skimage.data.coffee()), pixels.to_grey(skimage.data.chelsea())

    row = {
        "photograph": coffee,
        "without hints": default.colorize(coffee),
        "hints": _marked(coffee, _COFFEE),
        "with them": default.colorize(coffee, conditions=[Hints(_COFFEE)]),
    }
    _write("hints", [row])

    left, right, _ = skimage.data.stereo_motorcycle()
    rows = []
    for photograph, reference in ((left, right), (skimage.data.astronaut(), _hopper())):
        photograph = pixels.to_grey(photograph)
        row = {
            "photograph": photograph,
            "without a reference": default.colorize(photograph),
            "reference": reference,
            "with it": default.colorize(photograph, conditions=[Reference(reference)]),
        }
        rows.append(row)
    _write("reference", rows)

    rows = []
    for photograph in (coffee, cat):
        made = default.colorize_each(photograph, variants(default.head, 5))
        titles = ["natural", "vivid", "variant 3", "variant 4", "variant 5"]
        rows.append({"photograph": photograph, **dict(zip(titles, made))})
    _write("variants", rows)


def _hopper() -> np.ndarray:
    from matplotlib import cbook

    return np.asarray(Image.open(cbook.get_sample_data("grace_hopper.jpg")))


def _marked(photograph, points):
    image = Image.fromarray(photograph)
    draw = ImageDraw.Draw(image)
    for x, y, color in points:
        draw.ellipse([x - 13, y - 13, x + 13, y + 13], fill=color, outline="white", width=4)
    return np.asarray(image)


def _write(name, rows):
    """Write rows of pictures of one height, the first row's titles above them."""
    lines = []
    for row in rows:
        made = [_titled(picture, title) for title, picture in row.items()]
        gap = np.full((made[0].shape[0], _GAP, 3), 255, "uint8")
        lines.append(np.concatenate([part for one in made for part in (one, gap)][:-1], axis=1))
    width = max(line.shape[1] for line in lines)
    padded = [
        np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255)
        for line in lines
    ]
    Image.fromarray(np.concatenate(padded)).save(FOLDER / f"choice_{name}.jpg", quality=85)


def _titled(picture, title):
    width = round(picture.shape[1] * _HEIGHT / picture.shape[0])
    picture = cv2.resize(picture, (width, _HEIGHT), interpolation=cv2.INTER_AREA)
    image = Image.fromarray(np.pad(picture, ((_TITLE, 0), (0, 0), (0, 0)), constant_values=255))
    font = ImageFont.load_default(14)
    ImageDraw.Draw(image).text((2, 2), title, fill=(30, 30, 30), font=font)
    return np.asarray(image)


if __name__ == "__main__":
    main()
