"""EXIF for the tests of reading and writing."""

import struct

from PIL import Image

ORIENTATION, DESCRIPTION, EXPOSURE = 0x0112, 0x010E, 0x829A
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
