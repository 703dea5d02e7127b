"""Pictures of more than 8 bits that Pillow reads at 8; what is stored is known."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from keras_colorize.data import photographs

RAMP = np.linspace(0, 65535, 16 * 24 * 4).reshape(16, 24, 4).astype("uint16")


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("suffix, bits", [("jp2", 16), ("jp2", 12), ("avif", 10), ("avif", 12)])
def test_read_keeps_all_bits_of_a_color_picture(suffix, bits, channels):
    stored = RAMP[..., :channels] >> (16 - bits)
    encode = {"jp2": imagecodecs.jpeg2k_encode, "avif": imagecodecs.avif_encode}[suffix]
    level = {"jp2": 0, "avif": 100}[suffix]  # without loss
    file = photographs.File(encode(stored, level=level, bitspersample=bits))
    scan = file.read()
    expected = np.rint(stored * (65535 / (2**bits - 1)))
    assert scan.pixels.dtype == "uint16"
    np.testing.assert_array_equal(scan.pixels, expected[..., :3])
    if channels == 4:
        np.testing.assert_array_equal(scan.alpha, expected[..., 3])


def test_read_keeps_ten_bits_of_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    stored = RAMP[..., :1].repeat(3, axis=-1)
    made = pillow_heif.from_bytes("RGB;16", (24, 16), stored.tobytes())
    made.save(tmp_path / "a.heic", quality=-1)
    scan = photographs.File(tmp_path / "a.heic").read()
    assert scan.pixels.dtype == "uint16"
    # A step of 10 bits is 64; lossless coding of Y′CbCr may miss another.
    assert np.abs(scan.pixels.astype(int) - stored).max() <= 128


def test_read_leaves_8_bits_as_they_are(tmp_path, picture):
    Image.fromarray(picture()).save(tmp_path / "a.jp2", irreversible=False)
    scan = photographs.File(tmp_path / "a.jp2").read()
    assert scan.pixels.dtype == "uint8"
    np.testing.assert_array_equal(scan.pixels, picture())
