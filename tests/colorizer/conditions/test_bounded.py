"""The blend of two models, by arithmetic."""

import numpy as np

import keras_colorize
from keras_colorize import Bounded, Decoding
from keras_colorize.colorizer.conditions import bounded


def test_blend_stays_within_its_band_and_near_the_natural_in_shadows():
    natural = np.zeros((1, 4, 2), "float32")
    vivid = np.array([[[3, 4], [30, 40], [30, 40], [30, 40]]], "float32")
    lightness = np.array([[50, 50, 15, 0]], "float32")
    made = bounded.blend(lightness, natural, vivid)
    # 5 units are within the band of 12; 50 are cut to it; at L* 15 half of that is left.
    np.testing.assert_allclose(made[0], [[3, 4], [7.2, 9.6], [3.6, 4.8], [0, 0]], atol=1e-5)


def test_bounded_is_between_its_models(tiny_model, picture):
    colorizer = keras_colorize.load(tiny_model)
    grey = Decoding(chroma=0.0)
    made = colorizer.colorize(picture(), grey, [Bounded(colorizer)])
    assert not np.array_equal(made, colorizer.colorize(picture(), grey))
    same = colorizer.colorize(picture(), conditions=[Bounded(colorizer)])
    # A model held near itself is itself, but for being enlarged twice.
    assert np.abs(same.astype(int) - colorizer.colorize(picture())).mean() < 2
