"""Reading photographs inside a TensorFlow graph, where Pillow cannot go.

An exported model takes files from strangers. So headers are parsed here, in TensorFlow operations
that cannot fail, and a decoder only runs on what passed: no picture that claims too many pixels is
decoded, and a damaged file becomes a message instead of an exception that names no file.

References:
    [1] JPEG: ITU-T T.81, annex B.      [2] PNG: W3C, third edition, §5.
    [3] GIF89a, CompuServe 1990.        [4] WebP: RFC 9649, §2.
    [5] BMP: Microsoft, BITMAPINFOHEADER.  [6] Exif 2.3, §4.6 (TIFF directories).
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_colorize.data import graph
from keras_colorize.data.photographs import MAX_PIXELS

_ORIENTATION, _SHORT, _LONG = 0x0112, 3, 4
# A file made of millions of empty blocks would keep a walk busy for minutes. A GIF needs one step
# for every 255 bytes of its first frame.
_MOST_CHUNKS, _MOST_GIF_BLOCKS = 2**12, 2**15


class _Header(NamedTuple):
    """What the head of a file tells, as int64 and a string."""

    width: tf.Tensor
    height: tf.Tensor
    exif: tf.Tensor  # where the EXIF block starts, 0 if there is none
    exif_end: tf.Tensor
    end: tf.Tensor  # of what the decoder shall see
    wrong: tf.Tensor  # empty if nothing is


class _Bytes:
    """A file's bytes, read as numbers; those beyond its end are zero."""

    def __init__(self, encoded):
        self.raw = tf.io.decode_raw(encoded, tf.uint8)
        self.size = tf.size(self.raw, tf.int64)

    def number(self, at, count: int, big_endian: bool = False):
        digits = tf.cast(self.raw[at : at + count], tf.int64)
        digits = tf.pad(digits, [[0, count - tf.size(digits)]])
        powers = 256 ** np.arange(count, dtype="int64")
        return tf.reduce_sum(digits * (powers[::-1] if big_endian else powers))

    def have(self, at, expected: bytes):
        return tf.equal(self.number(at, len(expected)), int.from_bytes(expected, "little"))


def _int64(*numbers):
    return [tf.constant(number, tf.int64) for number in numbers]


# ---- headers ----


def _jpeg_header(file):
    """Walk the segments up to the scan, for the frame's size and EXIF [1, B.1.1]."""

    def step(at, width, height, exif, exif_end):
        marker = file.number(at + 1, 1)
        # The frame headers are C0…CF, less the tables C4 and CC and the reserved C8.
        is_frame = (marker & 0xF0 == 0xC0) & (marker != 0xC4) & (marker != 0xC8) & (marker != 0xCC)
        is_exif = (marker == 0xE1) & file.have(at + 4, b"Exif\0\0")
        ends = (file.number(at, 1) != 0xFF) | (marker == 0xDA) | (marker == 0xD9)
        after = tf.where(marker == 0xFF, at + 1, at + 2 + file.number(at + 2, 2, True))
        return (
            tf.where(ends, file.size, after),
            tf.where(is_frame, file.number(at + 7, 2, True), width),
            tf.where(is_frame, file.number(at + 5, 2, True), height),
            tf.where(is_exif, at + 10, exif),
            tf.where(is_exif, after, exif_end),
        )

    _, *found = tf.while_loop(
        lambda at, *_: at < file.size,
        step,
        _int64(2, 0, 0, 0, 0),
        maximum_iterations=_MOST_CHUNKS,
    )
    return _Header(*found, file.size, "")


