"""What the graph reads is what Pillow reads; files made by hand follow the formats' own pages."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_colorize.data import photographs
from keras_colorize.runtimes import decode_images

ORIENTATION, DESCRIPTION = 0x0112, 0x010E


@pytest.fixture(scope="module")
def read():
    """Read a photograph in a graph: uint8 `(H, W, 4)` and what is wrong."""
    graph = tf.function(decode_images.read, input_signature=[tf.TensorSpec([], tf.string)])

    def call(content):
        picture, wrong = graph(content)
        return picture.numpy(), wrong.numpy().decode()

    return call


def encode(image, format, **options):
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def assert_reads_as_pillow(read, content):
    picture, wrong = read(content)
    assert wrong == ""
    np.testing.assert_array_equal(picture[..., :3], photographs.read(content))


@pytest.mark.parametrize("size", [(33, 47), (1, 1), (1, 300)])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_read_equals_pillow(read, picture, mode, format, size):
    assert_reads_as_pillow(read, encode(Image.fromarray(picture(*size)).convert(mode), format))


@pytest.mark.parametrize(
    "mode, format, options",
    [
        ("RGB", "JPEG", {"progressive": True, "quality": 60}),
        ("RGB", "JPEG", {"subsampling": 0, "quality": 95}),
        ("CMYK", "JPEG", {}),
        ("1", "PNG", {}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("P", "PNG", {}),
        ("P", "BMP", {}),
        ("RGBA", "BMP", {}),
        ("RGB", "WEBP", {"lossless": True}),
    ],
)
def test_read_equals_pillow_for_rarer_kinds(read, picture, mode, format, options):
    assert_reads_as_pillow(
        read, encode(Image.fromarray(picture()).convert(mode), format, **options)
    )


@pytest.mark.parametrize("colors, bits", [(2, 1), (4, 2), (16, 4)])
def test_read_takes_palettes_of_few_bits_for_opaque(read, picture, colors, bits):
    content = encode(Image.fromarray(picture()).quantize(colors), "PNG", bits=bits)
    assert_reads_as_pillow(read, content)
    assert (read(content)[0][..., 3] == 255).all()


def test_read_rounds_16_bit_grey(read):
    deep = np.random.default_rng(0).integers(0, 2**16, (20, 30)).astype("uint16")
    assert_reads_as_pillow(read, encode(Image.fromarray(deep), "PNG"))


@pytest.mark.parametrize("channels", [3, 4])
def test_read_rounds_16_bit_color(read, channels):
    deep = np.random.default_rng(0).integers(0, 2**16, (20, 30, channels)).astype("uint16")
    picture, wrong = read(cv2.imencode(".png", deep)[1].tobytes())
    order = [2, 1, 0, 3][:channels]  # OpenCV writes BGR
    assert wrong == ""
    np.testing.assert_array_equal(picture[..., :channels], np.rint(deep[..., order] / 257))


def test_read_takes_the_first_frame_of_a_gif(read, picture):
    first, *others = [Image.fromarray(picture(seed=seed)) for seed in range(4)]
    assert_reads_as_pillow(read, encode(first, "GIF", save_all=True, append_images=others))


def test_read_takes_a_bmp_from_top_to_bottom(read, picture):
    content = bytearray(encode(Image.fromarray(picture()[::-1]), "BMP"))
    content[22:26] = struct.pack("<i", -len(picture()))
    picture_, wrong = read(bytes(content))
    assert wrong == ""
    np.testing.assert_array_equal(picture_[..., :3], picture())


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_read_keeps_alpha(read, picture, format):
    image = Image.fromarray(picture())
    image.putalpha(Image.fromarray(picture(seed=1)[..., 0]))
    content = encode(image, format, **({"exact": True} if format == "WEBP" else {}))
    assert_reads_as_pillow(read, content)
    np.testing.assert_array_equal(read(content)[0][..., 3], picture(seed=1)[..., 0])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_read_turns_upright(read, picture, format, orientation):
    exif = Image.Exif()
    exif[DESCRIPTION], exif[ORIENTATION] = "the harbour", orientation
    assert_reads_as_pillow(read, encode(Image.fromarray(picture()), format, exif=exif))


def tiff(order, shorts, others=()):
    head = b"MM\0*" if order == ">" else b"II*\0"
    content = head + struct.pack(order + "IH", 8, len(shorts) + len(others))
    for tag, kind, value in shorts:
        content += struct.pack(order + "HHIHH", tag, kind, 1, value, 0)
    for tag, kind, raw in others:
        content += struct.pack(order + "HHI", tag, kind, 1) + raw
    return content + bytes(4)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [3, 4])
@pytest.mark.parametrize("header", [b"Exif\0\0", 2 * b"Exif\0\0"])
def test_read_takes_every_form_of_orientation(read, picture, order, kind, header):
    entry = struct.pack(order + ("HH" if kind == 3 else "I"), *([6, 0] if kind == 3 else [6]))
    exif = header + tiff(order, [(0x0100, 3, 5)], [(ORIENTATION, kind, entry)])
    content = encode(Image.fromarray(picture()), "JPEG", exif=exif)
    assert_reads_as_pillow(read, content)
    assert read(content)[0].shape[:2] == picture().shape[1::-1]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("length", [0, 3, 8, 10, 14, 20, 21])
def test_read_ignores_cut_exif(read, picture, length):
    exif = b"Exif\0\0" + tiff(">", [(ORIENTATION, 3, 6)])[:length]
    picture_, wrong = read(encode(Image.fromarray(picture()), "JPEG", exif=exif))
    assert (picture_.shape[:2], wrong) == (picture().shape[:2], "")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("count", [0, 2, 0xFFFF01])
def test_read_ignores_an_orientation_that_is_not_one_number(read, picture, count):
    one, other = (struct.pack(">HHI", ORIENTATION, 3, number) for number in (1, count))
    exif = b"Exif\0\0" + tiff(">", [(ORIENTATION, 3, 6)]).replace(one, other)
    content = encode(Image.fromarray(picture()), "JPEG", exif=exif)
    assert other in content
    assert read(content)[0].shape[:2] == picture().shape[:2]


# ---- what is refused ----


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("kept", [3, 11, 20, 40, 0.5, 0.99])
def test_read_says_when_a_file_is_cut(read, picture, format, kept):
    content = encode(Image.fromarray(picture(60, 80)), format)
    picture_, wrong = read(content[: kept if kept > 1 else int(kept * len(content))])
    assert picture_.size == 0
    assert wrong


@pytest.mark.parametrize(
    "content, message",
    [(b"", "empty file"), (b"hello", "not a JPEG or PNG or WebP or GIF or BMP")],
)
def test_read_says_when_a_file_is_no_picture(read, content, message):
    picture_, wrong = read(content)
    assert picture_.size == 0 and wrong == message


def png(width, height):
    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(bytes(9)))
        + chunk(b"IEND", b"")
    )


def bomb(format, picture, **options):
    """Return a good file's bytes, to have its size forged."""
    return bytearray(encode(Image.fromarray(picture()), format, **options))


