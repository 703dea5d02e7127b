"""References that show what the photograph shows; the truth is the photograph's own color."""

import concurrent.futures

import numpy as np
import pytest
import skimage.color
import skimage.data
from PIL import Image

from keras_colorize import Reference, errors


def lab_of(rgb):
    return skimage.color.rgb2lab(rgb).astype("float32")


def distance(ab, truth):
    return np.linalg.norm(ab - truth, axis=-1).mean()


@pytest.fixture(scope="module")
def cat():
    """A cat; and what follows it as a reference, from grey, on its mirror image beside coffee."""
    rgb = skimage.data.chelsea()
    both = np.concatenate([rgb[:, ::-1], skimage.data.coffee()[:300, :450]], axis=1)
    lab = lab_of(both)
    grey = np.zeros_like(lab[..., 1:])
    made = Reference(rgb).apply(lab[..., 0], grey, both.shape[:2])
    return lab[..., 1:], made


def test_reference_colors_what_it_shows(cat):
    truth, made = (ab[:, :451] for ab in cat)
    assert distance(made, truth) < distance(0 * truth, truth) / 2


def test_reference_is_followed_less_where_nothing_is_alike(cat):
    chroma = np.linalg.norm(cat[1], axis=-1)
    assert chroma[:, 451:].mean() < 0.7 * chroma[:, :451].mean()


def test_reference_leaves_the_network_its_color_where_nothing_is_alike():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype("uint8")
    lightness = lab_of(skimage.data.chelsea())[::2, ::2, 0]
    predicted = np.full((*lightness.shape, 2), 20.0, "float32")
    made = Reference(noise).apply(lightness, predicted, lightness.shape)
    assert distance(made, predicted) < 5


def test_reference_is_read_from_a_file_and_shared_by_threads(tmp_path):
    rgb = skimage.data.chelsea()[::4, ::4]
    Image.fromarray(rgb).save(tmp_path / "cat.png")
    lightness, grey = lab_of(rgb)[..., 0], np.zeros((*rgb.shape[:2], 2), "float32")
    given = Reference(rgb)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        once, again = pool.map(lambda _: given.apply(lightness, grey, rgb.shape[:2]), range(2))
    read = Reference(tmp_path / "cat.png").apply(lightness, grey, rgb.shape[:2])
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(once, read)


def test_reference_without_color_is_an_error():
    with pytest.raises(errors.UsageError, match="Received: 512 × 512 pixels without color"):
        Reference(skimage.data.camera())