def _find_chunk(file, first: int, name: bytes, length_at: int, overhead: int, big_endian: bool):
    """Walk the chunks of a PNG or a RIFF file; return the named one's start and end."""

    def step(at, start, end):
        length = file.number(at + length_at, 4, big_endian)
        if not big_endian:
            length += length % 2  # RIFF pads to even lengths
        here = file.have(at + 4 - length_at, name)
        return (
            tf.where(here, file.size, at + overhead + length),
            tf.where(here, at + 8, start),
            tf.where(here, at + 8 + length, end),
        )

    _, start, end = tf.while_loop(
        lambda at, *_: at + 8 <= file.size,
        step,
        _int64(first, 0, 0),
        maximum_iterations=_MOST_CHUNKS,
    )
    return start, end


def _find_png_chunk(file, name: bytes):
    return _find_chunk(file, 8, name, length_at=0, overhead=12, big_endian=True)


def _png_header(file):
    """Read IHDR, which comes first, and find eXIf [2, §11.2.1 and §11.3.4.3]."""
    wrong = tf.where(file.have(12, b"IHDR"), "", "damaged PNG")
    exif = _find_png_chunk(file, b"eXIf")
    return _Header(file.number(16, 4, True), file.number(20, 4, True), *exif, file.size, wrong)


