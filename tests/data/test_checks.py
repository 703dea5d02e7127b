import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from keras_colorize.data import checks
from keras_colorize.data.photographs import BadPhotograph


def encode(rgb, kind, mode="RGB", **options):
    file = io.BytesIO()
    image = Image.fromarray(rgb)
    (image.quantize(64) if mode == "P" else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def test_check_takes_every_kind_that_tensorflow_decodes(picture):
    frames = [Image.fromarray(picture(seed=3)).quantize(64)]
    for encoded in (
        encode(picture(), "JPEG"),
        encode(picture(), "JPEG", "CMYK"),
        encode(picture(), "PNG", "RGBA"),
        encode(picture(), "PNG", "P"),
        encode(picture(), "GIF", "P", save_all=True, append_images=frames),
        encode(picture(), "WEBP"),
        encode(picture(), "BMP"),
        encode(picture(), "PNG", exif=b"Exif\0\0garbagegarbage"),  # pixels are whole
        tf.io.encode_png(257 * picture().astype("uint16")).numpy(),  # Pillow writes none
    ):
        assert checks.check(encoded) == 1


def test_check_returns_the_orientation(picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert checks.check(encode(picture(), "JPEG", exif=exif)) == 6


def test_check_says_why_a_photograph_cannot_be_used(picture):
    rgb = picture()
    grey = np.stack([rgb[..., 0]] * 3, -1)
    jpeg, png = encode(rgb, "JPEG"), encode(rgb, "PNG")
    for encoded, reason in (
        (b"", "empty file"),
        (b"Dear Sir", "not a picture"),
        (jpeg[: len(jpeg) * 9 // 10], "truncated"),
        (jpeg[: len(jpeg) * 9 // 10] + b"\xff\xd9", "truncated or damaged"),
        (jpeg[:-2] + b"extra" + jpeg[-2:], "bytes too many"),
        (png[: len(png) // 2], "truncated"),
        (encode(rgb, "TIFF"), "TIFF cannot be trained on; convert it to PNG or JPEG"),
        (encode(picture(31, 200), "PNG"), "200×31 is under 32 pixels"),
        (encode(rgb, "PNG", "L"), "no color"),
        (encode(grey, "JPEG"), "no color"),
    ):
        with pytest.raises(BadPhotograph, match=reason) as raised:
            checks.check(encoded)
        assert "{{" not in str(raised.value)  # TensorFlow's names for its functions


def toned(share):
    """A photograph in gray, `share` of it toned brown."""
    grey = data.astronaut()[::2, ::2].mean(axis=-1)
    brown = grey[..., None] * [1.0, 0.87, 0.7]
    own = data.astronaut()[::2, ::2]
    return np.rint(share * brown + (1 - share) * own).astype("uint8")


def test_check_names_sepia_and_takes_what_is_only_warm():
    with pytest.raises(BadPhotograph, match="sepia or of one tint"):
        checks.check(encode(toned(1), "JPEG"))
    row = np.linspace(0, 1, 64)[:, None, None]
    column = np.linspace(0, 1, 96)[:, None]
    sunset = np.rint(255 * (row * [1.0, 0.75, 0.35] + (1 - row) * [0.55, 0.1, 0.15]) * column**0.3)
    rose = np.rint(column * row * [230, 25, 40] + [20, 5, 5])
    for rgb in (toned(0), toned(0.6), sunset, rose):
        assert checks.check(encode(rgb.astype("uint8"), "JPEG")) == 1
