"""Records as rarer programs and formats keep them, laid out by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from tags import DESCRIPTION, IPTC, ORIENTATION, XMP, app13, block, jpeg, png, resource, text

from keras_colorize.data import photographs


def raw_profile(name, kind, held):
    """A chunk as ExifTool writes it; its heading may have two words."""
    content = f"\n{kind}\n{len(held):8d}\n{held.hex(chr(10), -36)}\n".encode()
    if name == b"zTXt":
        content = b"\0" + zlib.compress(content)
    return name, b"Raw profile type " + kind.split()[0].lower().encode() + b"\0" + content


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt"])
def test_png_raw_profiles_are_known_by_their_content(picture, name):
    turned = b"Exif\0\0" + block("<", [(ORIENTATION, 3, 1, b"\6\0")])
    chunks = [
        raw_profile(name, "IPTC profile", resource(0x0404, IPTC)),
        raw_profile(name, "generic profile", b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        raw_profile(name, "APP1", turned),
    ]
    read = photographs.File(png(picture(40, 64), *chunks)).read()
    assert read.told.iptc == IPTC and read.told.xmp == XMP
    np.testing.assert_array_equal(read.pixels, np.rot90(picture(40, 64), -1))  # 6: to the right


def test_all_comments_of_a_jpeg_are_read(picture):
    first = b"\xff\xfe" + struct.pack(">H", 2 + 17) + b"LEAD Technologies"
    told = photographs.File(jpeg(picture(), extra=first, comment=b"Grandmother")).told
    assert told.comment == b"LEAD Technologies\nGrandmother"


def test_iptc_behind_a_resource_of_another_program(picture):
    resources = resource(0x1B58, b"data", b"MeSa") + resource(0x0404, IPTC)
    assert photographs.File(jpeg(picture(), extra=app13(resources))).told.iptc == IPTC


def test_records_of_a_psd_are_read(picture):
    # As the format is described: header, colors, resources, layers, planes without compression.
    pixels = picture(40, 64)
    held = {0x0404: IPTC, 0x0424: XMP, 0x0422: block(">", [text(DESCRIPTION, b"harbour")])}
    resources = b"".join(resource(number, raw) for number, raw in held.items())
    content = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 40, 64, 8, 3) + struct.pack(">I", 0)
    content += struct.pack(">I", len(resources)) + resources + struct.pack(">IH", 0, 0)
    told = photographs.File(content + np.moveaxis(pixels, -1, 0).tobytes()).told
    assert (told.iptc, told.xmp) == (IPTC, XMP)
    assert told.exif.image[DESCRIPTION].raw == b"harbour\0"


def test_records_of_jpeg_2000_are_read(picture):
    content = io.BytesIO()
    Image.fromarray(picture()).save(content, "JPEG2000")
    added = b""
    for uuid, raw in (
        ("be7acfcb97a942e89c71999491e3afac", XMP),
        ("33c7a4d2b81d4723a0baf1a3e097ad38", IPTC),
        (b"JpgTiffExif->JP2".hex(), block("<", [text(DESCRIPTION, b"harbour")])),
    ):
        added += struct.pack(">I", 24 + len(raw)) + b"uuid" + bytes.fromhex(uuid) + raw
    told = photographs.File(content.getvalue() + added).told
    assert (told.xmp, told.iptc) == (XMP, IPTC)
    assert told.exif.image[DESCRIPTION].raw == b"harbour\0"


def test_xmp_of_a_gif_is_read(picture):
    content = io.BytesIO()
    Image.fromarray(picture()[..., 0]).save(content, "GIF")
    whole = content.getvalue()
    # As XMP's part 3 lays it out: an extension of an application, ended by 258 bytes.
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    extension = b"!\xff\x0bXMP DataXMP" + XMP + trailer
    assert photographs.File(whole[:-1] + extension + b";").told.xmp == XMP


def test_extended_xmp_is_told_to_be_lost(picture, tmp_path):
    body = b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + b"<x/>"
    content = jpeg(picture(), extra=b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    scan = photographs.File(content).read()
    assert photographs.write(tmp_path / "a.jpg", scan.pixels, told=scan.told) == ["extended XMP"]


def test_sgi_of_16_bits_is_named():
    content = b"\x01\xda\0\2\0\3" + struct.pack(">HHH", 4, 4, 3) + bytes(500 + 4 * 4 * 3 * 2)
    with pytest.raises(photographs.BadPhotograph, match="16-bit SGI is not read"):
        photographs.File(content)
