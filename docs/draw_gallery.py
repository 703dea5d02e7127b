"""Color photographs of scikit-image and Matplotlib for docs/gallery.md."""

from pathlib import Path

import skimage.data
from PIL import Image
from skimage.color import gray2rgb

import keras_colorize
from keras_colorize import Decoding, plots
from keras_colorize.color import pixels
from keras_colorize.data import photographs, sources

FOLDER = Path(__file__).parent
_SIDE = 160  # pixels of each picture


def main() -> None:
    """Write the pictures of the gallery."""
    samples = sources.open_source("samples")
    truth = [photographs.center_crop(rgb, 256) for _, _, rgb in samples.read_all()]
    grey = [pixels.to_grey(rgb) for rgb in truth]
    weights = {name: keras_colorize.load(name) for name in keras_colorize.list_pretrained()}
    default, gamut = weights["vgg_fusion.photos26k"], weights["vgg_fusion.gamut.photos26k"]
    _write("weights", {name: _color(each, grey) for name, each in weights.items()}, grey, truth)

    camera = [photographs.center_crop(gray2rgb(skimage.data.camera()), 256)]
    _write("grey", {name: _color(each, camera) for name, each in weights.items()}, camera)

    factors = {f"chroma {x:g}": Decoding(chroma=x) for x in (0.7, 1.0, 1.4, 1.8)}
    columns = {title: _color(default, grey, decoding) for title, decoding in factors.items()}
    _write("chroma", columns, grey, truth)

    sharpened = {f"temperature {x:g}": Decoding("mean", x) for x in (1.0, 0.58, 0.38, 0.14)}
    columns = {title: _color(gamut, grey, decoding) for title, decoding in sharpened.items()}
    _write("temperature", columns, grey, truth)


def _color(colorizer, pictures, decoding=None):
    return [colorizer.colorize(picture, decoding or Decoding()) for picture in pictures]


def _write(name, columns, grey, truth=None):
    ends = {"truth": truth} if truth else {}
    sheet = plots.grid({"grey": grey, **columns, **ends}, _SIDE)
    Image.fromarray(sheet).save(FOLDER / f"gallery_{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
