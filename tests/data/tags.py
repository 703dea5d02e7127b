"""EXIF and other records for the tests of reading and writing."""

import io
import struct
import zlib

from PIL import Image

ORIENTATION, DESCRIPTION, EXPOSURE = 0x0112, 0x010E, 0x829A
XMP = b'<x:xmpmeta><rdf:Description dc:title="harbour" tiff:Orientation="6"/></x:xmpmeta>'
IPTC = b"\x1c\x02\x78\x00\x0bthe harbour" + b"\x1c\x02\x50\x00\x04Jos\xe9"  # caption, by-line [IIM]
_EXPOSURE_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825


def tagged(orientation, exposure=None):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = "the harbour"
    if exposure:
        exif.get_ifd(0x8769)[EXPOSURE] = exposure
    whole = Image.Exif()
    whole.load(exif.tobytes())  # Pillow writes the second directory of a TIFF only when it was read
    return whole


def block(order, entries, exposure=(), gps=()):
    """Lay out an EXIF block by hand: entries are tag, type, count and bytes."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    content = bytearray(start + struct.pack(order + "I", 8))
    entries = [*entries]
    pointers = {}
    for tag, others in ((_EXPOSURE_DIRECTORY, exposure), (_GPS_DIRECTORY, gps)):
        if others:
            entries.append((tag, 4, 1, bytes(4)))
            pointers[tag] = others

    def directory(values):
        values = sorted(values)
        places, at = {}, len(content) + 2
        content.extend(struct.pack(order + "H", len(values)) + bytes(12 * len(values) + 4))
        for tag, kind, count, raw in values:
            struct.pack_into(order + "HHI", content, at, tag, kind, count)
            if len(raw) <= 4:
                content[at + 8 : at + 8 + len(raw)] = raw
            else:
                struct.pack_into(order + "I", content, at + 8, len(content))
                content.extend(raw)
            places[tag] = at + 8
            at += 12
        return places

    places = directory(entries)
    for tag, others in pointers.items():
        struct.pack_into(order + "I", content, places[tag], len(content))
        directory(others)
    return bytes(content)


def text(tag, raw):
    return tag, 2, len(raw) + 1, raw + b"\0"


def jpeg(picture, block=b"", **options):
    content = io.BytesIO()
    if block:
        options["exif"] = b"Exif\0\0" + block
    Image.fromarray(picture).save(content, "JPEG", **options)
    return content.getvalue()


def resource(number, raw, signature=b"8BIM"):
    """One of Photoshop's image resources, without a name, padded to an even length."""
    return signature + struct.pack(">HHI", number, 0, len(raw)) + raw + bytes(len(raw) % 2)


def app13(resources):
    body = b"Photoshop 3.0\0" + resources
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def png(picture, *chunks):
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    whole, added = content.getvalue(), b""
    for name, body in chunks:
        check = struct.pack(">I", zlib.crc32(name + body))
        added += struct.pack(">I", len(body)) + name + body + check
    return whole[:33] + added + whole[33:]
