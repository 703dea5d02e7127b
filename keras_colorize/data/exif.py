"""EXIF as directories of raw values: read, cleaned of what is no longer true, and written again.

A value stays the bytes that it was, so a caption keeps its encoding and a maker's note its secrets.
The layout is TIFF's: a directory is a count, entries of 12 bytes, and the offset of the next one.

References:
    [1] Exif 3.0, CIPA DC-008-2023, §4.6.    [2] TIFF 6.0, Adobe 1992, §2.
"""

import dataclasses
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x011B, 0x0128
EXPOSURE, GPS = 0x8769, 0x8825  # the offsets of the two other directories
_PROCESSING_SOFTWARE, _MARK = 0x000B, b"keras_colorize\0"  # in use since ACD Systems' programs
_COLOR_SPACE, _WIDTH, _HEIGHT, _SRGB = 0xA001, 0xA002, 0xA003, 1
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, UTF8 = 1, 2, 3, 4, 5, 7, 129
_BYTES = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, 6: 1, UNDEFINED: 1, 8: 2, 9: 4, 10: 8}
_BYTES |= {11: 4, 12: 8, 13: 4, UTF8: 1}  # a value of each type [2]
_INTEGERS = {SHORT: "H", LONG: "I", 8: "h", 9: "i"}  # 8, 9: signed

# What the first directory tells of the photograph, each with the types that it may have: names of
# document and page, description, make, model, software, date, artist, computer, rights; rating;
# Windows' own texts.
_TYPES = dict.fromkeys(
    (0x010D, 0x010E, 0x010F, 0x0110, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298), (ASCII, UTF8)
)
_TYPES |= {0x4746: (SHORT,), 0x4749: (SHORT,)} | dict.fromkeys(
    range(0x9C9B, 0x9CA0), (BYTE, UNDEFINED)
)
# What it tells of how pixels are stored, which is no longer true of what we write: TIFF's own tags
# and those of its supplements [2], thumbnails, layers of Photoshop, all of DNG but the camera's
# name; and what is read and written anew: resolution, XMP, IPTC, profile.
_STORAGE = {254, 255, 296, 700, 0x80E3, 0x80E4, 0x80E5, 0x80E6, 0x828D, 0x828E, 33723, 34377, 34675}
_STORAGE |= {37724, 40965, 42113, 50674, 0xEA1C}.union(
    range(256, 260), range(262, 267), range(273, 285), range(288, 294), range(300, 302),
    range(317, 335), range(336, 352), range(400, 436), range(512, 533), range(559, 560),
    range(0x5000, 0x6000), range(50706, 52600),
) - {0xC614}  # fmt: skip
# In the directory of exposure: the order and bits of stored components, the color space and size
# (set anew), the interoperability directory, and where in the stored picture the subject is.
_OF_THE_PIXELS = {0x9101, 0x9102, _COLOR_SPACE, _WIDTH, _HEIGHT, 0xA005, 0x9214, 0xA214}


class Value(NamedTuple):
    """A tag's value: its type's number, how many there are, and their bytes."""

    type: int
    count: int
    raw: bytes


Directory = dict[int, Value]


