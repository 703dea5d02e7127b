"""Whole pictures, against scikit-image."""

import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize.color import pixels


@pytest.fixture(scope="module")
def cube():
    """Every fifth level of each channel, in more than one block."""
    levels = np.arange(0, 256, 5, dtype="uint8")
    return np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 52, 3)


def test_to_lab_agrees_with_skimage(cube):
    np.testing.assert_allclose(pixels.to_lab(cube), skimage.color.rgb2lab(cube), atol=2e-4)


def test_to_lab_of_16_bits_agrees_with_skimage():
    rgb = np.random.default_rng(0).integers(0, 2**16, (200, 200, 3)).astype("uint16")
    expected = skimage.color.rgb2lab(rgb / 65535)
    np.testing.assert_allclose(pixels.to_lab(rgb), expected, atol=2e-4)


def test_lightness_of_agrees_with_skimage(cube):
    expected = skimage.color.rgb2lab(cube)[..., :1]
    np.testing.assert_allclose(pixels.lightness_of(cube), expected, atol=1e-4)


def test_to_rgb_brings_every_color_back(cube):
    np.testing.assert_array_equal(pixels.to_rgb(pixels.to_lab(cube)), cube)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_to_rgb_of_8_bits_is_that_of_skimage_rounded():
    draw = np.random.default_rng(2).uniform([0, -40, -40], [100, 40, 40], (60_000, 3))
    exact = 255 * skimage.color.lab2rgb(draw)
    inside = ((exact > 0) & (exact < 255)).all(axis=-1)
    made = pixels.to_rgb(draw.astype("float32"))[inside]
    # Half a step of 16 bits of linear light is up to a 40th of a level, where it is steepest.
    assert np.abs(made - exact[inside]).max() <= 0.5 + 12.92 * 255 / 65535 / 2 + 0.002
    assert inside.mean() > 0.5


def test_to_rgb_does_not_depend_on_the_size_of_blocks(monkeypatch):
    draw = np.random.default_rng(3).uniform([0, -90, -90], [100, 90, 90], (3000, 3))
    expected = pixels.to_rgb(draw.astype("float32")).astype(int)
    monkeypatch.setattr(pixels, "BLOCK", 70)
    monkeypatch.setattr(pixels, "PART", 500)
    assert np.abs(pixels.to_rgb(draw.astype("float32")) - expected).max() <= 1


def test_to_rgb_of_16_bits_brings_colors_back_to_a_thousandth_of_the_range():
    rgb = np.random.default_rng(0).integers(0, 2**16, (200, 200, 3)).astype("uint16")
    made = pixels.to_rgb(skimage.color.rgb2lab(rgb / 65535).astype("float32"), "uint16")
    assert made.dtype == np.uint16
    # Single precision at the dark end of CIELAB's cube is what bounds it.
    assert np.abs(made.astype(int) - rgb).max() <= 64


def test_to_rgb_keeps_lightness_where_srgb_lacks_the_color():
    lab = np.random.default_rng(1).uniform([0, -110, -110], [100, 110, 110], (300, 200, 3))
    made = pixels.to_rgb(lab.astype("float32"))
    # Half an 8-bit step is up to a third of a unit of L*.
    np.testing.assert_allclose(skimage.color.rgb2lab(made)[..., 0], lab[..., 0], atol=0.35)


def test_to_grey_keeps_lightness_only():
    rgb = skimage.data.astronaut()[:64, :64]
    grey = pixels.to_grey(rgb)
    assert np.ptp(grey, axis=-1).max() <= 1
    got, expected = skimage.color.rgb2lab(grey), skimage.color.rgb2lab(rgb)
    np.testing.assert_allclose(got[..., 0], expected[..., 0], atol=0.35)
