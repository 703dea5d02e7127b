"""Makes damaged and hostile requests for an exported model, and says what becomes of one.

For the tests of what is served and for benchmarks/fuzzed_requests.py.
"""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from encoded import decode, encode
from PIL import Image

from keras_colorize.data import photographs

_SENTENCE = re.compile(r"image 1 of the batch \(the first is 0\): ([^\n\]\[]+)")
_EXTREMES = 0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1


def requests(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the kind and the bytes of so many files, one of each kind in turn."""
    random = np.random.default_rng(seed)
    files = _files(random)
    for number in range(count):
        kind, change = list(_CHANGES.items())[number % len(_CHANGES)]
        one, other = (files[at] for at in random.integers(0, len(files), 2))
        yield kind, change(one, other, random)


def fate(content: bytes, colorize: Callable, neighbor: bytes, expected: bytes) -> str:
    """Ask for a file between two good ones; return "colored" or the sentence of the refusal.

    Args:
        content: The file.
        colorize: The signature `serving_default`.
        neighbor: A good photograph.
        expected: The PNG that it becomes.

    Raises:
        AssertionError: The answer is neither, or not what a neighbor must get.
    """
    images = tf.constant([neighbor, content, neighbor])
    try:
        before, png, after = colorize(image_bytes=images)["png_bytes"].numpy()
    except tf.errors.InvalidArgumentError as error:
        sentence = _SENTENCE.search(error.message)
        assert sentence, error.message
        return sentence[1]
    assert before == after == expected
    height, width, channels = decode(png).shape
    assert channels in (3, 4)
    read = _read(content)
    assert read is None or read.shape[:2] == (height, width), (read.shape, height, width)
    return "colored"


def _read(content):
    """Return what the package reads with Pillow, or None where that refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of EXIF that is damaged
        try:
            return photographs.read(content)
        except (photographs.BadPhotograph, OSError):
            return None


# ---- whole files ----


def _files(random) -> list[bytes]:
    rgb = random.integers(0, 256, (6, 8, 3)).astype("uint8").repeat(7, 0).repeat(7, 1)
    image, grey = Image.fromarray(rgb), rgb[..., 0]
    alpha = np.dstack([rgb, grey])
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "the harbor"
    moving = {"save_all": True, "append_images": [image.rotate(180)]}
    cmyk, indexed = io.BytesIO(), io.BytesIO()
    image.convert("CMYK").save(cmyk, "JPEG")
    image.quantize(16).save(indexed, "PNG")
    return [
        encode(rgb, "JPEG", exif=exif),
        encode(rgb, "JPEG", progressive=True),
        encode(grey, "JPEG"),
        cmyk.getvalue(),
        encode(rgb),
        encode(alpha),
        indexed.getvalue(),
        encode(257 * grey.astype("uint16")),
        encode(rgb, "WEBP", exif=exif),
        encode(alpha, "WEBP", lossless=True),
        encode(rgb, "WEBP", **moving),
        encode(rgb, "GIF"),
        encode(rgb, "GIF", **moving),
        encode(rgb, "BMP"),
        encode(grey, "BMP"),
    ]


# ---- what is done to them ----


def _flipped(one, random, end, share):
    bits = np.unpackbits(np.frombuffer(one, "uint8"))
    most = max(1, min(len(bits), 8 * end))
    bits[random.integers(0, most, max(1, int(share * most)))] ^= 1
    return np.packbits(bits).tobytes()


def _number(one, random):
    """Write an extreme number somewhere into the header."""
    changed, at = bytearray(one), int(random.integers(0, 64))
    number, order = int(random.choice(_EXTREMES)), random.choice(["<", ">"])
    kind = "B" if number < 2**8 and random.random() < 0.5 else "H" if number < 2**16 else "I"
    packed = struct.pack(order + kind, number)
    changed[at : at + len(packed)] = packed
    return bytes(changed)


def _png_header(random):
    """Return a PNG whose header is consistent with its checksum, and with nothing else."""
    width, height = (int(random.choice([0, 1, 40, 56, 2_000, 30_000, 2**31 - 1])) for _ in "wh")
    rest = [int(random.choice(choices)) for choices in ((1, 8, 16, 7), (0, 2, 3, 4, 6, 5), (0, 1))]
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, *rest[:2], 0, 0, rest[2])
    data = zlib.compress(random.bytes(int(random.integers(0, 9000))))
    for name, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(name + body))
        content += struct.pack(">I", len(body)) + name + body + check
    return content


def _at(one, random):
    return int(random.integers(0, len(one)))


def _piece(one, random):
    at = _at(one, random)
    return one[at : at + int(random.integers(1, 40))]


def _inserted(one, piece, random):
    at = _at(one, random)
    return one[:at] + piece + one[at:]


def _left_out(one, random):
    at = _at(one, random)
    return one[:at] + one[at + int(random.integers(1, 40)) :]


_CHANGES = {
    "whole": lambda one, other, random: one,
    "truncated": lambda one, other, random: one[: _at(one, random)],
    "a few bits flipped": lambda one, other, random: _flipped(one, random, len(one), 1e-3),
    "many bits flipped": lambda one, other, random: _flipped(one, random, len(one), 0.03),
    "bits of the header flipped": lambda one, other, random: _flipped(one, random, 40, 0.01),
    "extreme number in the header": lambda one, other, random: _number(one, random),
    "PNG header that lies": lambda one, other, random: _png_header(random),
    "bytes put in": lambda one, other, random: _inserted(one, random.bytes(9), random),
    "bytes left out": lambda one, other, random: _left_out(one, random),
    "a piece of it repeated": lambda one, other, random: _inserted(
        one, _piece(one, random), random
    ),
    "a piece of another file put in": lambda one, other, random: _inserted(
        one, _piece(other, random), random
    ),
    "two files in one": lambda one, other, random: one[: _at(one, random)] + other[12:],
    "right beginning, then noise": lambda one, other, random: one[:24] + random.bytes(500),
    "noise": lambda one, other, random: random.bytes(_at(one, random)),
}