def bombs(picture):
    jpeg = bomb("JPEG", picture)
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    gif = bomb("GIF", picture)
    gif[6:10] = struct.pack("<HH", 65_000, 65_000)
    frame = gif.index(struct.pack("<BHHHH", 0x2C, 0, 0, 64, 40))
    gif[frame + 5 : frame + 9] = struct.pack("<HH", 65_000, 65_000)
    bmp = bomb("BMP", picture)
    bmp[18:26] = struct.pack("<ii", 65_000, -65_000)
    lossy = bomb("WEBP", picture)
    lossy[26:30] = struct.pack("<HH", 16_383, 16_383)
    lossless = bomb("WEBP", picture, lossless=True)
    lossless[21:25] = struct.pack("<I", 16_382 | 16_382 << 14)
    extended = bomb("WEBP", picture, exif=Image.Exif())
    extended = bytearray(
        b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff" * 6 + extended[12:]
    )
    return {
        "PNG": png(20_000, 20_000),
        "PNG of the largest numbers": png(2**31 - 1, 2**31 - 1),
        "JPEG": jpeg,
        "GIF": gif,
        "BMP": bmp,
        "WebP, lossy": lossy,
        "WebP, lossless": lossless,
        "WebP, extended": extended,
    }


def test_read_refuses_too_many_pixels_before_decoding(read, picture, monkeypatch):
    for name, content in bombs(picture).items():
        picture_, wrong = read(bytes(content))
        assert picture_.size == 0, name
        assert wrong.endswith("is more than 100,000,000 pixels"), name


def test_read_never_starts_the_decoder_of_a_bomb(picture, monkeypatch):
    started = []

    def spy(name):
        real = getattr(tf.io, name)

        def decode(content, **options):
            tf.py_function(lambda: started.append(name), [], [])
            return real(content, **options)

        monkeypatch.setattr(tf.io, name, decode)

    for name in ("decode_jpeg", "decode_png", "decode_webp", "decode_gif", "decode_bmp"):
        spy(name)
    spied = tf.function(decode_images.read, input_signature=[tf.TensorSpec([], tf.string)])
    for content in bombs(picture).values():
        spied(bytes(content))
    assert started == []
    for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):  # and the spy does see a decoder
        spied(encode(Image.fromarray(picture()), format))
    assert len(started) == 5


def test_read_gives_the_decoder_no_frame_but_the_first(read, picture):
    """A later frame that claims 65,000 × 65,000 would be unpacked by TensorFlow's decoder."""
    first, second = (Image.fromarray(picture(seed=seed)) for seed in range(2))
    content = bytearray(encode(first, "GIF", save_all=True, append_images=[second]))
    frames = [
        at
        for at in range(len(content))
        if content[at : at + 9] == struct.pack("<BHHHH", 0x2C, 0, 0, 64, 40)
    ]
    content[frames[-1] + 5 : frames[-1] + 9] = struct.pack("<HH", 65_000, 65_000)
    picture_, wrong = read(bytes(content))
    assert wrong == ""
    np.testing.assert_array_equal(picture_[..., :3], photographs.read(encode(first, "GIF")))


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda p: encode(p, "WEBP", save_all=True, append_images=[p.rotate(180)]),
            "animated WebP",
        ),
        (lambda p: encode(p.convert("1"), "BMP"), "not of 8, 24 or 32 bits"),
        (lambda p: png(0, 5), "damaged header"),
    ],
)
def test_read_names_what_it_does_not_read(read, picture, make, message):
    picture_, wrong = read(make(Image.fromarray(picture())))
    assert picture_.size == 0 and message in wrong


def test_read_does_not_walk_through_millions_of_empty_blocks(read):
    comment = b"\x21\xfe\x01a\0"
    assert read(b"GIF89a" + bytes(7) + 100_000 * comment)[1] == "damaged GIF"
    empty = struct.pack(">I", 0) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))
    assert read(png(5, 5)[:33] + 100_000 * empty)[1] == "damaged or truncated PNG"
