"""EXIF directories, written here by hand as the standards have them."""

import struct

import pytest
from PIL import ExifTags
from tags import block

from keras_colorize.data import exif


def test_parse_ends_on_directories_that_point_at_themselves():
    entry = struct.pack("<HHII", exif.EXPOSURE, 4, 1, 8)
    held = exif.parse(b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4))
    assert held.image == {}


@pytest.mark.parametrize("header", [b"Exif\0\0", 2 * b"Exif\0\0"])
@pytest.mark.parametrize(
    "kind, count, raw",
    [(3, 1, b"\6\0"), (3, 2, b"\6\0\0\0"), (8, 1, b"\6\0"), (4, 1, b"\6\0\0\0")],
)
def test_orientation_is_read_however_it_is_stored(header, kind, count, raw):
    told = exif.parse(header + block("<", [(0x0112, kind, count, raw)]))
    assert told.orientation == 6


def test_exif_names_are_those_of_the_standard():
    names = ExifTags.TAGS
    assert [names[tag] for tag in (exif.EXPOSURE, exif.GPS, exif.ORIENTATION)] == [
        "ExifOffset",
        "GPSInfo",
        "Orientation",
    ]


def test_number_is_of_any_type_that_holds_one():
    entries = [(0x011A, 5, 1, struct.pack("<II", 600, 2)), (0x0100, 3, 1, b"\x40\1")]
    held = exif.parse(block("<", [*entries, (0x0101, 4, 1, b"\1\0\1\0"), (0x010E, 2, 1, b"\0")]))
    assert [held.number(tag) for tag in (0x011A, 0x0100, 0x0101, 0x010E, 0x0102)] == [
        300,
        320,
        65537,
        None,
        None,
    ]


@pytest.mark.parametrize("order", "<>")
def test_what_is_serialized_is_read_again(order):
    held = exif.parse(
        block(
            order,
            [(0x010E, 2, 8, b"harbour\0")],
            exposure=[(0x829A, 5, 1, struct.pack(order + "II", 1, 60))],
            gps=[(1, 2, 2, b"N\0")],
        )
    )
    assert exif.parse(exif.serialize(held)) == held
    assert [*held.image, *held.exposure, *held.gps] == [0x010E, 0x829A, 1]
