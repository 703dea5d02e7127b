"""What `colorize` takes: arrays of every depth, Pillow images, paths, lists of them."""

import numpy as np
import pytest
import skimage.color
import tifffile
from PIL import Image

import keras_colorize
from keras_colorize import errors

ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return keras_colorize.load(tiny_model)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(40, 64), (40, 64, 1), (40, 64, 3)])
def test_colorize_keeps_floats(colorizer, dtype, shape):
    photograph = np.random.default_rng(0).uniform(0, 1, shape).astype(dtype)
    colored = colorizer.colorize(photograph)
    assert colored.dtype == dtype and colored.shape == (40, 64, 3)
    assert colored.min() >= 0 and colored.max() <= 1
    channels = np.broadcast_to(photograph.reshape(40, 64, -1), colored.shape).astype("float64")
    before, after = (skimage.color.rgb2lab(x)[..., 0] for x in (channels, colored.astype("f8")))
    np.testing.assert_allclose(after, before, atol=0.1 if dtype == "float16" else 0.01)


def test_colorize_gives_all_depths_one_color(colorizer, picture):
    grey = picture()[..., 0]
    whole = colorizer.colorize(grey)
    deep = colorizer.colorize(grey * np.uint16(257))
    # 8 bits are rounded from 16 bits of linear light: to up to a 40th of a level more.
    assert np.abs(deep / 257 - whole).max() <= 0.5 + 1 / 40 + 1 / 514
    assert np.abs(255 * colorizer.colorize(grey / 255) - whole).max() <= 0.5 + 1 / 40


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "CMYK", "LA", "RGBA"])
def test_colorize_takes_and_gives_images(colorizer, picture, mode):
    image = Image.fromarray(picture()).convert("RGB").convert(mode)
    colored = colorizer.colorize(image)
    assert isinstance(colored, Image.Image) and colored.size == (64, 40)
    assert colored.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    if mode in ("L", "RGB"):
        expected = colorizer.colorize(np.asarray(image))
        np.testing.assert_array_equal(np.asarray(colored), expected)


def test_colorize_keeps_the_transparency_of_an_image(colorizer, picture):
    image = Image.fromarray(picture())
    image.putalpha(Image.fromarray(picture(seed=1)[..., 0]))
    alpha = np.asarray(colorizer.colorize(image))[..., 3]
    np.testing.assert_array_equal(alpha, picture(seed=1)[..., 0])


def test_colorize_turns_an_image_upright(colorizer, picture, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # lies on its left side: turned clockwise
    Image.fromarray(picture()).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as image:
        colored = np.asarray(colorizer.colorize(image))
    np.testing.assert_array_equal(colored, colorizer.colorize(np.rot90(picture(), -1)))


def test_colorize_takes_paths_of_any_depth(colorizer, picture, tmp_path):
    Image.fromarray(picture()).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "b.tif", picture()[..., 0] * np.uint16(257))
    shallow, deep = colorizer.colorize([tmp_path / "a.png", str(tmp_path / "b.tif")])
    np.testing.assert_array_equal(shallow, colorizer.colorize(picture()))
    assert deep.dtype == np.uint16


def test_colorize_list_tells_its_progress(colorizer, picture):
    told = []
    images = [picture(24, 32), picture(32, 24)[..., 0], Image.fromarray(picture(16, 16))]
    colored = colorizer.colorize(images, progress=lambda *numbers: told.append(numbers))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [type(one) for one in colored] == [np.ndarray, np.ndarray, Image.Image]
    np.testing.assert_array_equal(colored[1], colorizer.colorize(images[1]))
    assert colorizer.colorize([]) == []


@pytest.mark.parametrize(
    "wrong, received",
    [
        (np.zeros((4, 4, 4), "uint8"), r"uint8 \(4, 4, 4\)"),
        (np.zeros(4, "uint8"), r"uint8 \(4,\)"),
        (np.zeros((2, 4, 4, 3), "uint8"), r"uint8 \(2, 4, 4, 3\)"),
        (np.zeros((0, 4), "uint8"), r"uint8 \(0, 4\)"),
        (np.zeros((2, 48, 64), "float32"), r"float32 \(2, 48, 64\)"),
        (np.zeros((512, 736), "int64"), r"int64 \(512, 736\)"),
        (np.full((4, 4), 255.0), r"float64 \(4, 4\), from 255.0 to 255.0"),
        (np.full((4, 4), np.nan), r"float64 \(4, 4\), from nan to nan"),
        (17, "17"),
        (None, "None"),
    ],
)
def test_colorize_wrong_input_says_what_it_received(colorizer, wrong, received):
    message = rf"`photograph` must be a path.*given as a list\. Received: {received}\.$"
    with pytest.raises(errors.UsageError, match=message):
        colorizer.colorize(wrong)


def test_colorize_deep_image_says_what_to_pass(colorizer):
    deep = Image.fromarray(np.zeros((4, 4), "uint16"))
    with pytest.raises(errors.UsageError, match=r"np\.asarray\(image\).*mode I;16"):
        colorizer.colorize(deep)


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (4, 4, 3), (2, 48, 64), (2, 4, 4, 1)])
def test_batch_of_another_shape_says_what_it_received(colorizer, shape):
    with pytest.raises(errors.UsageError) as caught:
        colorizer.colorize_batch(np.zeros(shape, "uint8"))
    assert str(caught.value).endswith(f"Received: uint8 {shape}.")
