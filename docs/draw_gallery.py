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
    natural = weights["lite_unet.natural"]
    _write("weights", {name: _color(each, grey) for name, each in weights.items()}, grey, truth)

    camera = [photographs.center_crop(gray2rgb(skimage.data.camera()), 256)]
    _write("grey", {name: _color(each, camera) for name, each in weights.items()}, camera)

    larger = [skimage.data.astronaut(), skimage.data.coffee()[:400, :400]]
    ways = {way: Decoding(chroma=1.4, upscale=way) for way in ("bilinear", "bicubic", "guided")}
    columns = {way: _color(natural, larger, decoding) for way, decoding in ways.items()}
    columns = {way: [_part(each) for each in pictures] for way, pictures in columns.items()}
    whole = [_part(each) for each in larger]
    _write("contours", columns, [pixels.to_grey(each) for each in whole], whole, side=240)

    factors = {f"chroma {x:g}": Decoding(chroma=x) for x in (0.7, 1.0, 1.4, 1.8)}
    columns = {title: _color(natural, grey, decoding) for title, decoding in factors.items()}
    _write("chroma", columns, grey, truth)

    daring = {f"rebalance {x:g}": Decoding(rebalance=x) for x in (-0.3, 0.0, 0.08, 0.5)}
    columns = {title: _color(natural, grey, decoding) for title, decoding in daring.items()}
    _write("rebalance", columns, grey, truth)


def _color(colorizer, pictures, decoding=None):
    return [colorizer.colorize(picture, decoding or Decoding()) for picture in pictures]


def _part(picture):
    return picture[:240, 100:340]


def _write(name, columns, grey, truth=None, side=_SIDE):
    ends = {"truth": truth} if truth else {}
    sheet = plots.grid({"grey": grey, **columns, **ends}, side)
    Image.fromarray(sheet).save(FOLDER / f"gallery_{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
