"""Starts of files are those of each format's own description."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_colorize.data import kinds, photographs

NAMED = [
    (b"v/1\x01\x02\0\0\0", "OpenEXR"),
    (b"SIMPLE  =                    T", "FITS"),
    (b"SDPX\0\0\x08\0V1.0", "DPX"),
    (bytes(128) + b"DICM", "DICOM"),
    (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe", "Radiance HDR"),
    (b"8BPS\0\x02" + bytes(6), "PSB"),
    (b"PF\n64 48\n-1.0\n", "PFM in color"),
    (b"\xff\x0a and so on", "JPEG XL"),
    (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
]


@pytest.mark.parametrize("start, kind", NAMED)
def test_pictures_that_are_not_read_are_named_by_their_start(start, kind):
    assert kinds.refusal(start) == f"{kind} is not read; convert it to PNG or TIFF"
    with pytest.raises(photographs.BadPhotograph, match=f"^{kind} is not read"):
        photographs.File(start)


@pytest.mark.parametrize(
    "start", [b"II*\0\x10\0\0\0CR\x02\0", b"FUJIFILMCCD-RAW 0201", b"\0\0\0\x18ftypcrx "]
)
def test_raw_files_are_named_by_their_start(start):
    assert kinds.refusal(start).startswith("raw files of cameras are not read")


@pytest.mark.parametrize(
    "form",
    ["AVIF", "BMP", "DDS", "GIF", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "SGI", "TIFF", "WEBP"],
)
def test_pictures_that_are_read_are_known_by_their_start_whatever_their_suffix(form):
    content = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), "uint8")).save(content, form)
    start = content.getvalue()[: kinds.START]
    assert kinds.is_read(start) and not kinds.refusal(start)
    assert not kinds.refusal(start, ".exr")
    assert bool(kinds.refusal(start, ".dng")) == (form == "TIFF")  # as raw files start


def test_suffix_names_a_picture_that_its_start_does_not_tell():
    assert kinds.refusal(b"<svg xmlns=", ".svg") == "SVG is not read; convert it to PNG or TIFF"
    assert kinds.refusal(b"II*\0\x08\0\0\0", ".nef").startswith("raw files of cameras")


def test_start_of_many_comments_is_soon_told():
    start = b"P5 " + b"# " * 64
    assert not kinds.is_read(start)
    assert kinds.is_read(b"P5\n# by a scanner\n  # twice\n64 48\n255\n")


def test_what_is_no_picture_is_neither_read_nor_named():
    for start in (
        b"",
        b"Dear Sir,",
        b"BMW 320, 1978",
        b"P5 is a prime",
        b"%PDF-1.7",
        b"PK\x03\x04",
    ):
        assert not kinds.is_read(start) and not kinds.refusal(start, ".txt")
