"""TIFF: its pages, samples of any kind, and writing.

tifffile decodes gray, RGB and CMYK of any depth and odd palettes; Pillow the rest, of 8 bits or
less: palettes, YCbCr, CIELab, bits packed into bytes, fax and JPEG compression.

References:
    [1] TIFF 6.0, Adobe 1992, §2 (directories), §8 (photometric interpretation) and §18 (alpha).
"""

import io
import itertools
import logging
import math
import mmap
import os
import struct
from collections.abc import Iterable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from keras_colorize import quiet
from keras_colorize.data import exif, jpeg, tones
from keras_colorize.data.tones import Samples
from keras_colorize.errors import BadPhotograph

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it warns of damage that we report

ICC, XMP, IPTC, PHOTOSHOP = 34675, 700, 33723, 34377  # tags
_PHOTOMETRIC = 262
_MOST_PAGES = 10_000
_MOST_SAMPLES = 8  # of a pixel, extra ones included
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_WHITE_IS_ZERO, _RGB, _CMYK = 0, 2, 5
_MODELS = {_WHITE_IS_ZERO: ("gray", 1), 1: ("gray", 1), _RGB: ("rgb", 3), _CMYK: ("cmyk", 4)}
_YCBCR = 6  # in JPEG alone, of which tifffile makes RGB
_FAX_AND_JPEG, _LZW, _JPEG = {2, 3, 4, 6, 7}, 5, 7  # compressions
_MCU = 16  # pixels; some writers fill up JPEG's blocks
_PALETTE, _PLANES_APART = 3, 2
_BITS_THAT_PILLOW_LACKS = {3, 5, 6, 7, 8}  # of 8, some compressions
_MISREAD = range(17, 32)  # bits that tifffile takes from the wrong end where order is big-endian
_UNSIGNED = 1
_OF_TAGS = "_TIFFVSetField", "TIFFFetch", "TIFFReadDirectory"  # how libtiff's messages begin
_PREMULTIPLIED, _ALPHA = 1, 2


def is_tiff(data: bytes) -> bool:
    """Tell whether a file starts as a TIFF or a BigTIFF."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class Tiff:
    """The pages of a TIFF file that are pictures: not thumbnails, reduced copies or masks.

    Where all of them are such, as in TIFF/EP, the pictures are in their subdirectories.

    Args:
        data: The whole file.

    Attributes:
        lacks_pages: Whether another page is told of that cannot be found.

    Raises:
        BadPhotograph: There is no page.
    """

    def __init__(self, data: bytes):
        self._data = data
        every = _all(tifffile.TiffFile(io.BytesIO(data)).pages)
        if not every:
            raise BadPhotograph("unreadable header (a TIFF without a page)")
        self.lacks_pages = _next(data, every[-1]) not in {0, *(page.offset for page in every)}
        below = [(page, sub) for page in every for sub in _all(page.pages or ())]
        self._above = {sub: page for page, sub in below}
        self._pages = _whole(every) or _whole(self._above) or every

    def __len__(self):
        return len(self._pages)

    def size(self, number: int) -> tuple[int, int]:
        """Return a page's width and height, as stored."""
        return self._pages[number].imagewidth, self._pages[number].imagelength

    def tile(self, number: int) -> tuple[int, int]:
        """Return the width and height of a tile of a page; 1 where it has strips."""
        page = self._pages[number]
        return (page.tilewidth, page.tilelength) if page.is_tiled else (1, 1)

    def exif(self, number: int) -> exif.Exif:
        """Return a page's directories; those of a BigTIFF's exposure and place are not read."""
        page = self._pages[number]
        if page not in self._above:
            return _exif(self._data, page)
        # A subdirectory tells of its pixels, the one above it of the photograph.
        whole, own = _exif(self._data, self._above[page]), _exif(self._data, page)
        image = exif.without_storage(whole.image) | own.image
        if exif.ORIENTATION in whole.image:
            image.setdefault(exif.ORIENTATION, whole.image[exif.ORIENTATION])
        return exif.Exif(whole.order, image, whole.exposure, whole.gps)

    def read(self, number: int) -> Samples:
        """Decode a page, upright.

        Raises:
            BadPhotograph: Samples of a kind that is not read.
        """
        page = self._pages[number]
        if page.samplesperpixel > _MOST_SAMPLES:
            raise BadPhotograph(f"TIFF with {page.samplesperpixel} samples a pixel is not read")
        if page.compression == _JPEG:
            self._check_jpegs(page)
        # Pillow sees no subdirectories.
        if _is_plain(page) or (page in self._above and page.compression == _JPEG):
            return tones.upright(_decode(self._data, page), self.exif(number).orientation or 1)
        if page in self._above:
            raise BadPhotograph(f"{_kind(page)} in a subdirectory is not read")
        try:
            image = Image.open(io.BytesIO(self._data))
        except UnidentifiedImageError:
            raise BadPhotograph(f"{_kind(page)} is not read") from None
        image.seek(page.index)
        with quiet.libtiff() as messages:
            image.load()  # and Pillow turns it upright
        # Of YCbCr, libtiff gives whatever it could decode. A wrong tag need not matter.
        damage = [text for text in messages if not text.startswith(_OF_TAGS)]
        if damage:
            raise BadPhotograph(f"truncated or damaged ({damage[0]})")
        return tones.of_image(image)

    def _check_jpegs(self, page) -> None:
        """See that strips and tiles are whole: neither Pillow nor tifffile tells."""
        tables = (page.jpegtables or b"")[:-2]  # without the marker of its end
        width, height = page.tilewidth, page.tilelength
        if not page.is_tiled:
            width, height = page.imagewidth, min(page.rowsperstrip, page.imagelength)
        for offset, count in set(zip(page.dataoffsets, page.databytecounts)):
            part = self._data[offset : offset + count]
            jpeg.check(tables + part[2:] if tables else part, width + _MCU, height + _MCU)


