"""A source decodes in a graph what `photographs.read` reads with Pillow."""

import tarfile

import numpy as np
import pytest
import skimage.color
import tensorflow as tf
from PIL import Image

from keras_colorize.data import photographs, pipeline, sources
from keras_colorize.data.pipeline import BatchOptions


def rgb_of(batch):
    """Return a batch's colors as uint8 sRGB, by scikit-image."""
    return np.rint(255 * skimage.color.lab2rgb(batch)).astype("uint8")


def validation(source, size, batch_size, **more):
    return pipeline.validation_batches(source, BatchOptions(size, batch_size, **more))


def take(dataset, count):
    return [(x["lightness"].numpy(), y["color"].numpy()) for x, y in dataset.take(count)]


@pytest.mark.parametrize("packed", [False, True])
def test_orientations_go_to_their_own_photographs(tmp_path, picture, packed):
    (tmp_path / "photos").mkdir()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / "photos" / f"{orientation}.png"
        Image.fromarray(picture(64, 80, orientation)).save(path, exif=exif)
    name = tmp_path / "photos"
    if packed:
        name = tmp_path / "a.tar"
        with tarfile.open(name, "w") as tar:
            for orientation in range(1, 9):
                tar.add(tmp_path / "photos" / f"{orientation}.png", f"{orientation}.png")
    ((_, y),) = take(validation(sources.open_source(str(name)), 56, 8), 9)
    for crop, orientation in zip(rgb_of(y), range(1, 9), strict=True):
        rgb = photographs.read(tmp_path / "photos" / f"{orientation}.png")
        top, left = (rgb.shape[0] - 56) // 2, (rgb.shape[1] - 56) // 2
        np.testing.assert_array_equal(crop, rgb[top : top + 56, left : left + 56])


def test_decoders_agree_with_photographs_read(tmp_path, picture):
    # TensorFlow's JPEG decoder uses a faster, coarser cosine transform than Pillow's, hence a few
    # levels of 255 at most and under 2 on average; all other formats are exact.
    palette = Image.fromarray(picture(64, 64, seed=1)).quantize(64)
    other = Image.fromarray(picture(64, 64, seed=2)).quantize(64)
    pictures = {
        "cmyk.jpg": (Image.fromarray(picture(64, 64, seed=3)).convert("CMYK"), {"quality": 95}, 12),
        "deep.png": (None, {}, 0),
        "first.gif": (palette, {"save_all": True, "append_images": [other]}, 0),
        "palette.png": (palette, {}, 0),
        "see_through.png": (palette, {"transparency": bytes(range(64))}, 0),
        "rgb.bmp": (Image.fromarray(picture(64, 64, seed=4)), {}, 0),
        "rgb.jpg": (Image.fromarray(picture(64, 64, seed=5)), {}, 12),
        "rgb.webp": (Image.fromarray(picture(64, 64, seed=6)), {}, 0),
        "rgba.png": (Image.fromarray(picture(64, 64, seed=7)).convert("RGBA"), {}, 0),
    }
    for name, (image, options, _) in pictures.items():
        if image is None:
            deep = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype("uint16")
            (tmp_path / name).write_bytes(tf.io.encode_png(deep).numpy())
        else:
            image.save(tmp_path / name, **options)
    source = sources.open_source(str(tmp_path))
    assert sorted(p.name for p in source.photographs) == sorted(pictures), source.skipped
    ((_, y),) = take(validation(source, 56, len(pictures)), 9)
    for crop, photograph in zip(rgb_of(y), source.photographs):
        expected = photographs.read(photograph.path)[4:60, 4:60].astype(int)
        difference = np.abs(crop - expected)
        assert difference.max() <= pictures[photograph.name][2], photograph.name
        assert difference.mean() <= 2, photograph.name
