"""Photographs of scikit-image in borders that are drawn around them."""

import cv2
import numpy as np
import pytest
import skimage.color
import skimage.data

import keras_colorize
from keras_colorize import cli
from keras_colorize.color import pixels
from keras_colorize.colorizer import borders


def bordered(photograph, top, bottom, left, right, level):
    """Put paper around a photograph, uneven by some levels of 255."""
    made = cv2.copyMakeBorder(
        photograph, top, bottom, left, right, cv2.BORDER_CONSTANT, value=[level] * 3
    )
    paper = np.random.default_rng(0).integers(-3, 4, (*made.shape[:2], 1)).clip(-level, 255 - level)
    paper[top : len(made) - bottom, left : made.shape[1] - right] = 0
    return (made + paper).astype("uint8")


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("level", [245, 10])
@pytest.mark.parametrize("sides", [(20, 30, 25, 25), (20, 20, 0, 0), (0, 0, 30, 40), (0, 0, 0, 0)])
def test_inside_is_the_photograph(sides, level, scale):
    photograph = cv2.resize(skimage.data.coffee(), None, fx=scale, fy=scale)
    top, bottom, left, right = (scale * side for side in sides)
    scan = bordered(photograph, top, bottom, left, right, level)
    rows, columns = borders.inside(scan)
    height, width = scan.shape[:2]
    found = rows.start, height - rows.stop, columns.start, width - columns.stop
    for one, other in zip(found, (top, bottom, left, right)):
        assert other - 8 <= one <= other  # never into the photograph


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (64, 64)])
def test_inside_of_a_uniform_picture_is_all_of_it(shape):
    rows, columns = borders.inside(np.full((*shape, 3), 255, "uint8"))
    assert (rows, columns) == (slice(0, shape[0]), slice(0, shape[1]))


def test_bright_sky_is_no_border():
    photograph = skimage.data.coffee()
    photograph[:60] = 255
    assert borders.inside(photograph) == (slice(0, 400), slice(0, 600))


def test_colors_do_not_depend_on_a_border():
    model = keras_colorize.load(cli.DEFAULT_MODEL)
    photograph = pixels.to_grey(skimage.data.coffee())
    scan = bordered(photograph, 40, 60, 50, 50, 245)
    alone, colored = model.colorize(photograph), model.colorize(scan)
    inner = skimage.color.rgb2lab(colored[40:-60, 50:-50])
    apart = np.linalg.norm(inner - skimage.color.rgb2lab(alone), axis=-1)
    assert apart.mean() < 0.7  # of a chroma of about 13; 2 where the network sees the border
    assert np.ptp(colored[:38].astype(int), axis=-1).max() <= 1  # paper stays gray