def _exif(data: bytes, page: tifffile.TiffPage) -> exif.Exif:
    order = page.parent.byteorder
    if not page.parent.is_bigtiff:
        return exif.read(data, order, page.offset)
    image = {}
    for tag in page.tags:
        raw = data[tag.valueoffset : tag.valueoffset + tag.valuebytecount]
        if raw and len(raw) == tag.valuebytecount:
            image[tag.code] = exif.Value(tag.dtype, tag.count, raw)
    return exif.Exif(order, image)


def _whole(pages: Iterable[tifffile.TiffPage]) -> list[tifffile.TiffPage]:
    return [page for page in pages if not page.subfiletype & (_REDUCED | _MASK)]


def _all(pages: Iterable[tifffile.TiffPage]) -> list[tifffile.TiffPage]:
    """List pages up to a damaged one, once each where they are linked in a circle."""
    found, seen = [], set()
    try:
        for page in pages:
            if page.offset in seen or len(found) == _MOST_PAGES:
                break
            seen.add(page.offset)
            found.append(page)
    except tifffile.TiffFileError:
        if not found:
            raise
    return found


def _next(data: bytes, page: tifffile.TiffPage) -> int:
    """Return where a directory says that the next one begins; 0 after the last."""
    big, order = page.parent.is_bigtiff, page.parent.byteorder
    count, entry, place = ("Q", 20, "Q") if big else ("H", 12, "I")
    (entries,) = struct.unpack_from(order + count, data, page.offset)
    at = page.offset + struct.calcsize(order + count) + entry * entries
    return struct.unpack_from(order + place, data, at)[0]


def _is_plain(page) -> bool:
    if np.max(page.bitspersample) > 8 or np.any(np.not_equal(page.sampleformat, _UNSIGNED)):
        return True
    if page.photometric == _PALETTE:
        return page.colormap.max() < 256 and page.compression not in _FAX_AND_JPEG
    lacks = page.bitspersample in _BITS_THAT_PILLOW_LACKS or page.photometric == _RGB
    lacks = lacks or _PHOTOMETRIC not in page.tags
    return lacks and _photometric(page) in _MODELS and page.compression not in _FAX_AND_JPEG


def _photometric(page) -> int:
    """Return what samples mean; where a file does not say, as libtiff takes it."""
    if _PHOTOMETRIC in page.tags:
        return page.photometric
    if page.compression in _FAX_AND_JPEG:
        return _WHITE_IS_ZERO
    return _RGB if page.samplesperpixel >= 3 else 1


def _kind(page) -> str:
    return f"{page.bitspersample}-bit {getattr(page.photometric, 'name', page.photometric)} TIFF"


