"""Expected values come from scikit-image, in double precision."""

import itertools

import numpy as np
import pytest
import skimage.color
import tensorflow as tf
from keras import ops

from keras_colorize.color import lab


@pytest.fixture(scope="module")
def colors():
    """A dense sample of all 8-bit colors: every third level, and the dark levels one by one."""
    levels = np.unique(np.r_[np.arange(0, 256, 3), np.arange(16), 254, 255])
    return np.array(list(itertools.product(levels, repeat=3)), "uint8")


@pytest.fixture(scope="module")
def reference(colors):
    return skimage.color.rgb2lab(colors / 255.0)


def eagerly(function, values):
    return ops.convert_to_numpy(function(values))


def compiled(function, values):
    return tf.function(function, jit_compile=True)(values).numpy()


def in_tf_data(function, values):
    dataset = tf.data.Dataset.from_tensors(values).map(function)
    return next(iter(dataset)).numpy()


WAYS = pytest.mark.parametrize("run", [eagerly, compiled, in_tf_data])
INPUTS = pytest.mark.parametrize("as_float", [True, False], ids=["float", "uint8"])


@WAYS
@INPUTS
def test_rgb_to_lab_agrees_with_skimage(run, as_float, colors, reference):
    rgb = colors.astype("float32") / 255 if as_float else colors
    np.testing.assert_allclose(run(lab.rgb_to_lab, rgb), reference, atol=2e-4, rtol=0)


@WAYS
@INPUTS
def test_rgb_to_lab_and_back_is_exact_in_8_bits(run, as_float, colors):
    rgb = colors.astype("float32") / 255 if as_float else colors
    back = run(lab.lab_to_rgb, run(lab.rgb_to_lab, rgb))
    np.testing.assert_array_equal(np.rint(255 * back).astype("uint8"), colors)


@WAYS
@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_lab_to_rgb_agrees_with_skimage_outside_the_gamut(run):
    draw = np.random.default_rng(0).uniform([0, -110, -110], [100, 110, 110], (50_000, 3))
    got = run(lab.lab_to_rgb, draw.astype("float32"))
    np.testing.assert_allclose(got, skimage.color.lab2rgb(draw), atol=1e-4, rtol=0)


def test_lab_of_known_colors():
    # Bruce Lindbloom's calculator, sRGB under D65, to its printed precision.
    rgb = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]], "float32")
    expected = [[100, 0, 0], [0, 0, 0], [53.2408, 80.0925, 67.2032], [32.2970, 79.1875, -107.8602]]
    np.testing.assert_allclose(eagerly(lab.rgb_to_lab, rgb), expected, atol=0.02)


@WAYS
def test_fit_gamut_keeps_lightness_and_hue(run):
    draw = np.random.default_rng(1).uniform([0, -110, -110], [100, 110, 110], (50_000, 3))
    fitted = run(lab.fit_gamut, draw.astype("float32"))
    shown = np.rint(255 * eagerly(lab.lab_to_rgb, fitted)).astype("uint8")
    # Half an 8-bit step is up to a third of a unit of L*.
    lightness = skimage.color.rgb2lab(shown)[:, 0]
    np.testing.assert_allclose(lightness, draw[:, 0], atol=0.35)
    # Hue: the fitted ab is a shorter vector in the same direction.
    cross = fitted[:, 1] * draw[:, 2] - fitted[:, 2] * draw[:, 1]
    np.testing.assert_allclose(cross, 0, atol=0.02)
    assert (np.hypot(*fitted[:, 1:].T) <= np.hypot(*draw[:, 1:].T) + 1e-3).all()


def test_fit_gamut_leaves_colors_of_the_gamut_alone(reference):
    values = reference.astype("float32")
    np.testing.assert_array_equal(eagerly(lab.fit_gamut, values), values)


def test_fit_gamut_gives_up_no_more_chroma_than_it_must():
    # The most saturated sRGB red, asked for with twice its chroma, comes back as that red.
    red = skimage.color.rgb2lab(np.array([[1.0, 0.0, 0.0]]))
    asked = red * [1, 2, 2]
    fitted = eagerly(lab.fit_gamut, asked.astype("float32"))
    np.testing.assert_allclose(fitted, red, atol=2 * 104.55 / 2**8)


def test_fit_gamut_does_not_jump_where_processors_round_differently():
    draw = np.random.default_rng(2).uniform([0, -110, -110], [100, 110, 110], (50_000, 3))
    lab_ = draw.astype("float32")
    shown = [
        np.rint(255 * eagerly(lab.lab_to_rgb, eagerly(lab.fit_gamut, values)))
        for values in (lab_, lab_ + np.float32(1e-3))
    ]
    assert np.abs(shown[0] - shown[1]).max() <= 1
