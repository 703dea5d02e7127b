"""What a file tells beside its pixels: EXIF, XMP, IPTC, comments, texts, resolution, profile.

References:
    [1] JPEG: ITU-T T.81, annex B; JFIF 1.02; XMP part 3, Adobe 2020, §1.1 (segments of markers).
    [2] PNG: W3C, third edition, §11.3.    [3] WebP: RFC 9649, §2.7.
    [4] Photoshop file formats, Adobe 2019: image resource blocks. IPTC is number 0x0404.
"""

import dataclasses
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from keras_colorize.data import tiff
from keras_colorize.data.exif import Exif, cleaned, parse

PNG_START = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp"  # of PNG's text chunk
XMP_MARKER, PHOTOSHOP_MARKER = b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
IPTC_BLOCK = 0x0404  # [4]
_SCAN = 0xDA
_JPEG_LS, _LOSSLESS, _FRAMES = 0xF7, {0xC3, 0xCB}, {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_MOST_DPI = 2**16 - 1  # what JPEG can say
_MOST_TEXT = 2**25  # bytes that a compressed text or profile may unpack to
_PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}

# Properties of XMP that describe the pixels as they were stored, as attributes or as elements.
_OLD = rb"(?:tiff:(?:Orientation|ImageWidth|ImageLength|BitsPerSample|Compression"
_OLD += rb"|PhotometricInterpretation|SamplesPerPixel|PlanarConfiguration|[XY]Resolution"
_OLD += rb"|ResolutionUnit|YCbCr[A-Za-z]+)|exif:(?:Pixel[XY]Dimension|ColorSpace"
_OLD += rb"|Subject(?:Area|Location))|photoshop:(?:ICCProfile|ColorMode)|xmp:Thumbnails)"
_OLD_XMP = re.compile(
    rb"\s" + _OLD + rb"""\s*=\s*(?:"[^"]*"|'[^']*')|<(""" + _OLD + rb")\b[^>]*(?:/>|>.*?</\1\s*>)",
    re.DOTALL,
)
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])\b""")


@dataclass(frozen=True)
class Record:
    """What a file tells beside its pixels; empty where it does not.

    Attributes:
        exif: Its directories.
        xmp: The packet.
        iptc: The data sets, as IIM stores them.
        comment: The comment in a JPEG or a GIF.
        texts: PNG's text chunks: name and content.
        dpi: Horizontal and vertical resolution.
        profile: ICC; it belongs to the stored samples, and is never written.
        orientation: EXIF's, else XMP's, 1…8; how the stored pixels are turned.
    """

    exif: Exif = field(default_factory=Exif)
    xmp: bytes = b""
    iptc: bytes = b""
    comment: bytes = b""
    texts: tuple[tuple[bytes, bytes], ...] = ()
    dpi: tuple[float, float] | None = None
    profile: bytes = b""

    @property
    def orientation(self) -> int:
        found = _XMP_ORIENTATION.search(self.xmp)
        return self.exif.orientation or (int(found[1]) if found else 1)

    def cleaned(self, width: int, height: int) -> "Record":
        """Return what is still true of an upright sRGB picture of this size."""
        dpi = self.dpi if self.dpi and 1 <= min(self.dpi) <= max(self.dpi) <= _MOST_DPI else None
        return dataclasses.replace(
            self,
            exif=cleaned(self.exif, width, height),
            xmp=_OLD_XMP.sub(b"", self.xmp),
            dpi=dpi[::-1] if dpi and self.orientation >= 5 else dpi,
            profile=b"",
        )


def of_file(data: bytes, image: Image.Image | None) -> Record:
    """Read the record of a file that is not a TIFF.

    Args:
        data: The whole file.
        image: The file as Pillow opened it, for formats that are not read here.
    """
    if data[:3] == b"\xff\xd8\xff":
        found = _of_jpeg(data)
    elif data[:8] == PNG_START:
        found = _of_png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        found = _of_webp(data)
    else:
        found = _of_other(image.info)
    if not found.xmp and tiff.XMP in found.exif.image:
        found = dataclasses.replace(found, xmp=found.exif.image[tiff.XMP].raw)
    return found


def _of_other(info: dict) -> Record:
    """Read what Pillow has read of a file."""
    dpi = info.get("dpi")
    return Record(
        exif=parse(bytes(info.get("exif") or b"")),
        xmp=_bytes(info.get("xmp")),
        comment=_bytes(info.get("comment")),
        dpi=tuple(map(float, dpi)) if dpi and max(dpi) > 1 else None,
        profile=_bytes(info.get("icc_profile")),
    )


def _bytes(value) -> bytes:
    return value if isinstance(value, bytes) else b""


def of_tiff(pages: tiff.Tiff, number: int) -> Record:
    """Read the record of a page of a TIFF."""
    exif = pages.exif(number)

    def raw(tag):
        return exif.image[tag].raw if tag in exif.image else b""

    iptc = raw(tiff.IPTC) or _iptc_of(raw(tiff.PHOTOSHOP))
    return Record(exif, raw(tiff.XMP), iptc, dpi=exif.dpi, profile=raw(tiff.ICC))


# ---- JPEG ----


def _of_jpeg(data: bytes) -> Record:
    exif, xmp, comment, resources, dpi, profile = b"", b"", b"", b"", None, {}
    for marker, content, _ in _segments(data):
        if marker == 0xE0 and content[:5] == b"JFIF\0" and len(content) >= 12:
            unit, x, y = struct.unpack_from(">BHH", content, 7)
            inches = {1: 1.0, 2: 2.54}.get(unit)
            dpi = (x * inches, y * inches) if inches and x and y else None
        elif marker == 0xE1 and content[:6] == b"Exif\0\0":
            exif = exif or content
        elif marker == 0xE1 and content.startswith(XMP_MARKER):
            xmp = xmp or content[len(XMP_MARKER) :]
        elif marker == 0xE2 and content[:12] == b"ICC_PROFILE\0":
            profile[content[12:13]] = content[14:]
        elif marker == 0xED and content.startswith(PHOTOSHOP_MARKER):
            resources += content[len(PHOTOSHOP_MARKER) :]
        elif marker == 0xFE:
            comment = comment or content
    exif = parse(exif)
    profile = b"".join(profile[number] for number in sorted(profile))
    dpi = dpi if dpi and max(dpi) > 1 else exif.dpi
    return Record(exif, xmp, _iptc_of(resources), comment, (), dpi, profile)


def has_end(jpeg: bytes) -> bool:
    """Tell whether the marker that ends a JPEG follows its first scan.

    Without it decoders may or may not notice that rows are missing.
    """
    scan = [at for marker, _, at in _segments(jpeg) if marker == _SCAN]
    return bool(scan) and jpeg.find(b"\xff\xd9", scan[0]) >= 0


def kind_of_jpeg(jpeg: bytes) -> str:
    """Name a JPEG of an uncommon kind by its frame's header [1, B.2.2]; others have no name."""
    for marker, content, _ in _segments(jpeg):
        if marker == _JPEG_LS:
            return "JPEG-LS"
        if marker in _LOSSLESS:
            return "lossless JPEG"
        if marker in _FRAMES and content[:1] != b"\x08":
            return f"{content[0]}-bit JPEG" if content else ""
    return ""


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield marker, content and offset of each segment up to the scan [1, B.1.1]."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + length], at
        if marker in (_SCAN, 0xD9):
            return
        at += 2 + max(length, 2)


