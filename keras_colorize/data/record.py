"""What a file tells beside its pixels: EXIF, XMP, IPTC, comments, texts, resolution, profile.

References:
    [1] JPEG: ITU-T T.81, annex B; JFIF 1.02; XMP part 3, Adobe 2020, §1.1 (segments of markers).
    [2] PNG: W3C, third edition, §11.3.    [3] WebP: RFC 9649, §2.7.
    [4] Photoshop file formats, Adobe 2019: image resource blocks.
    [5] JPEG 2000: ITU-T T.800, annex I.    [6] BITMAPV5HEADER, Windows GDI.
"""

import dataclasses
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from keras_colorize.data import jpeg, tiff
from keras_colorize.data.exif import Exif, cleaned, parse
from keras_colorize.errors import BadPhotograph

PNG_START = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp"  # of PNG's text chunk
XMP_MARKER, PHOTOSHOP_MARKER = b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
IPTC_BLOCK, _EXIF_BLOCK, _XMP_BLOCK = 0x0404, 0x0422, 0x0424  # [4]
_SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID, _IPTC_UUID = b"JpgTiffExif->JP2", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
HDR = "HDR pictures (PQ, HLG) are not read; convert it to 8-bit PNG"
HDR_TRANSFERS = {b"\x10", b"\x12"}  # PQ and HLG, as ISO/IEC 23091-2 numbers them
_GIF_XMP = re.compile(rb"XMP DataXMP(.*?)\x01\xff\xfe\xfd", re.DOTALL)  # XMP part 3, §1.1.2
_BMP_5 = b"\x7c\0\0\0"  # the header's size
_SRGB_GAMMA = 0.43, 0.48  # of PNG: between these it stands for sRGB, whose own is near 0.45455
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
_OLD_NAMES, _MOST_OLD = re.compile(b"<" + _OLD), 1_000
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
        gamma: Of a PNG, the power of linear light that its samples are; it belongs to them as well.
        unread: What else the file tells, which is not read.
        orientation: EXIF's, else XMP's, 1…8; how the stored pixels are turned.
    """

    exif: Exif = field(default_factory=Exif)
    xmp: bytes = b""
    iptc: bytes = b""
    comment: bytes = b""
    texts: tuple[tuple[bytes, bytes], ...] = ()
    dpi: tuple[float, float] | None = None
    profile: bytes = b""
    gamma: float | None = None
    unread: tuple[str, ...] = ()

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
            xmp=_cleaned(self.xmp),
            dpi=dpi[::-1] if dpi and self.orientation >= 5 else dpi,
            profile=b"",
            gamma=None,
        )


def _cleaned(xmp: bytes) -> bytes:
    # The pattern takes time with the square of tags that are not closed: nobody means so many.
    return _OLD_XMP.sub(b"", xmp) if len(_OLD_NAMES.findall(xmp)) <= _MOST_OLD else b""


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
    elif data[4:8] == b"jP  ":
        found = dataclasses.replace(_of_other(image.info), **_of_jp2(data))
    elif data[:2] == b"BM":
        found = dataclasses.replace(_of_other(image.info), profile=_profile_of_bmp(data))
    elif data[:4] == b"8BPS":
        found = dataclasses.replace(_of_other(image.info), **_of_psd(data))
    else:
        found = _of_other(image.info)
        if gif := _GIF_XMP.search(data) if data[:3] == b"GIF" else None:
            found = dataclasses.replace(found, xmp=gif[1])
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

    iptc = raw(tiff.IPTC) or _resource(raw(tiff.PHOTOSHOP), IPTC_BLOCK)
    return Record(exif, raw(tiff.XMP), iptc, dpi=exif.dpi, profile=raw(tiff.ICC))


# ---- JPEG ----


def _of_jpeg(data: bytes) -> Record:
    exif, xmp, comments, resources, dpi, profile, unread = b"", b"", {}, b"", None, {}, ()
    for marker, content, _ in jpeg.segments(data):
        if marker == 0xE0 and content[:5] == b"JFIF\0" and len(content) >= 12:
            unit, x, y = struct.unpack_from(">BHH", content, 7)
            inches = {1: 1.0, 2: 2.54}.get(unit)
            dpi = (x * inches, y * inches) if inches and x and y else None
        elif marker == 0xE1 and content[:6] == b"Exif\0\0":
            exif = exif or content
        elif marker == 0xE1 and content.startswith(XMP_MARKER):
            xmp = xmp or content[len(XMP_MARKER) :]
        elif marker == 0xE1 and content.startswith(_EXTENDED_XMP):
            unread = ("extended XMP",)
        elif marker == 0xE2 and content[:12] == b"ICC_PROFILE\0":
            profile[content[12:13]] = content[14:]
        elif marker == 0xED and content.startswith(PHOTOSHOP_MARKER):
            resources += content[len(PHOTOSHOP_MARKER) :]
        elif marker == 0xFE:
            comments[content] = True
    exif = parse(exif)
    profile = b"".join(profile[number] for number in sorted(profile))
    dpi = dpi if dpi and max(dpi) > 1 else exif.dpi
    iptc, comment = _resource(resources, IPTC_BLOCK), b"\n".join(comments)
    return Record(exif, xmp, iptc, comment, (), dpi, profile, unread=unread)


# ---- BMP, Photoshop and JPEG 2000 ----


def _profile_of_bmp(data: bytes) -> bytes:
    """Return what the fifth version of the header [6] embeds."""
    if data[14:18] != _BMP_5 or data[70:74] != b"DEBM":
        return b""
    offset, size = struct.unpack_from("<II", data, 126)
    return data[14 + offset :][:size]


def _resource(resources: bytes, number: int) -> bytes:
    """Return one of Photoshop's image resources [4]; some have other programs' signatures."""
    at = 0
    while resources[at : at + 4] in _SIGNATURES and at + 7 < len(resources):
        (found,) = struct.unpack_from(">H", resources, at + 4)
        at += 6 + (resources[at + 6] + 2) // 2 * 2  # a name, padded to an even length
        size = int.from_bytes(resources[at : at + 4], "big")
        if found == number:
            return resources[at + 4 : at + 4 + size]
        at += 4 + (size + 1) // 2 * 2
    return b""


def _of_psd(data: bytes) -> dict:
    at = 30 + int.from_bytes(data[26:30], "big")  # after the header and the colors of a palette
    resources = data[at + 4 :][: int.from_bytes(data[at : at + 4], "big")]
    exif = parse(_resource(resources, _EXIF_BLOCK))
    return {
        "exif": exif,
        "xmp": _resource(resources, _XMP_BLOCK),
        "iptc": _resource(resources, IPTC_BLOCK),
        "dpi": exif.dpi,
    }


def _of_jp2(data: bytes) -> dict:
    """Read the boxes of JPEG 2000 that tell of a photograph [5]."""
    told = {}
    for kind, content in _boxes(data):
        if kind == b"jp2h":
            for inner, color in _boxes(content):
                if inner == b"colr" and color[:1] in (b"\2", b"\3"):  # a profile, and no number
                    told["profile"] = color[3:]
        elif kind == b"uuid" and content.startswith(_XMP_UUID):
            told["xmp"] = content[16:]
        elif kind == b"uuid" and content.startswith(_EXIF_UUID):
            told["exif"] = parse(content[16:])
        elif kind == b"uuid" and content.startswith(_IPTC_UUID):
            told["iptc"] = content[16:]
    return told


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        (size,), start = struct.unpack_from(">I", data, at), at + 8
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8], "big"), at + 16
        end = at + size if size else len(data)
        yield data[at + 4 : at + 8], data[start:end]
        at = max(end, start)


# ---- PNG ----


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield the name, content and offset of each chunk of a PNG."""
    at = len(PNG_START)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length], at
        at += 12 + length


