"""Writing pictures, with what is known of the photograph beside its pixels.

References:
    [1] PNG: W3C, third edition, §11.3.    [2] JPEG: ITU-T T.81, §B.2.4.
    [3] Photoshop file formats, Adobe 2019: image resource blocks.
"""

import dataclasses
import io
import itertools
import os
import struct
import zlib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from PIL import Image

from keras_colorize import errors, files
from keras_colorize.data import exif, record, tiff, tones
from keras_colorize.data.record import Record

_SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG",
    ".webp": "WebP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP",
}  # fmt: skip
_DEEP, _TRANSPARENT = {"PNG", "TIFF"}, {"PNG", "TIFF", "WebP"}
_NO_PLACE = {  # what of a record a format cannot hold
    "JPEG": ("texts",),
    "WebP": ("iptc", "comment", "texts", "dpi"),
    "BMP": ("exif", "xmp", "iptc", "comment", "texts"),
    "TIFF": ("comment", "texts"),
}
_MOST_JPEG = 65533  # bytes in a segment after its length [2]
_MOST_WEBP_SIDE, _MOST_JPEG_SIDE = 16383, 65535
_EXIF_HEADER = b"Exif\0\0"
_JFIF_END = 20  # bytes of a JPEG's start and of its first segment, which says the resolution


def output_suffix(suffix: str) -> str:
    """Return the suffix to write a picture with that was read from a file with `suffix`."""
    return suffix if suffix.lower() in _SUFFIXES else ".png"


def write(
    path: str | os.PathLike,
    pixels: np.ndarray,
    alpha: np.ndarray | None = None,
    told: Record | None = None,
) -> list[str]:
    """Write one sRGB picture atomically, in the format of the path's suffix.

    Args:
        path: Where to. A JPEG has quality 95 and no chroma subsampling, since chroma is what we
            make; PNG, TIFF and BMP lose nothing. 16 bits are kept in PNG and TIFF.
        pixels: uint8 or uint16, `(H, W)` or `(H, W, 3)`, upright.
        alpha: uint8 or uint16 `(H, W)`, kept where the format has transparency.
        told: What to keep of the photograph's record; what describes its old pixels is dropped,
            and that this package made the picture is added. None: nothing is told.

    Returns:
        What of the record the format has no place for; empty if all was kept.

    Raises:
        UsageError: A suffix that we do not write.
    """
    return write_pages(path, [(pixels, alpha, told)])