def _webp_header(file):
    """Read the first chunk, VP8, VP8L or VP8X, and find EXIF [4, §2.5 to §2.7]."""
    lossless = file.number(21, 4)
    sizes = {  # width and height
        b"VP8 ": (file.number(26, 2) & 0x3FFF, file.number(28, 2) & 0x3FFF),
        b"VP8L": ((lossless & 0x3FFF) + 1, (lossless // 2**14 & 0x3FFF) + 1),
        b"VP8X": (file.number(24, 3) + 1, file.number(27, 3) + 1),
    }
    width, height = _int64(0, 0)
    for name, size in sizes.items():
        width = tf.where(file.have(12, name), size[0], width)
        height = tf.where(file.have(12, name), size[1], height)
    exif, end = _find_chunk(file, 12, b"EXIF", length_at=4, overhead=8, big_endian=False)
    exif = tf.where(file.have(exif, b"Exif\0\0"), exif + 6, exif)  # some writers keep JPEG's prefix
    animated = file.have(12, b"VP8X") & (file.number(20, 1) & 2 != 0)
    wrong = tf.where(animated, "animated WebP, which is not read", "")
    return _Header(width, height, exif, end, file.size, wrong)


def _gif_header(file):
    """Find the first frame, which must fill the screen [3, §18 and §20].

    TensorFlow unpacks every frame of an animation, whatever sizes they claim; so it will be given
    no more than the first.
    """

    def table(at):  # the bytes of the color table that these flags tell of
        flags = file.number(at, 1)
        return tf.where(flags & 0x80 != 0, 3 * 2 ** (flags % 8 + 1), 0)

    def step(at, frame, in_data):
        value = file.number(at, 1)
        extension, descriptor = value == 0x21, value == 0x2C
        head = tf.where(descriptor, 10 + table(at + 9) + 1, file.size)  # or the trailer, or damage
        head = tf.where(~extension, head, 2)
        return (
            at + tf.where(in_data, 1 + value, head),
            tf.where(in_data | ~descriptor, frame, at),
            tf.where(in_data, value != 0, extension | descriptor),
        )

    start = 13 + table(tf.constant(10, tf.int64))
    end, frame, _ = tf.while_loop(
        lambda at, frame, in_data: (at < file.size) & ((frame == 0) | in_data),
        step,
        (start, _int64(0)[0], False),
        maximum_iterations=_MOST_GIF_BLOCKS,
    )
    width, height = file.number(6, 2), file.number(8, 2)
    fills = (
        (file.number(frame + 1, 4) == 0)
        & (file.number(frame + 5, 2) == width)
        & (file.number(frame + 7, 2) == height)
    )
    wrong = tf.where(fills, "", "GIF whose first frame does not fill it")
    wrong = tf.where(frame == 0, "damaged GIF", wrong)
    return _Header(width, height, *_int64(0, 0), end, wrong)


def _bmp_header(file):
    """Read BITMAPINFOHEADER; rows may run downwards, which a negative height says [5]."""
    height = file.number(22, 4)
    bits = file.number(28, 2)
    plain = (
        (file.number(14, 4) >= 40)
        & (file.number(30, 4) == 0)
        & ((bits == 8) | (bits == 24) | (bits == 32))
    )
    wrong = tf.where(plain, "", "BMP that is compressed or not of 8, 24 or 32 bits a pixel")
    height = tf.minimum(height, 2**32 - height)
    return _Header(file.number(18, 4), height, *_int64(0, 0), file.size, wrong)


def _no_header(file):
    wrong = tf.where(file.size == 0, "empty file", "not a " + " or ".join(_FORMATS))
    return _Header(*_int64(0, 0, 0, 0, 0), wrong)


# ---- decoders: encoded → uint8 (H, W, 1…4), or (0, 0, 1) if the file is damaged ----


def _attempt(decoder, encoded, dtype=tf.uint8):
    """Decode; where the decoder raises, return nothing. tf.data is what catches errors in a graph.

    Its preparations take longer than the decoding of a photograph, so the function is kept small
    and they are switched off.
    """
    quick = tf.data.Options()
    quick.autotune.enabled = False
    quick.experimental_optimization.apply_default_optimizations = False
    attempt = tf.data.Dataset.from_tensors(encoded).map(decoder)
    nothing = tf.zeros((0, 0, 1), dtype)
    return attempt.ignore_errors().with_options(quick).reduce(nothing, lambda _, picture: picture)


def _decode_jpeg(file, encoded):
    # The accurate transform is Pillow's, too; TensorFlow's own choice differs by up to 16 steps.
    decode = partial(tf.io.decode_jpeg, channels=3, dct_method="INTEGER_ACCURATE")
    return _attempt(decode, encoded)


def _decode_png(file, encoded):
    depth, color_type = file.number(24, 1), file.number(25, 1)

    def decode(channels):
        shallow = partial(tf.io.decode_png, channels=channels)

        def deep():
            return graph.to_8bit(_attempt(partial(shallow, dtype=tf.uint16), encoded, tf.uint16))

        return tf.cond(depth == 16, deep, lambda: _attempt(shallow, encoded))

    # Where there is no alpha, TensorFlow makes up a wrong one for few bits.
    transparent = (color_type >= 4) | (_find_png_chunk(file, b"tRNS")[0] > 0)
    return tf.cond(transparent, lambda: decode(4), lambda: decode(3))


def _decode_webp(file, encoded):
    return _attempt(lambda webp: tf.io.decode_webp(webp)[0], encoded)


def _decode_gif(file, encoded):
    return _attempt(lambda gif: tf.io.decode_gif(gif)[0], encoded)


def _decode_bmp(file, encoded):
    picture = _attempt(tf.io.decode_bmp, encoded)

    def indexed():  # TensorFlow takes 8 bits for gray and ignores the palette
        start = 14 + file.number(14, 4)
        palette = tf.reshape(tf.pad(file.raw[start : start + 1024], [[0, 1024]])[:1024], (256, 4))
        return tf.gather(palette[:, 2::-1], tf.cast(picture[..., 0], tf.int32))

    # A fourth byte is alpha or nothing; who writes nothing often writes zeros.

    return tf.cond(file.number(28, 2) == 8, indexed, lambda: picture[..., :3])


_FORMATS = {  # name: (where and how its files start, header, decoder)
    "JPEG": ([(0, b"\xff\xd8\xff")], _jpeg_header, _decode_jpeg),
    "PNG": ([(0, b"\x89PNG\r\n\x1a\n")], _png_header, _decode_png),
    "WebP": ([(0, b"RIFF"), (8, b"WEBP")], _webp_header, _decode_webp),
    "GIF": ([(0, b"GIF8")], _gif_header, _decode_gif),
    "BMP": ([(0, b"BM")], _bmp_header, _decode_bmp),
}


def read(encoded, max_pixels: int = MAX_PIXELS):
    """Read a photograph upright, as `photographs.read` does, but for color profiles.

    JPEG (gray, RGB, CMYK), PNG, WebP (not animated), GIF (its first frame) and BMP (8, 24 and 32
    bits, uncompressed). Nothing is raised: the caller learns what is wrong.

    Args:
        encoded: string `()`, the bytes of the file.
        max_pixels: More than so many are refused before decoding.

    Returns:
        uint8 `(H, W, 4)`, sRGB and alpha, which is 255 where the format has none that we read
        (GIF, BMP); `(0, 0, 4)` if there is no picture. And string `()`: what is wrong, or empty.
    """
    file = _Bytes(encoded)
    kind = tf.constant(len(_FORMATS))  # of no format that we know
    for number, (starts, _, _) in enumerate(_FORMATS.values()):
        is_this = tf.reduce_all([file.have(at, expected) for at, expected in starts])
        kind = tf.where(is_this, number, kind)
    headers = [partial(header, file) for _, header, _ in _FORMATS.values()]
    header = tf.switch_case(kind, [*headers, partial(_no_header, file)])
    width, height, wrong = header.width, header.height, header.wrong

    # A product of two 32-bit numbers may not fit 64 bits with a sign; a quotient always does.
    too_many = height > max_pixels // tf.maximum(width, 1)
    shown = tf.strings.join([tf.strings.as_string(width), "×", tf.strings.as_string(height)])
    size_wrong = tf.where(too_many, shown + f" is more than {max_pixels:,} pixels", "")
    size_wrong = tf.where((width == 0) | (height == 0), "damaged header", size_wrong)
    wrong = tf.where(wrong == "", size_wrong, wrong)

    cut = tf.strings.substr(encoded, 0, tf.cast(header.end, tf.int32))
    decoders = [partial(decoder, file, cut) for _, _, decoder in _FORMATS.values()]
    decoders.append(lambda: tf.zeros((0, 0, 1), tf.uint8))
    picture = tf.switch_case(tf.where(wrong == "", kind, len(_FORMATS)), decoders)
    missing = 4 - tf.shape(picture)[-1]
    picture = tf.pad(picture, [[0, 0], [0, 0], [0, missing]], constant_values=255)
    damaged = (wrong == "") & (tf.size(picture) == 0)
    name = tf.gather([*_FORMATS, ""], kind)
    wrong = tf.where(damaged, "damaged or truncated " + name, wrong)
    return graph.upright(picture, _orientation(file, header.exif, header.exif_end)), wrong


def _orientation(file, exif, end):
    """Return the orientation, 1 to 8, that an EXIF block tells of, or 1 [6]."""
    # Some writers put the prefix of JPEG's segment twice.
    exif = tf.where(file.have(exif, b"Exif\0\0"), exif + 6, exif)
    big = file.have(exif, b"MM")

    def number(at, count):
        return tf.where(big, file.number(at, count, True), file.number(at, count))

    entries = exif + number(exif + 4, 4) + 2
    available = tf.maximum(tf.minimum(end, file.size) - entries, 0) // 12
    count = tf.minimum(number(entries - 2, 2), available)
    table = tf.reshape(file.raw[entries : entries + 12 * count], (-1, 12))
    table = tf.cast(table, tf.int64)

    def field(at):
        first, second = table[:, at], table[:, at + 1]
        return tf.where(big, 256 * first + second, 256 * second + first)

    def long(at):
        first, second = field(at), field(at + 2)
        return tf.where(big, 2**16 * first + second, 2**16 * second + first)

    numbers = tf.where(field(2) == _LONG, long(8), field(8))
    known = (field(2) == _SHORT) | (field(2) == _LONG)
    told = (field(0) == _ORIENTATION) & known & (long(4) == 1)
    values = tf.boolean_mask(numbers, told)
    value = tf.reduce_max(tf.concat([values, [1]], 0))
    return tf.where((exif == 0) | (value > 8), 1, tf.cast(value, tf.int32))