def check_png(png: bytes) -> None:
    """Raise a ValueError unless all data of a PNG are as they were written."""
    names = []
    for name, content, at in chunks(png):
        names.append(name)
        end = at + 8 + len(content)
        if name == b"IDAT" and png[end : end + 4] != struct.pack(
            ">I", zlib.crc32(content, zlib.crc32(name))
        ):
            raise ValueError("a checksum is wrong")
    if b"IEND" not in names:
        raise ValueError("its end is missing")


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
    exif, xmp, iptc, profile, dpi, texts, gamma = b"", b"", b"", b"", None, [], None
    is_srgb = False
    for name, content, _ in chunks(data):
        if name == b"eXIf":
            exif = content
        elif name == b"iCCP":
            profile = _inflate(content.partition(b"\0")[2][1:])
        elif name == b"cICP" and content[1:2] in HDR_TRANSFERS:
            raise BadPhotograph(HDR)
        elif name == b"sRGB":
            is_srgb = True
        elif name == b"gAMA" and len(content) == 4:
            gamma = int.from_bytes(content, "big") / 100_000
        elif name == b"pHYs" and len(content) == 9 and content[8] == 1:
            dpi = tuple(0.0254 * number for number in struct.unpack_from(">II", content))
        elif name == b"iTXt" and content.startswith(XMP_KEYWORD + b"\0"):
            compressed, packet = content[len(XMP_KEYWORD) + 1], content[len(XMP_KEYWORD) + 3 :]
            packet = packet.split(b"\0", 2)[-1]
            xmp = _inflate(packet) if compressed == 1 else packet
        elif name in (b"tEXt", b"zTXt") and content.startswith(b"Raw profile type "):
            held = _raw_profile(name, content)
            if held.startswith(XMP_MARKER):
                xmp = xmp or held[len(XMP_MARKER) :]
            elif b"type xmp" in content[:24]:
                xmp = xmp or held
            elif held.startswith((b"Exif\0\0", b"II*\0", b"MM\0*")):
                exif = exif or held
            elif held.startswith(_SIGNATURES):
                iptc = iptc or _resource(held, IPTC_BLOCK)
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            texts.append((name, content))
    if profile or is_srgb or not gamma or _SRGB_GAMMA[0] < gamma < _SRGB_GAMMA[1]:
        gamma = None
    return Record(parse(exif), xmp, iptc, b"", tuple(texts), dpi, profile, gamma)


def _raw_profile(name: bytes, content: bytes) -> bytes:
    """Decode what ImageMagick and others keep as hexadecimal text: a name, a size, then digits."""
    _, _, text = content.partition(b"\0")
    text = _inflate(text[1:]) if name == b"zTXt" else text
    digits = b"".join(text.strip().split(b"\n")[2:])
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""


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
