"""JPEG: its segments, and decoding that tells of damage.

Pillow, OpenCV and imagecodecs give whatever could be decoded and keep libjpeg's warnings to
themselves. simplejpeg hands on the first of them.

References:
    [1] ITU-T T.81, annex B.
"""

import dataclasses
import re
import struct
from collections.abc import Iterator

import simplejpeg
from PIL import Image

from keras_colorize.data import tones
from keras_colorize.data.tones import Samples

_SCAN, _END, _ADOBE = 0xDA, b"\xff\xd9", 0xEE
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_BASELINE, _FRAMES = {0xC0, 0xC1}, {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_LOSSLESS, _JPEG_LS = {0xC3, 0xCB}, 0xF7
_TRANSFORMS = {"CMYK": b"\2"}  # Adobe's numbers: YCCK, else YCbCr; 0 is none
_YCBCR = b"\1"
_WHOLE_SPECTRUM = b"\0\x3f\0"  # what ends the header of a baseline scan
# Pillow's mode → simplejpeg's color space, our model.
_SPACES = {"L": ("GRAY", "gray"), "RGB": ("RGB", "rgb"), "CMYK": ("CMYK", "cmyk")}
# Warnings that pixels are missing or wrong, and the one that may mean nothing.
_DAMAGE = re.compile("^Corrupt JPEG data|^Premature end")
_LEFT_OVER = re.compile(r"^Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")
_READ_AHEAD = 16  # bytes that libjpeg may have taken in before it counts those left over


def segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield marker, content and offset of each segment up to the scan [1, B.1.1].

    Bytes between segments, which are against the rules, are passed over.
    """
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0, 0xFF) or marker in _WITHOUT_LENGTH:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + length], at
        if marker in (_SCAN, 0xD9):
            return
        at += 2 + max(length, 2)


def has_end(data: bytes) -> bool:
    """Tell whether the marker that ends a JPEG follows its first scan.

    Without it decoders may or may not notice that rows are missing.
    """
    scan = [at for marker, _, at in segments(data) if marker == _SCAN]
    return bool(scan) and data.find(_END, scan[0]) >= 0


def uncommon_kind(data: bytes) -> str:
    """Name a JPEG of an uncommon kind by its frame's header [1, B.2.2]; others have no name."""
    for marker, content, _ in segments(data):
        if marker == _JPEG_LS:
            return "JPEG-LS"
        if marker in _LOSSLESS:
            return "lossless JPEG"
        if marker in _FRAMES and content[:1] != b"\x08":
            return f"{content[0]}-bit JPEG" if content else ""
    return ""


def decode(data: bytes, image: Image.Image) -> Samples:
    """Decode a JPEG as Pillow does, in half the time.

    Args:
        data: The file.
        image: The same, opened by Pillow.

    Raises:
        ValueError: Its data are damaged.
    """
    space, model = _SPACES[image.mode]
    try:
        values = simplejpeg.decode_jpeg(_pixels_only(data, image.mode), space)
    except ValueError as error:
        damaged, left_over = _is_damage(str(error), data), _LEFT_OVER.match(str(error))
        if damaged and not left_over:
            raise
        samples = tones.of_image(image)  # also of subsampling that simplejpeg does not take
        if damaged:
            doubt = "it has bytes too many; parts of it may be damaged"
            samples = dataclasses.replace(samples, doubt=doubt)
        return samples
    if model == "cmyk":
        values = 255 - values  # Adobe's way, which is everybody's
    return Samples(values[..., 0] if model == "gray" else values, model)


def check(data: bytes, width: int, height: int) -> None:
    """See that a JPEG without a file's header, such as a strip of a TIFF, is whole.

    Args:
        data: The JPEG.
        width: The pixels that it may have at most.
        height: The pixels that it may have at most.

    Raises:
        ValueError: Its data are damaged, or it is larger.
    """
    try:
        rows, columns, space, _ = simplejpeg.decode_jpeg_header(data)
        if rows > height or columns > width:
            raise ValueError(f"Corrupt JPEG data: {columns}×{rows} pixels in {width}×{height}")
        space = {"Gray": "GRAY", "CMYK": "CMYK", "YCCK": "CMYK"}.get(space, "RGB")
        simplejpeg.decode_jpeg(data, space, min_height=1, min_width=1, min_factor=8)
    except ValueError as error:
        if _is_damage(str(error), data):
            raise


def _is_damage(message: str, data: bytes) -> bool:
    left_over = _LEFT_OVER.match(message)
    if left_over:
        return not _ends_in_zeros(data, int(left_over[1]))
    return bool(_DAMAGE.match(message))


def _pixels_only(data: bytes, mode: str) -> bytes:
    """Return a JPEG without what does not say what its pixels are: nothing else is warned of."""
    usual = _TRANSFORMS.get(mode, _YCBCR)
    kept, frame = [data[:2]], None
    for marker, content, at in segments(data):
        whole = data[at : at + 4 + len(content)]
        if marker == _SCAN:
            kept.append(whole[:-3] + _WHOLE_SPECTRUM if frame in _BASELINE else whole)
            kept.append(data[at + len(whole) :])
        elif marker == 0xE0 and content[:5] == b"JFIF\0":
            kept.append(whole[:9] + b"\1\2" + whole[11:])  # version 1.2, where it has an odd one
        elif marker == _ADOBE and content[:5] == b"Adobe" and content[11:12] not in (b"\0", usual):
            kept.append(whole[:15] + usual + whole[16:])  # as libjpeg takes it
        elif not 0xE0 <= marker <= 0xFE or marker == _ADOBE:
            kept.append(whole)
            frame = marker if marker in _FRAMES else frame
    return b"".join(kept)


def _ends_in_zeros(data: bytes, count: int) -> bool:
    """Tell whether so many zeros were added to whole data, as some cameras do.

    Where there are more of them than were left over, some were decoded in place of data.
    """
    return bytes(count) + _END in data and bytes(count + _READ_AHEAD) + _END not in data
