"""Reading photographs: every page of a file, upright, in sRGB, with what it tells beside."""

import contextlib
import io
import logging
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_colorize.data import deep, jpeg, kinds, record, tiff, tones
from keras_colorize.data.writing import output_suffix
from keras_colorize.data.writing import write as write
from keras_colorize.data.writing import write_pages as write_pages
from keras_colorize.errors import BadPhotograph

MAX_PIXELS = 100_000_000  # a scan of 10,000 × 10,000; larger claims are taken for attacks
_MAX_BYTES = 2**31  # of a file
# Damage is reported by us; Pillow would warn of it, too.
warnings.filterwarnings("ignore", module=r"PIL\.|tifffile")
logging.getLogger("PIL").setLevel(logging.CRITICAL)
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns; ours is checked before decoding

# Pillow's readers that are used; among the others are some that start other programs.
_FORMATS = (
    "JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "AVIF", "JPEG2000", "PPM", "PSD", "ICO", "PCX",
    "SGI", "SUN", "TGA", "DDS", "IM", "QOI",
)  # fmt: skip
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# Color as code points (ISO/IEC 23091-2): after their name, primaries and the transfer function.
_TRANSFER = re.compile(rb"colrnclx..\0(.)", re.DOTALL)
_WITH_PROFILE = b"colrprof"
_DEEP_SGI = b"\x01\xda\0\2", b"\x01\xda\1\2"  # two bytes a sample, of which Pillow takes one


class TooManyPixels(BadPhotograph):
    """A photograph that claims more pixels than are decoded."""


@dataclass(frozen=True)
class Scan:
    """One page of a file.

    Attributes:
        pixels: uint8, or uint16 where the file has more than 8 bits; `(H, W)` if it is gray, else
            `(H, W, 3)`; upright sRGB.
        alpha: Opacity, `(H, W)` of the same type; None if the page is opaque.
        told: What the file tells beside its pixels.
        doubt: What may be wrong with the tones or the data: a line on that.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    told: record.Record
    doubt: str = ""


class File:
    """A file of photographs, opened but not decoded.

    Args:
        source: A path, or the content of a file.
        max_pixels: A page that claims more is refused; `MAX_PIXELS` when None.

    Attributes:
        format: Pillow's name of its format.
        size: Width and height of the first page, as stored.
        told: What it tells beside the pixels of its first page.
        orientation: EXIF's number, 1…8, of the first page.

    Raises:
        BadPhotograph: Empty, no picture, without its end, of a kind that is not read, or more than
            `max_pixels`.
        OSError: The file cannot be opened.
    """

    def __init__(self, source: str | os.PathLike | bytes, max_pixels: int | None = None):
        data = source
        if not isinstance(source, bytes):
            with open(source, "rb") as file:
                data = content(file)
        if not data:
            raise BadPhotograph("empty file")
        if reason := kinds.refusal(data[: kinds.START]):
            raise BadPhotograph(reason)
        self._max_pixels = MAX_PIXELS if max_pixels is None else max_pixels
        self._data, self._tiff, self._image = data, None, None
        with _damage_named("unreadable header"):
            if tiff.is_tiff(data):
                self.format, self._tiff = "TIFF", tiff.Tiff(data)
                self.size = self._tiff.size(0)
                self.told = record.of_tiff(self._tiff, 0)
            else:
                self._image = _open(data)
                self.format, self.size = self._image.format, self._image.size
                self.told = record.of_file(data, self._image)
            self.orientation = self.told.orientation
            self._check(self.size)
        if self.format in ("JPEG", "MPO") and not jpeg.has_end(data):
            raise BadPhotograph("truncated: the end of the JPEG is missing")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the first page, upright."""
        return self.size if self.orientation >= 5 else self.size[::-1]

    @property
    def lacks_pages(self) -> bool:
        """Whether a TIFF tells of another page that is not there, as one that was cut does."""
        return self._tiff is not None and self._tiff.lacks_pages

    def __len__(self) -> int:
        """Return the number of pages: of a TIFF's scans, or of an animation's frames."""
        with _damage_named("truncated or damaged"):  # frames are found by reading all of them
            if self.format == "PSD":  # Pillow counts layers
                return 1
            return len(self._tiff) if self._tiff else getattr(self._image, "n_frames", 1)

    def read(self, page: int = 0) -> Scan:
        """Decode a page.

        Args:
            page: Its number, from 0.

        Raises:
            BadPhotograph: There is no such page; it is truncated, too large, or of a kind that is
                not read.
        """
        if not 0 <= page < len(self):
            raise BadPhotograph(f"there is no page {page + 1}, it has {len(self)}")
        told = self.told
        with _damage_named("truncated or damaged"):
            if self._tiff:
                self._check(self._tiff.size(page))
                self._check(self._tiff.tile(page))
                told = record.of_tiff(self._tiff, page)
                samples = self._tiff.read(page)
            elif self.format in ("JPEG", "MPO") and page == 0:
                samples = jpeg.decode(self._data, self._image)
            else:
                if page:
                    self._image.seek(page)
                first = None if page else deep.read(self._data, self._image)
                samples = first or tones.of_image(self._image)
            if not self._tiff or not told.exif.orientation:  # a TIFF's own is undone by its reader
                samples = tones.upright(samples, told.orientation)
            pixels = tones.to_srgb(samples, told.profile, told.gamma)
            return Scan(pixels, samples.alpha, told, samples.doubt)

    def _check(self, size):
        width, height = size
        if width < 1 or height < 1:
            raise BadPhotograph(f"unreadable header ({width}×{height} pixels)")
        if width * height > self._max_pixels:
            raise TooManyPixels(f"{width}×{height} is more than {self._max_pixels:,} pixels")