@dataclass(frozen=True)
class Exif:
    """The three directories that tell of a photograph.

    Attributes:
        order: `<` or `>`, the byte order of all numbers.
        image: The first directory.
        exposure: How it was taken.
        gps: Where it was taken.
    """

    order: str = "<"
    image: Directory = field(default_factory=dict)
    exposure: Directory = field(default_factory=dict)
    gps: Directory = field(default_factory=dict)

    @property
    def orientation(self) -> int | None:
        """1…8, or None if it is not told."""
        value = self.image.get(ORIENTATION)
        if value is None or value.type not in _INTEGERS or not value.count:
            return None
        (number,) = struct.unpack_from(self.order + _INTEGERS[value.type], value.raw)
        return number if number in range(1, 9) else None

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Horizontal and vertical resolution of the picture as stored; None if not in a unit."""
        inches = {2: 1.0, 3: 2.54}.get(self.number(RESOLUTION_UNIT) or 2)
        x, y = self.number(X_RESOLUTION), self.number(Y_RESOLUTION)
        return (x * inches, y * inches) if x and y and inches and max(x, y) > 1 else None

    def number(self, tag: int) -> float | None:
        """Return a number of the first directory, of type SHORT, LONG or RATIONAL."""
        value = self.image.get(tag)
        if value is None or value.count != 1 or value.type not in (SHORT, LONG, RATIONAL):
            return None
        if value.type == RATIONAL:
            above, below = struct.unpack(self.order + "II", value.raw)
            return above / below if below else None
        return struct.unpack(self.order + {SHORT: "H", LONG: "I"}[value.type], value.raw)[0]

    def __bool__(self):
        return bool(self.image or self.exposure or self.gps)


def parse(block: bytes) -> Exif:
    """Read an EXIF block, from its byte-order mark on; what is damaged in it is left out."""
    while block.startswith(b"Exif\0\0"):  # some writers put the JPEG prefix twice
        block = block[6:]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return Exif()
    return read(block, order, struct.unpack_from(order + "I", block, 4)[0])


def read(block: bytes, order: str, at: int) -> Exif:
    """Read the directories of a block of a known byte order; the first one is at offset `at`."""
    image = _read_directory(block, order, at)
    others = []
    for pointer in (EXPOSURE, GPS):
        value = image.pop(pointer, None)
        at = struct.unpack(order + "I", value.raw)[0] if value and len(value.raw) == 4 else None
        others.append(_read_directory(block, order, at) if at else {})
    return Exif(order, image, *others)


def _read_directory(block: bytes, order: str, at: int) -> Directory:
    """Read one directory; an entry whose type is unknown or whose bytes are missing is left out."""
    directory = {}
    if at + 2 > len(block):
        return directory
    (count,) = struct.unpack_from(order + "H", block, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(block) - 11), 12):
        tag, type_, number = struct.unpack_from(order + "HHI", block, entry)
        size = _BYTES.get(type_, 0) * number
        start = entry + 8
        if size > 4:
            (start,) = struct.unpack_from(order + "I", block, start)
        raw = block[start : start + size]
        if size and len(raw) == size:
            directory.setdefault(tag, Value(type_, number, raw))
    return directory


def cleaned(exif: Exif, width: int, height: int) -> Exif:
    """Return what is still true of an upright sRGB picture of this size.

    Args:
        exif: What the photograph's file held.
        width: Pixels of the new picture.
        height: Pixels of the new picture.
    """
    image = {
        tag: value
        for tag, value in without_storage(exif.image).items()
        if value.type in _TYPES.get(tag, _BYTES)
    }
    exposure = {tag: v for tag, v in exif.exposure.items() if tag not in _OF_THE_PIXELS}
    if exposure:
        for tag, number in ((_WIDTH, width), (_HEIGHT, height)):
            exposure[tag] = Value(LONG, 1, struct.pack(exif.order + "I", number))
        exposure[_COLOR_SPACE] = Value(SHORT, 1, struct.pack(exif.order + "H", _SRGB))
    return Exif(exif.order, image, exposure, exif.gps)


def without_storage(image: Directory) -> Directory:
    """Return the first directory without what it tells of how pixels are stored."""
    return {tag: value for tag, value in image.items() if tag not in _STORAGE}


def marked(exif: Exif) -> Exif:
    """Add to a picture's EXIF that this package made it."""
    mark = Value(ASCII, len(_MARK), _MARK)
    return dataclasses.replace(exif, image=exif.image | {_PROCESSING_SOFTWARE: mark})


def is_marked(exif: Exif) -> bool:
    """Tell whether this package made a picture."""
    held = exif.image.get(_PROCESSING_SOFTWARE)
    return held is not None and held.raw == _MARK


def serialize(exif: Exif) -> bytes:
    """Return the block that `parse` reads; empty if there is nothing in it."""
    if not exif:
        return b""
    mark = b"II*\0" if exif.order == "<" else b"MM\0*"
    return mark + struct.pack(exif.order + "I", 8) + directories(exif, 8)


def directories(exif: Exif, at: int, following: int = 0) -> bytes:
    """Return all directories as they stand in a file from offset `at` on, the first one first.

    Args:
        exif: The directories.
        at: An even offset.
        following: What the first directory names as the offset of the next one.
    """
    image = dict(exif.image)
    others = {EXPOSURE: exif.exposure, GPS: exif.gps}
    for pointer, directory in others.items():
        if directory:
            image[pointer] = Value(LONG, 1, bytes(4))
    end = at + len(_directory(exif.order, image, at))
    tail = b""
    for pointer, directory in others.items():
        if directory:
            image[pointer] = Value(LONG, 1, struct.pack(exif.order + "I", end + len(tail)))
            tail += _directory(exif.order, directory, end + len(tail))
    return _directory(exif.order, image, at, following) + tail


def _directory(order: str, directory: Directory, at: int, following: int = 0) -> bytes:
    entries, values = struct.pack(order + "H", len(directory)), b""
    after = at + 2 + 12 * len(directory) + 4
    for tag, value in sorted(directory.items()):
        entries += struct.pack(order + "HHI", tag, value.type, value.count)
        if len(value.raw) <= 4:
            entries += value.raw.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "I", after + len(values))
            values += value.raw + bytes(len(value.raw) % 2)
    return entries + struct.pack(order + "I", following) + values


def shortened(exif: Exif, most: int) -> tuple[bytes, list[int]]:
    """Serialize within a number of bytes, without the largest values where there are too many.

    Returns:
        The block, and the tags that had to go.
    """
    dropped = []
    while len(block := serialize(exif)) > most:
        held = [(len(value.raw), tag, d) for d in _all(exif) for tag, value in d.items()]
        _, tag, directory = max(held, key=lambda item: item[:2])
        smaller = [
            {t: v for t, v in d.items() if d is not directory or t != tag} for d in _all(exif)
        ]
        exif = Exif(exif.order, *smaller)
        dropped.append(tag)
    return block, dropped


def _all(exif: Exif) -> tuple[Directory, Directory, Directory]:
    return exif.image, exif.exposure, exif.gps