def _decode(data: bytes, page) -> Samples:
    kind = _kind(page)
    photometric = _photometric(page)
    if photometric not in (*_MODELS, _YCBCR, _PALETTE) or page.imagedepth > 1:
        raise BadPhotograph(f"{kind} is not read")
    if isinstance(page.bitspersample, tuple):
        raise BadPhotograph("TIFF whose samples have different numbers of bits is not read")
    if page.parent.byteorder == ">" and page.bitspersample in _MISREAD:
        raise BadPhotograph(f"big-endian {kind} is not read")
    if len(page.dataoffsets) < math.prod(page.chunked) or not all(page.databytecounts):
        raise BadPhotograph("truncated or damaged: strips of the TIFF are missing")
    values = _by_libtiff(data, page) if page.compression == _LZW else page.asarray()
    if page.samplesperpixel == 1:
        values = values[..., None] if values.ndim == 2 else values
    elif page.planarconfig == _PLANES_APART:
        values = np.moveaxis(values, 0, -1)
    if photometric == _PALETTE:
        # Some writers had colors of 8 bits in the map, which has room for 16.
        colors = page.colormap if page.colormap.max() > 255 else page.colormap.astype("uint8")
        indices = values[..., 0].astype("uint16", copy=False)  # 1 bit is a truth value
        return Samples(np.ascontiguousarray(colors.T)[indices], "rgb")
    model, channels = _MODELS[_RGB if photometric == _YCBCR else photometric]
    if values.ndim != 3 or values.shape[2] < channels:
        raise BadPhotograph(f"{kind} with {page.samplesperpixel} samples a pixel is not read")
    alpha = None
    if values.shape[2] > channels and page.extrasamples[:1] in ((_PREMULTIPLIED,), (_ALPHA,)):
        alpha = tones.scaled(values[..., channels], page.bitspersample)
    stored = values[..., :channels]
    values = tones.scaled(stored, page.bitspersample)
    doubt = tones.doubt(stored, page.bitspersample)
    if photometric == _WHITE_IS_ZERO:
        values = np.iinfo(values.dtype).max - values
    if alpha is not None and page.extrasamples[0] == _PREMULTIPLIED:
        top = np.iinfo(values.dtype).max
        share = np.maximum(alpha, 1)[..., None] / np.float32(top)
        values = np.rint(np.minimum(values / share, top)).astype(values.dtype)
    return Samples(values[..., 0] if model == "gray" else values, model, alpha, doubt)


def _by_libtiff(data: bytes, page) -> np.ndarray:
    """Decode a page in LZW: imagecodecs' own decoder reads on where damaged data end."""
    order, alone = page.parent.byteorder, bytearray(data)
    first = ("Q", 8) if page.parent.is_bigtiff else ("I", 4)
    struct.pack_into(order + first[0], alone, first[1], page.offset)
    if page.photometric == _CMYK:  # which would be converted
        struct.pack_into(order + "H", alone, page.tags[_PHOTOMETRIC].valueoffset, 1)
    return imagecodecs.tiff_decode(bytes(alone), index=0, asrgb=False)


# ---- writing ----


def write(path: Path, pages: Iterable[tuple[np.ndarray, exif.Exif]]) -> None:
    """Write pages one after the other, compressed without loss.

    Args:
        path: Where to; it is replaced.
        pages: Pictures, uint8 or uint16, `(H, W)`, `(H, W, 3)` or `(H, W, 4)` with alpha; each
            with the tags to add to its directory, all in one byte order.
    """
    added, pages = [], iter(pages)
    first = next(pages)
    order = first[1].order
    with tifffile.TiffWriter(path, byteorder=order) as writer:
        for picture, tags in itertools.chain([first], pages):
            writer.write(
                picture,
                photometric="minisblack" if picture.ndim == 2 else "rgb",
                extrasamples=["unassalpha"] if picture.shape[2:] == (4,) else None,
                compression="zlib",
                predictor=True,
                metadata=None,
                software=False,
            )
            added.append(tags)
    if any(added):
        _add_tags(path, added, order)


def _add_tags(path: Path, added: list[exif.Exif], order: str) -> None:
    """Write directories again at the end of the file, each with more tags in it."""

    def after(directory, at):  # where a directory names the next one
        return at + 2 + 12 * struct.unpack_from(order + "H", directory, at)[0]

    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        link = 4
        (at,) = struct.unpack_from(order + "I", data, link)
        for tags in added:
            (following,) = struct.unpack_from(order + "I", data, after(data, at))
            if tags:
                stored = exif.read(data, order, at)
                whole = exif.Exif(order, stored.image | tags.image, tags.exposure, tags.gps)
                end = file.seek(0, os.SEEK_END)
                file.write(bytes(end % 2))
                end += end % 2
                block = exif.directories(whole, end, following)
                file.write(block)
                file.seek(link)
                file.write(struct.pack(order + "I", end))
                link = end + after(block, 0)
            else:
                link = after(data, at)
            at = following