def _iptc_of(resources: bytes) -> bytes:
    """Return what IPTC wrote into Photoshop's image resources [4]."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 7 < len(resources):
        (number,) = struct.unpack_from(">H", resources, at + 4)
        at += 6 + (resources[at + 6] + 2) // 2 * 2  # a name, padded to an even length
        size = int.from_bytes(resources[at : at + 4], "big")
        if number == IPTC_BLOCK:
            return resources[at + 4 : at + 4 + size]
        at += 4 + (size + 1) // 2 * 2
    return b""


# ---- PNG ----


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield the name, content and offset of each chunk of a PNG."""
    at = len(PNG_START)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length], at
        at += 12 + length


def pixels_only(png: bytes) -> bytes:
    """Return a PNG without the chunks that do not say what its pixels are.

    So a caption or profile of any size costs no more than itself.
    """
    kept = [PNG_START]
    for name, content, at in chunks(png):
        if name in _PIXEL_CHUNKS:
            kept.append(png[at : at + 12 + len(content)])
    return b"".join(kept)


def _of_png(data: bytes) -> Record:
    exif, xmp, iptc, profile, dpi, texts = b"", b"", b"", b"", None, []
    for name, content, _ in chunks(data):
        if name == b"eXIf":
            exif = content
        elif name == b"iCCP":
            profile = _inflate(content.partition(b"\0")[2][1:])
        elif name == b"pHYs" and len(content) == 9 and content[8] == 1:
            dpi = tuple(0.0254 * number for number in struct.unpack_from(">II", content))
        elif name == b"iTXt" and content.startswith(XMP_KEYWORD + b"\0"):
            compressed, packet = content[len(XMP_KEYWORD) + 1], content[len(XMP_KEYWORD) + 3 :]
            packet = packet.split(b"\0", 2)[-1]
            xmp = _inflate(packet) if compressed == 1 else packet
        elif name in (b"tEXt", b"zTXt") and content.startswith(b"Raw profile type "):
            kind, held = _raw_profile(name, content)
            exif = exif or (held if kind in (b"exif", b"APP1") else b"")
            iptc = iptc or (_iptc_of(held) if kind in (b"iptc", b"8bim") else b"")
            xmp = xmp or (held if kind == b"xmp" else b"")
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            texts.append((name, content))
    return Record(parse(exif), xmp, iptc, b"", tuple(texts), dpi, profile)


def _raw_profile(name: bytes, content: bytes) -> tuple[bytes, bytes]:
    """Decode what ImageMagick and others keep as hexadecimal text: a line of size, then digits."""
    keyword, _, text = content.partition(b"\0")
    text = _inflate(text[1:]) if name == b"zTXt" else text
    digits = b"".join(text.split()[2:])
    try:
        held = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        held = b""
    return keyword.removeprefix(b"Raw profile type "), held


def _inflate(compressed: bytes) -> bytes:
    """Unpack, or return nothing where it is damaged or unpacks to too much."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(compressed, _MOST_TEXT)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""


# ---- WebP ----


def _of_webp(data: bytes) -> Record:
    held, at = {}, 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        held.setdefault(data[at : at + 4], data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    exif = parse(held.get(b"EXIF", b""))
    return Record(exif, held.get(b"XMP ", b""), dpi=exif.dpi, profile=held.get(b"ICCP", b""))
