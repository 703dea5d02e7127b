"""Makes broken and hostile files, for the tests and for benchmarks/bad_input.py."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

# What may become of a file; of several pages, some may be colored and the others named.
GOOD, ANY, SOME, BAD = "colored", "colored or named", "colored and named", "named"
DIGITS = 4  # of the number that each name starts with
_SIDE = (48, 64)


def make(folder: Path, count: int, seed: int = 0) -> dict[bytes, str]:
    """Fill a folder with `count` files.

    Args:
        folder: An empty folder.
        count: How many; each kind once in random order, then each with other content.
        seed: Random numbers start from it.

    Returns:
        For each file's name, which need not be UTF-8, what may become of it.
    """
    random = np.random.default_rng(seed)
    expected = {}
    while len(expected) < count:
        kinds = list(_kinds(random))
        random.shuffle(kinds)
        for name, content, outcome in kinds:
            if len(expected) == count:
                break
            name = os.fsencode(f"{len(expected):0{DIGITS}d} ") + name
            if not _write(os.fsencode(folder), name, content):
                continue
            expected[name] = outcome
    return expected


def _write(folder: bytes, name: bytes, content) -> bool:
    path = os.path.join(folder, name)
    try:
        if callable(content):
            content(path)
        else:
            with open(path, "wb") as file:
                file.write(content)
    except OSError:  # a file system that does not take such names
        return False
    return True


def _kinds(random) -> Iterator[tuple[bytes, bytes | Callable, str]]:
    """Yield name, content and outcome of one file of each kind."""
    files = {form: _encode(form, random) for form in _FORMATS}
    for form, content in files.items():
        yield f"whole.{form}".encode(), content, GOOD
    for form, content in files.items():
        for tenth in range(10):
            cut = content[: len(content) * tenth // 10]
            yield f"cut {tenth}.{form}".encode(), cut, BAD
    for form, content in files.items():
        for share in (1e-4, 1e-2):
            yield f"flipped {share}.{form}".encode(), _flipped(content, share, random), ANY
        yield (
            f"head flipped.{form}".encode(),
            _flipped(content[:64], 0.02, random) + content[64:],
            ANY,
        )
    yield from _lies(files, random)
    yield from _shapes(random)
    yield from _names(files)
    yield from _not_files(files)


_FORMATS = {
    "jpg": ("JPEG", {}),
    "progressive.jpg": ("JPEG", {"progressive": True}),
    "png": ("PNG", {}),
    "16.png": ("PNG", {}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
    "webp": ("WEBP", {}),
    "tif": ("TIFF", {"compression": "tiff_lzw"}),
    "16.tif": (None, {"compression": "zlib"}),
    "float.tif": (None, {}),
    "pgm": ("PPM", {}),
    "tga": ("TGA", {"compression": "tga_rle"}),
    "jp2": ("JPEG2000", {}),
    "avif": ("AVIF", {}),
}


def _picture(random, shape=_SIDE):
    height, width = shape
    row, column = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    wave = np.sin(7 * (random.uniform() + row + column * random.uniform()))
    return np.clip(0.5 + 0.4 * wave + random.normal(0, 0.02, shape), 0, 1)


def _encode(form, random, shape=_SIDE) -> bytes:
    share, content = _picture(random, shape), io.BytesIO()
    pillow, options = _FORMATS[form]
    if form == "float.tif":
        tifffile.imwrite(content, share.astype("float32"), **options)
    elif form == "16.tif":
        tifffile.imwrite(content, np.rint(65535 * share).astype("uint16"), **options)
    else:
        deep = form == "16.png"
        pixels = np.rint(65535 * share).astype("uint16") if deep else np.rint(255 * share)
        exif = {} if pillow not in ("JPEG", "PNG", "WEBP", "AVIF") else {"exif": _exif()}
        Image.fromarray(pixels if deep else pixels.astype("uint8")).save(
            content, pillow, **options, **exif
        )
    return content.getvalue()


def _exif():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "the harbour"
    return exif


def _flipped(content: bytes, share: float, random) -> bytes:
    bits = np.unpackbits(np.frombuffer(content, "uint8"))
    count = max(1, round(share * bits.size))
    bits[random.integers(0, bits.size, count)] ^= 1
    return np.packbits(bits).tobytes()


def _lies(files, random):
    """Headers that claim what is not there, and bombs."""
    png, bmp, gif, jpg = (bytearray(files[form]) for form in ("png", "bmp", "gif", "jpg"))
    large = int(random.integers(20_000, 60_000))
    claims = bytearray(png)
    claims[16:24] = struct.pack(">II", large, large)
    claims[29:33] = struct.pack(">I", zlib.crc32(claims[12:29]))
    yield b"claims much.png", bytes(claims), BAD
    claims[16:24] = struct.pack(">II", 64, 49)
    claims[29:33] = struct.pack(">I", zlib.crc32(claims[12:29]))
    yield b"a row too many.png", bytes(claims), ANY
    zeros = zlib.compress(bytes(2**26), 9)
    header = struct.pack(">IIBBBBB", 64, 48, 8, 0, 0, 0, 0)
    yield b"unpacks to much.png", _png((b"IHDR", header), (b"IDAT", zeros), (b"IEND", b"")), ANY
    text = (b"zTXt", b"Comment\0\0" + zeros)
    chunks = [(b"IHDR", header), text, (b"IDAT", zlib.compress(bytes(65 * 48))), (b"IEND", b"")]
    yield b"text unpacks to much.png", _png(*chunks), ANY
    bmp[18:26] = struct.pack("<ii", large, -large)
    yield b"claims much.bmp", bytes(bmp), BAD
    gif[6:10] = struct.pack("<HH", large, large)
    yield b"claims much.gif", bytes(gif), BAD
    frame = jpg.index(b"\xff\xc0")
    jpg[frame + 5 : frame + 9] = struct.pack(">HH", large, large)
    yield b"claims much.jpg", bytes(jpg), BAD
    for form in ("tif", "16.tif"):
        for tag, number in ((256, large), (257, large), (258, 77), (273, 2**31), (277, 60_000)):
            yield f"tag {tag} lies.{form}".encode(), _with_tag(files[form], tag, number), ANY
    pages = bytearray(files["tif"])
    (directory,) = struct.unpack_from("<I", pages, 4)
    (entries,) = struct.unpack_from("<H", pages, directory)
    struct.pack_into("<I", pages, directory + 2 + 12 * entries, directory)
    yield b"pages in a circle.tif", bytes(pages), ANY
    many = io.BytesIO()
    with tifffile.TiffWriter(many) as writer:
        for _ in range(3):
            writer.write(np.rint(255 * _picture(random)).astype("uint8"), compression="zlib")
    whole = many.getvalue()
    yield b"three pages.tif", whole, GOOD
    yield b"three pages, cut.tif", whole[: len(whole) * 2 // 3], SOME
    yield b"zeros.jpg", bytes(5000), BAD
    yield b"text.png", b"Dear Sir or Madam,\n" * 50, BAD
    yield b"noise.webp", random.bytes(5000), BAD
    yield b"empty.png", b"", BAD


def _png(*chunks):
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        check = struct.pack(">I", zlib.crc32(name + body))
        content += struct.pack(">I", len(body)) + name + body + check
    return content


def _with_tag(content: bytes, tag: int, number: int) -> bytes:
    """Change a number in the first directory of a little-endian TIFF."""
    changed = bytearray(content)
    (directory,) = struct.unpack_from("<I", changed, 4)
    (entries,) = struct.unpack_from("<H", changed, directory)
    for at in range(directory + 2, directory + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", changed, at)[0] == tag:
            struct.pack_into("<HII", changed, at + 2, 4, 1, number)
    return bytes(changed)


def _shapes(random):
    long = int(random.integers(500, 2000))
    yield b"one row.png", _encode("png", random, (1, long)), GOOD
    yield b"one column.tif", _encode("tif", random, (long, 1)), GOOD
    yield b"one pixel.png", _encode("png", random, (1, 1)), GOOD


def _names(files):
    yield b"a PNG.jpg", files["png"], GOOD
    yield b"a JPEG.tif", files["jpg"], GOOD
    yield b"a TIFF.png", files["16.tif"], GOOD
    yield b"without suffix", files["png"], GOOD
    yield b"1923.05.12 wedding", files["jpg"], GOOD
    yield b"--out -x.png", files["png"], GOOD
    yield b"two\nlines.png", files["png"], GOOD
    yield b"[0-9]*?.png", files["png"], GOOD
    yield b"not UTF-8 \xff\xfe.png", files["png"], GOOD
    yield b"\xe5\x86\x99\xe7\x9c\x9f.png", files["png"], GOOD
    yield b"x" * 245 + b".png", files["png"], GOOD
    yield b"y" * 246 + b".gi", files["png"], BAD  # with .png after it no name of a file


def _not_files(files):
    yield b"link to nothing.png", lambda path: os.symlink(b"nowhere.png", path), BAD
    yield b"link to itself.png", lambda path: os.symlink(os.path.basename(path), path), BAD

    def locked(path):
        with open(path, "wb") as file:
            file.write(files["png"])
        os.chmod(path, 0)

    yield b"locked.png", locked, BAD if os.geteuid() else GOOD
