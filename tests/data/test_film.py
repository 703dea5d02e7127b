"""Expected values come from scikit-image's lightness, OpenCV's filters and Pillow's JPEG."""

import io

import cv2
import numpy as np
import pytest
import skimage.color
import skimage.data
import tensorflow as tf
from PIL import Image

from keras_colorize.data import film, pipeline, sources

NEUTRAL = [0.0, 2 / 7, 0.5, 1 / 3, 2 / 3, 0.0, 0.0, 1.0, 0.0]  # amounts that change nothing


def age(rgb, amounts, aged=True, grain=None):
    lightness = np.full((1, *rgb.shape[:2], 1), 50, "float32")
    grain = np.zeros_like(lightness) if grain is None else grain
    given = np.array([aged]), np.float32([amounts])
    return film.age(rgb[None], lightness, *given, grain).numpy()[0, ..., 0]


def test_neutral_film_shows_the_lightness_of_cielab(picture):
    rgb = picture(32, 48)
    expected = skimage.color.rgb2lab(rgb)[..., 0]
    assert np.abs(age(rgb, NEUTRAL) - expected).max() < 0.01


def test_what_is_not_aged_stays_as_given(picture):
    assert (age(picture(32, 48), np.ones(9), aged=False) == 50).all()


def test_orthochromatic_film_is_blind_to_red_and_burnt_by_blue():
    blind = [1.0, *NEUTRAL[1:]]
    red, blue = (np.full((8, 8, 3), color, "uint8") for color in ((200, 0, 0), (0, 0, 200)))
    assert age(red, blind).mean() < age(red, NEUTRAL).mean() - 15
    assert age(blue, blind).mean() > age(blue, NEUTRAL).mean() + 25


def test_blur_is_a_binomial_filter():
    grey = skimage.data.camera()[::8, ::8].astype("float32")
    kernel = np.float32([1, 2, 1]) / 4
    expected = cv2.sepFilter2D(grey, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
    made = film._blur(tf.constant(grey[None, ..., None]))[0, ..., 0]
    np.testing.assert_allclose(made, expected, atol=1e-3)


@pytest.mark.parametrize("side", [64, 60])
def test_jpeg_rounds_as_pillows_does_at_quality_50(side):
    grey = skimage.data.camera()[100 : 100 + side, 200 : 200 + side]
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=50)
    expected = np.asarray(Image.open(file)).astype("float32")
    made = 255 * film._jpeg(tf.constant(grey[None, ..., None] / np.float32(255)), np.ones(1))
    apart = np.abs(np.asarray(made)[0, ..., 0] - expected)[:56, :56]  # each fills its rest its way
    assert np.abs(expected - grey).mean() > 1.5
    assert apart.mean() < 0.5 and np.quantile(apart, 0.99) < 4


def test_draw_hangs_on_the_key_alone_and_ages_the_share():
    def drawn(share, number):
        return film.draw(16, share, tf.constant([3, number], tf.int64))

    one, again, other = drawn(0.5, 7), drawn(0.5, 7), drawn(0.5, 8)
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
    assert (np.asarray(one["grain"]) != np.asarray(other["grain"])).all()
    aged = np.mean([bool(drawn(0.3, number)["aged"]) for number in range(300)])
    assert abs(aged - 0.3) < 3 * np.sqrt(0.3 * 0.7 / 300)


def test_training_batches_age_lightness_and_leave_the_colors(tmp_path, picture):
    Image.fromarray(picture(64, 64)).save(tmp_path / "a.png")
    source = sources.open_source(str(tmp_path))
    options = [pipeline.BatchOptions(32, 8, seed=1, degrade=degrade) for degrade in (0.0, 1.0)]
    plain, aged = (next(iter(pipeline.training_batches(source, each))) for each in options)
    np.testing.assert_array_equal(plain[1]["color"], aged[1]["color"])
    apart = np.abs(np.asarray(plain[0]["lightness"] - aged[0]["lightness"])).mean(axis=(1, 2, 3))
    assert (apart > 0.5).all()
    assert tf.reduce_min(aged[0]["lightness"]) >= 0
    assert tf.reduce_max(aged[0]["lightness"]) <= 100