def write_pages(
    path: str | os.PathLike,
    pages: Iterable[tuple[np.ndarray, np.ndarray | None, Record | None]],
) -> list[str]:
    """Write pictures as the pages of one file, which must be a TIFF if there are several.

    Args:
        path: Where to.
        pages: The arguments of `write` for each page; they are asked for one after the other.

    Returns:
        As `write`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise errors.wrong(f"A picture's suffix must be one of {sorted(_SUFFIXES)}.", path=path)
    form, lost = _SUFFIXES[suffix], []
    prepared = (_prepare(form, lost, *page) for page in pages)
    with files.atomic_file(path) as temporary:
        if form == "TIFF":
            tiff.write(temporary, itertools.starmap(_tiff_page, prepared))
        else:
            for pixels, told in prepared:
                temporary.write_bytes(_ENCODERS[form](pixels, told, lost))
    return list(dict.fromkeys(lost))


def _prepare(form, lost, pixels, alpha, told):
    height, width = pixels.shape[:2]
    most = {"JPEG": _MOST_JPEG_SIDE, "WebP": _MOST_WEBP_SIDE}.get(form, max(width, height))
    if max(width, height) > most:
        raise errors.BadPhotograph(f"{width}×{height} is more than {most} pixels a side for {form}")
    if form not in _DEEP:
        pixels = tones.to_8bit(pixels)
    if alpha is not None and form in _TRANSPARENT:
        scaled = tones.to_8bit(alpha) if pixels.dtype == np.uint8 else alpha
        if scaled.dtype != pixels.dtype:
            scaled = scaled.astype("uint16") * np.uint16(257)
        if pixels.ndim == 2:
            pixels = np.stack([pixels] * 3, axis=-1)
        pixels = np.dstack([pixels, scaled])
    is_told, told = told is not None, (told or Record()).cleaned(width, height)
    unkept = [name for name in _NO_PLACE.get(form, ()) if getattr(told, name)]
    lost += [f"{name}, which {form} has no place for" for name in unkept]
    lost += told.unread
    if is_told and "exif" not in _NO_PLACE.get(form, ()):
        told = dataclasses.replace(told, exif=exif.marked(told.exif))
    return pixels, told


# ---- formats: a picture and its record → a file's content, and what has no place in it ----


def _jpeg(pixels, told, lost):
    block, dropped = exif.shortened(told.exif, _MOST_JPEG - len(_EXIF_HEADER))
    lost += [f"EXIF tag 0x{tag:04x}, too large for JPEG" for tag in dropped]
    added = _segment(0xE1, _EXIF_HEADER + block) if block else b""
    if told.iptc:
        added += _photoshop_segments(told.iptc)
    if told.xmp and len(told.xmp) <= _MOST_JPEG - len(record.XMP_MARKER):
        added += _segment(0xE1, record.XMP_MARKER + told.xmp)
    elif told.xmp:
        lost.append("XMP, too large for JPEG")
    if told.comment:
        added += _segment(0xFE, told.comment[:_MOST_JPEG])
        lost += ["the end of the comment, too long for JPEG"] * (len(told.comment) > _MOST_JPEG)
    # Pillow would write the same bytes, but takes half as long again.
    pixels = np.ascontiguousarray(pixels)
    content = bytearray(imagecodecs.jpeg8_encode(pixels, level=95, subsampling="444"))
    if told.dpi:
        struct.pack_into(">BHH", content, 13, 1, *map(round, told.dpi))  # 1: dots per inch
    content[_JFIF_END:_JFIF_END] = added
    return content


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _photoshop_segments(iptc: bytes) -> bytes:
    block = _iptc_block(iptc)
    most = _MOST_JPEG - len(record.PHOTOSHOP_MARKER)
    parts = [block[at : at + most] for at in range(0, len(block), most)]
    return b"".join(_segment(0xED, record.PHOTOSHOP_MARKER + part) for part in parts)


def _iptc_block(iptc: bytes) -> bytes:
    head = struct.pack(">4sHHI", b"8BIM", record.IPTC_BLOCK, 0, len(iptc))  # without a name [3]
    return head + iptc + bytes(len(iptc) % 2)


def _webp(pixels, told, lost):
    options = {"quality": 95}
    if told.exif:
        options["exif"] = exif.serialize(told.exif)
    if told.xmp:
        options["xmp"] = told.xmp
    return _pillow(pixels, "WEBP", Record(), options)


def _bmp(pixels, told, lost):
    return _pillow(pixels, "BMP", told, {})


def _pillow(pixels, form, told, options):
    if told.dpi:
        options["dpi"] = told.dpi
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form, **options)
    return content.getbuffer()


def _png(pixels, told, lost):
    added = b""
    if told.dpi:
        x, y = (round(number / 0.0254) for number in told.dpi)
        added += _chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if told.exif:
        added += _chunk(b"eXIf", exif.serialize(told.exif))
    if told.xmp:
        added += _chunk(b"iTXt", record.XMP_KEYWORD + bytes(5) + told.xmp)
    if told.iptc:  # as ImageMagick and ExifTool keep it: hexadecimal text of 36 bytes a line
        block = _iptc_block(told.iptc)
        text = f"\niptc\n{len(block):8d}\n{block.hex(chr(10), -36)}\n".encode()
        added += _chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(text))
    if told.comment:
        added += _chunk(*_comment_text(told.comment))
    added += b"".join(_chunk(name, content) for name, content in told.texts)
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2:] == (4,) else cv2.COLOR_RGB2BGR
    swapped = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, order)
    content = memoryview(cv2.imencode(".png", swapped)[1])
    at = len(record.PNG_START) + 25  # after the header, which comes first [1]
    return b"".join([content[:at], added, content[at:]])


def _comment_text(comment: bytes) -> tuple[bytes, bytes]:
    try:
        comment.decode("utf-8")
    except UnicodeDecodeError:
        return b"tEXt", b"Comment\0" + comment.replace(b"\0", b"")
    return b"iTXt", b"Comment" + bytes(5) + comment


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


_ENCODERS = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp, "BMP": _bmp}


def _tiff_page(pixels, told):
    image, order = dict(told.exif.image), told.exif.order
    for tag, kind, content in (
        (tiff.XMP, exif.BYTE, told.xmp),
        (tiff.IPTC, exif.UNDEFINED, told.iptc),
    ):
        if content:
            image[tag] = exif.Value(kind, len(content), content)
    if told.dpi:
        image[exif.RESOLUTION_UNIT] = exif.Value(exif.SHORT, 1, struct.pack(order + "H", 2))
        for tag, number in zip((exif.X_RESOLUTION, exif.Y_RESOLUTION), told.dpi):
            ratio = Fraction(number).limit_denominator(1000)
            raw = struct.pack(order + "II", *ratio.as_integer_ratio())
            image[tag] = exif.Value(exif.RATIONAL, 1, raw)
    return pixels, exif.Exif(order, image, told.exif.exposure, told.exif.gps)
