"""Color put to levels of gray, against scikit-image."""

import numpy as np
import pytest
import skimage.color

from keras_colorize.color import grays

LEVELS = np.arange(256, dtype="uint8")


def filled(levels, ab):
    made = np.empty((*levels.shape, 3), "uint8")
    assert grays.fill(made, levels, ab)
    return made


@pytest.mark.parametrize("dtype, top", [("uint8", 255), ("uint16", 65535)])
def test_lightness_of_each_level(dtype, top):
    expected = skimage.color.rgb2lab(np.linspace(0, 1, top + 1)[:, None].repeat(3, 1))[:, 0]
    np.testing.assert_allclose(grays.lightness(dtype), expected, atol=1e-3)


def test_no_color_leaves_every_level_as_it_is():
    made = filled(LEVELS[None], np.zeros((2, 1, 256), "float32"))
    np.testing.assert_array_equal(made, np.stack([LEVELS[None]] * 3, -1))


def test_colors_that_srgb_has_are_those_of_scikit_image():
    levels = np.random.default_rng(0).integers(0, 256, (200, 300), "uint8")
    ab = np.random.default_rng(1).uniform(-grays.REACH, grays.REACH, (2, 200, 300))
    lightness = skimage.color.rgb2lab(np.stack([levels] * 3, -1))[..., 0]
    lab = np.stack([lightness, *ab], -1)
    expected = skimage.color.lab2rgb(lab)
    # The way there and back is the same only inside the gamut.
    inside = np.abs(skimage.color.rgb2lab(expected) - lab).max(-1) < 1e-3
    assert inside.mean() > 0.4
    off = np.abs(filled(levels, ab.astype("float32")) - 255 * expected)[inside].max(-1)
    assert np.quantile(off, 0.95) <= 1 and np.quantile(off, 0.99) <= 2


@pytest.mark.parametrize("chroma", [10, 30, grays.REACH])
def test_lightness_is_kept_whatever_the_color(chroma):
    hues = np.linspace(0, 2 * np.pi, 360, dtype="float32")
    levels = np.repeat(LEVELS[:, None], 360, axis=1)
    ab = chroma * np.stack([np.cos(hues), np.sin(hues)])[:, None].repeat(256, axis=1)
    before = skimage.color.rgb2lab(np.stack([levels] * 3, -1))[..., 0]
    after = skimage.color.rgb2lab(filled(levels, ab))[..., 0]
    assert np.abs(after - before).max() <= 0.5  # 8 bits have no finer ones in the dark


@pytest.mark.parametrize("shape, ab", [((4, 4), grays.REACH + 0.1), ((1, 40_000), 0.0)])
def test_what_the_table_does_not_reach_is_left(shape, ab):
    made = np.full((*shape, 3), 7, "uint8")
    for sign in (1, -1):
        colors = np.full((2, *shape), sign * ab, "float32")
        assert not grays.fill(made, np.zeros(shape, "uint8"), colors)
    assert (made == 7).all()