def content(file: BinaryIO) -> bytes:
    """Read a whole file.

    Raises:
        BadPhotograph: It is larger than any photograph.
    """
    read = file.read(_MAX_BYTES + 1)
    if len(read) > _MAX_BYTES:
        raise BadPhotograph(f"more than {_MAX_BYTES:,} bytes")
    return read


@contextlib.contextmanager
def _damage_named(reason):
    """Turn whatever a damaged byte leads readers to raise into a BadPhotograph."""
    try:
        yield
    except (BadPhotograph, MemoryError):
        raise
    except UnidentifiedImageError:
        raise BadPhotograph("not a picture") from None
    except Exception as error:
        raise BadPhotograph(f"{reason} ({str(error) or type(error).__name__})") from None


def _open(data: bytes) -> Image.Image:
    if data.startswith(b"8BPS") and data[22:24] > b"\0\x08":
        raise BadPhotograph(f"{data[23]}-bit PSD is not read; save it as TIFF")
    if data.startswith(_DEEP_SGI):
        raise BadPhotograph("16-bit SGI is not read; save it as TIFF")
    formats = _FORMATS
    if data[4:8] == b"ftyp":
        # Among several, which belong to gain maps, one that is not HDR is the picture's own.
        transfers = [found[1] for found in _TRANSFER.finditer(data)]
        if transfers and record.HDR_TRANSFERS.issuperset(transfers) and _WITH_PROFILE not in data:
            raise BadPhotograph(record.HDR)
        brands = data[8 : min(int.from_bytes(data[:4], "big"), kinds.START)]
        if b"avif" not in brands and any(brand in brands for brand in _HEIC_BRANDS):
            _register_heif()
            formats = ("HEIF",)
    elif data.startswith(record.PNG_START):
        data = record.pixels_only(data)
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        if kind := jpeg.uncommon_kind(data):
            raise BadPhotograph(f"{kind} is not read; convert it to PNG or TIFF") from None
        raise


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError:
        raise BadPhotograph(
            "HEIC is read where pillow-heif is: pip install 'keras_colorize[heif]'"
        ) from None
    pillow_heif.register_heif_opener()


def read(source: str | os.PathLike | bytes) -> np.ndarray:
    """Read a photograph upright, as uint8 sRGB `(H, W, 3)`.

    The first page of a file; more than 8 bits are rounded to 8; an embedded color profile is
    applied; transparency is dropped.

    Raises:
        BadPhotograph: Not a whole picture, of a kind that is not read, or too large.
        OSError: The file cannot be opened.
    """
    pixels = tones.to_8bit(File(source).read().pixels)
    return np.stack([pixels] * 3, axis=-1) if pixels.ndim == 2 else pixels


def output_name(name: str) -> str:
    """Return the name of a photograph's picture.

    A suffix that is not written becomes .png; what only looks like a suffix stays.
    """
    suffix = Path(name).suffix
    suffix = suffix if suffix.lower() in kinds.SUFFIXES else ""
    return name.removesuffix(suffix) + output_suffix(suffix)


def resized(picture: np.ndarray, factor: float) -> np.ndarray:
    """Resize a picture, by averaging areas where it gets smaller and bilinearly where larger.

    Args:
        picture: `(H, W)` or `(H, W, C)`.
        factor: What its sides are multiplied by; none gets shorter than a pixel.
    """
    size = [max(1, round(side * factor)) for side in picture.shape[1::-1]]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=method)


def center_crop(rgb: np.ndarray, size: int) -> np.ndarray:
    """Bring the short side to `size` and cut the central square.

    Reduced by averaging areas, enlarged bicubically.

    Args:
        rgb: uint8 `(H, W, 3)`.
        size: Pixels.

    Returns:
        uint8 `(size, size, 3)`.
    """
    height, width = rgb.shape[:2]
    scale = size / min(height, width)
    shape = max(size, round(width * scale)), max(size, round(height * scale))
    if shape != (width, height):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        rgb = cv2.resize(rgb, shape, interpolation=method)
    top, left = (rgb.shape[0] - size) // 2, (rgb.shape[1] - size) // 2
    return rgb[top : top + size, left : left + size]
