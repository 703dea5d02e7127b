"""TIFFs for the tests of reading, and their lightness by scikit-image."""

import io

import numpy as np
import skimage.color
import tifffile

from keras_colorize.data import photographs


def lightness(pixels):
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, -1)
    return skimage.color.rgb2lab(pixels / np.iinfo(pixels.dtype).max)[..., 0]


def lightness_of_share(values):
    values = np.stack([values] * 3, -1) if values.ndim == 2 else values
    return skimage.color.rgb2lab(values)[..., 0]


def tiff(values, **options):
    content = io.BytesIO()
    tifffile.imwrite(content, values, **options)
    return content.getvalue()


def pixels_of(content):
    return photographs.File(content).read().pixels
