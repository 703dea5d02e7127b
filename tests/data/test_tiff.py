"""TIFFs of every kind: what was written is known, so scikit-image gives what is right."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image
from scans import lightness, lightness_of_share, pixels_of, tiff

from keras_colorize.data import photographs
from keras_colorize.errors import BadPhotograph

# ---- TIFF: bits × photometric × byte order × planar × compression ----


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float16", "float32"])
def test_gray_tiff_has_its_lightness(share, dtype, photometric, order, compression):
    values = share() if photometric == "minisblack" else 1 - share()
    top = 1 if dtype.startswith("float") else np.iinfo(dtype).max
    stored = (values * top).astype(dtype) if top == 1 else np.rint(values * top).astype(dtype)
    content = tiff(stored, photometric=photometric, byteorder=order, compression=compression)
    made = pixels_of(content)
    assert made.dtype == ("uint8" if dtype == "uint8" else "uint16")
    assert np.abs(lightness(made) - lightness_of_share(share())).max() <= 0.5


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
def test_color_tiff_has_its_colors(share, dtype, planar, order, compression):
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    stored = share(3) if top == 1 else np.rint(share(3) * top)
    stored = stored.astype(dtype)
    if planar == "separate":
        stored = np.moveaxis(stored, -1, 0)
    content = tiff(
        stored,
        photometric="rgb",
        planarconfig=planar,
        byteorder=order,
        compression=compression,
    )
    made = pixels_of(content)
    assert np.abs(made / np.iinfo(made.dtype).max - share(3)).max() <= 0.5 / 255


@pytest.mark.parametrize("compression", ["png", "jpeg2000", "jpegxl", "jpegxr", "lerc", "webp"])
def test_color_tiff_of_8_bits_in_rarer_compressions(share, compression):
    stored = np.rint(share(3) * 255).astype("uint8")
    lossless = {"level": 100} if compression == "webp" else None
    content = tiff(stored, photometric="rgb", compression=compression, compressionargs=lossless)
    np.testing.assert_array_equal(pixels_of(content), stored)


def test_32_bit_integers_that_hold_8_bits(share):
    stored = np.rint(share() * 255).astype("uint32")
    made = pixels_of(tiff(stored, photometric="minisblack"))
    assert np.abs(lightness(made) - lightness_of_share(share())).max() <= 0.5


@pytest.mark.parametrize("bits", [3, 5, 6, 7, 10, 12, 14])
def test_tiff_of_packed_bits(share, bits):
    stored = np.rint(share() * (2**bits - 1)).astype("uint16" if bits > 8 else "uint8")
    digits = (stored[..., None] >> np.arange(bits)[::-1]) & 1  # rows begin at a whole byte
    packed = np.packbits(digits.reshape(len(stored), -1).astype("uint8"), axis=1).tobytes()
    content = bytearray(tiff(np.zeros_like(stored), photometric="minisblack", rowsperstrip=40))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tags = file.pages[0].tags
    struct.pack_into("<H", content, tags["BitsPerSample"].valueoffset, bits)
    struct.pack_into("<I", content, tags["StripByteCounts"].valueoffset, len(packed))
    struct.pack_into("<I", content, tags["StripOffsets"].valueoffset, len(content))
    made = pixels_of(bytes(content) + packed)
    np.testing.assert_allclose(made / 65535, share(), atol=0.6 / (2**bits - 1))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_tiff_of_few_bits_in_color(share, bits):
    stored = np.rint(share(3) * (2**bits - 1)).astype("uint8")
    digits = (stored[..., None] >> np.arange(bits)[::-1]) & 1
    packed = np.packbits(digits.reshape(len(stored), -1), axis=1).tobytes()
    content = bytearray(tiff(stored, photometric="rgb", rowsperstrip=40))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tags = file.pages[0].tags
    struct.pack_into("<3H", content, tags["BitsPerSample"].valueoffset, bits, bits, bits)
    struct.pack_into("<I", content, tags["StripByteCounts"].valueoffset, len(packed))
    struct.pack_into("<I", content, tags["StripOffsets"].valueoffset, len(content))
    made = pixels_of(bytes(content) + packed)
    np.testing.assert_allclose(made / 65535, stored / (2**bits - 1), atol=1e-4)


def test_tiff_of_24_bits_from_the_wrong_end_is_refused(share):
    content = bytearray(tiff(np.rint(share() * 2**24).astype("uint32"), byteorder=">"))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        struct.pack_into(">H", content, file.pages[0].tags["BitsPerSample"].valueoffset, 24)
    with pytest.raises(BadPhotograph, match="big-endian 24-bit MINISBLACK TIFF is not read"):
        pixels_of(bytes(content))


def test_tiff_palette_of_8_bit_colors(share):
    indices = np.rint(255 * share()).astype("uint8")
    colors = np.arange(256, dtype="uint16")[::-1] * np.ones((3, 1), "uint16")
    for scale in (1, 257):  # as some old writers have it, and as it should be
        content = tiff(indices, photometric="palette", colormap=colors * scale)
        np.testing.assert_array_equal(pixels_of(content), np.dstack([255 - indices] * 3))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_tiff_palette_of_few_8_bit_colors(bits):
    indices = np.random.default_rng(0).integers(0, 2**bits, (20, 32), "uint8")
    colors = np.linspace(0, 255, 2**bits).astype("uint16")[::-1] * np.ones((3, 1), "uint16")
    content = bytearray(tiff(indices, photometric="palette", colormap=widened(colors)))
    packed = np.packbits(
        np.unpackbits(indices[..., None], axis=-1)[..., 8 - bits :].reshape(20, -1)
    )
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        (at,), tags = page.dataoffsets, page.tags
        struct.pack_into("<H", content, tags["BitsPerSample"].valueoffset, bits)
        struct.pack_into("<I", content, tags["StripByteCounts"].valueoffset, packed.size)
        struct.pack_into("<I", content, tags["ColorMap"].offset + 4, 3 * 2**bits)
        place = tags["ColorMap"].valueoffset
    content[at : at + packed.size] = packed.tobytes()
    content[place : place + 6 * 2**bits] = colors.tobytes()
    expected = colors.T.astype("uint8")[indices]
    np.testing.assert_array_equal(pixels_of(bytes(content)), expected)


def widened(colors):
    return np.pad(colors, ((0, 0), (0, 256 - colors.shape[1])))


def test_tiff_palette_of_16_bits():
    indices = np.arange(2**16, dtype="uint16").reshape(256, 256)
    colors = np.arange(2**16, dtype="uint16")[::-1] * np.ones((3, 1), "uint16")
    content = tiff(indices, photometric="palette", colormap=colors)
    np.testing.assert_array_equal(pixels_of(content), np.dstack([65535 - indices] * 3))


@pytest.mark.parametrize("channels", [None, 3])
def test_tiff_that_does_not_say_what_samples_mean_is_taken_as_libtiff_does(share, channels):
    values = np.rint(255 * share(*[channels] * bool(channels))).astype("uint8")
    content = bytearray(tiff(values, photometric="rgb" if channels else "minisblack"))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        at = file.pages[0].tags["PhotometricInterpretation"].offset
    content[at : at + 2] = struct.pack("<H", 65000)  # a private tag in its place
    np.testing.assert_array_equal(pixels_of(bytes(content)), values)


def test_tiff_whose_jpeg_is_damaged_is_refused(picture):
    for options in ({}, {"tile": (32, 32)}, {"subifds": 1, "subfiletype": 1}):
        content = io.BytesIO()
        scan = {"photometric": "rgb", "compression": "jpeg", "metadata": None}
        with tifffile.TiffWriter(content) as writer:
            if "subifds" in options:
                writer.write(picture(16, 16), metadata=None, **options)
            writer.write(picture(64, 96), **scan, **({} if "subifds" in options else options))
        content = bytearray(content.getvalue())
        photographs.File(bytes(content)).read()
        end = content.rindex(b"\xff\xd9")
        start = content.rindex(b"\xff\xda", 0, end) + 14
        middle = (start + end) // 2
        content[middle : middle + 2] = b"\xff\xd9"
        with pytest.raises(BadPhotograph, match="truncated or damaged"):
            photographs.File(bytes(content)).read()


def test_tiff_whose_jpeg_is_larger_than_its_strip_is_refused(picture):
    scan = {"photometric": "rgb", "compression": "jpeg", "metadata": None}
    content = bytearray(tiff(picture(64, 64), **scan))
    frame = content.index(b"\xff\xc0")
    struct.pack_into(">HH", content, frame + 5, 65_000, 65_000)
    with pytest.raises(BadPhotograph, match="65000×65000 pixels in 80×80"):
        photographs.File(bytes(content)).read()


@pytest.mark.parametrize("photometric", ["minisblack", "rgb", "separated", "palette"])
@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}], ids=str)
def test_lzw_is_read_as_tifffile_reads_it(photometric, kind, options):
    channels = {"rgb": (3,), "separated": (4,)}.get(photometric, ())
    values = np.random.default_rng(0).integers(0, 250, (40, 64, *channels)).astype(kind)
    if photometric == "palette":
        colors = np.random.default_rng(1).integers(0, 65536, (3, 2 ** (8 * values.itemsize)))
        options = {"colormap": colors.astype("uint16"), **options}
    plain = tiff(values, photometric=photometric, **options)
    for predictor in (False, True):
        packing = {"compression": "lzw", "predictor": predictor, **options}
        packed = tiff(values, photometric=photometric, **packing)
        np.testing.assert_array_equal(pixels_of(packed), pixels_of(plain))


def test_damaged_lzw_is_refused(picture):
    content = bytearray(tiff(picture(64, 96).astype("uint16"), compression="lzw", metadata=None))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        (at, *_), (size, *_) = file.pages[0].dataoffsets, file.pages[0].databytecounts
    content[at + size // 2 : at + size] = b"\xff" * (size - size // 2)
    with pytest.raises(BadPhotograph, match="truncated or damaged"):
        pixels_of(bytes(content))


def test_palette_whose_strips_are_lost_is_refused():
    colors = np.arange(768, dtype="uint16").reshape(3, 256) // 3  # a map of 8 bits
    content = bytearray(
        tiff(np.zeros((40, 64), "uint8"), photometric="palette", colormap=colors, metadata=None)
    )
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        struct.pack_into("<I", content, file.pages[0].tags["StripByteCounts"].valueoffset, 0)
    with pytest.raises(BadPhotograph, match="strips of the TIFF are missing"):
        pixels_of(bytes(content))


def test_bigtiff_whose_orientation_has_no_value_is_read(share):
    values = np.rint(65535 * share()).astype("uint16")
    content = bytearray(tiff(values, bigtiff=True, metadata=None, extratags=[(274, 3, 1, 6)]))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tag = file.pages[0].tags["Orientation"]
        struct.pack_into("<Q", content, tag.offset + 4, 0)
    np.testing.assert_array_equal(pixels_of(bytes(content)), values)


def test_tiff_whose_width_is_no_number_is_refused(share):
    content = bytearray(tiff(share().astype("float32"), metadata=None))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        struct.pack_into("<HHI", content, file.pages[0].tags["ImageWidth"].offset, 256, 3, 2)
    with pytest.raises(BadPhotograph):
        photographs.File(bytes(content))


def test_tiff_whose_tile_is_a_bomb_is_refused(picture):
    content = bytearray(tiff(picture(64, 64), tile=(64, 64)))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        for tag in ("TileWidth", "TileLength"):
            struct.pack_into("<H", content, file.pages[0].tags[tag].valueoffset, 48_000)
    with pytest.raises(BadPhotograph, match="48000×48000 is more than 100,000,000 pixels"):
        photographs.File(bytes(content)).read()


def test_tiff_without_a_page_is_named():
    with pytest.raises(BadPhotograph, match="a TIFF without a page"):
        photographs.File(b"II*\0" + bytes(40))


def test_tiff_whose_scan_is_in_a_subdirectory(share):
    scan = np.rint(65535 * share()).astype("uint16")
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as writer:
        writer.write(
            scan[::4, ::4],
            subfiletype=1,
            subifds=1,
            description="the harbor",
            metadata=None,
            extratags=[(274, 3, 1, 6)],
        )
        writer.write(scan, subfiletype=0, metadata=None)
    file = photographs.File(content.getvalue())
    assert len(file) == 1
    read = file.read()
    np.testing.assert_array_equal(read.pixels, np.rot90(scan, -1))  # 6: turn it to the right
    assert read.told.exif.image[270].raw == b"the harbor\0"


@pytest.mark.parametrize("photometric", ["minisblack", "rgb", "ycbcr"])
def test_jpeg_in_a_subdirectory_is_read_as_pillow_reads_it_in_a_page(picture, photometric):
    values = picture(48, 64)[..., 0] if photometric == "minisblack" else picture(48, 64)
    scan = {"photometric": photometric, "compression": "jpeg", "metadata": None}
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as writer:
        writer.write(values[::4, ::4], subfiletype=1, subifds=1, metadata=None)
        writer.write(values, subfiletype=0, **scan)
    page = Image.open(io.BytesIO(tiff(values, **scan)))
    expected = page if photometric == "minisblack" else page.convert("RGB")
    np.testing.assert_array_equal(pixels_of(content.getvalue()), np.asarray(expected))


def test_tiff_premultiplied_alpha_is_undone(share):
    alpha = np.full_like(share(), 0.5)
    stored = np.rint(65535 * np.dstack([share() * alpha, alpha])).astype("uint16")
    content = tiff(stored, photometric="minisblack", extrasamples=["assocalpha"])
    scan = photographs.File(content).read()
    assert np.abs(scan.pixels / 65535 - share()).max() < 1e-4
    assert np.ptp(scan.alpha) == 0 and abs(int(scan.alpha[0, 0]) - 32768) <= 1


def test_tiff_16_bit_alpha_is_kept(share):
    stored = np.rint(65535 * np.dstack([share(), 1 - share()])).astype("uint16")
    scan = photographs.File(tiff(stored, extrasamples=["unassalpha"])).read()
    np.testing.assert_array_equal(scan.pixels, stored[..., 0])
    np.testing.assert_array_equal(scan.alpha, stored[..., 1])


def test_tiff_cmyk_of_16_bits(share):
    inks = np.dstack([1 - share(3), np.zeros_like(share())])
    content = tiff(np.rint(65535 * inks).astype("uint16"), photometric="separated")
    assert np.abs(pixels_of(content) / 65535 - share(3)).max() < 1e-4


@pytest.mark.parametrize(
    "values, options, reason",
    [
        (np.full((4, 4), -5, "int16"), {}, "negative values"),
        (np.full((4, 4), np.nan, "float32"), {}, "without a finite value"),
        (np.full((4, 4), 1e9, "float32"), {}, "up to 1e.09 have no known white"),
        (np.ones((4, 4, 3), "uint16"), {"photometric": "cielab"}, "16-bit CIELAB TIFF"),
        (np.ones((4, 4, 3), "uint8"), {"photometric": "icclab"}, "8-bit ICCLAB TIFF is not read"),
        (np.ones((4, 4), "complex64"), {}, "complex64 samples are not read"),
    ],
)
def test_tiff_of_unknown_tones_is_refused_by_its_kind(values, options, reason):
    with pytest.raises(BadPhotograph, match=reason):
        pixels_of(tiff(values, **options))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_tiff_of_any_depth_is_turned_upright(picture, dtype, orientation):
    stored = picture()[..., 0].astype(dtype)
    content = tiff(stored, extratags=[(274, "H", 1, orientation, True)])
    image = Image.fromarray(picture()[..., 0])
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's numbers of transpositions
    if orientation > 1:
        image = image.transpose(Image.Transpose(turns[orientation]))
    np.testing.assert_array_equal(pixels_of(content), np.asarray(image))


def test_tiff_that_libtiff_cannot_decode_is_damaged_and_libtiff_keeps_quiet(capfd):
    file = io.BytesIO()
    noise = Image.effect_noise((200, 200), 99).convert("YCbCr")
    noise.save(file, "TIFF", compression="tiff_adobe_deflate")
    content = bytearray(file.getvalue())
    assert photographs.File(bytes(content)).read().pixels.shape == (200, 200, 3)
    with tifffile.TiffFile(io.BytesIO(content)) as stored:
        second = stored.pages[0].dataoffsets[1]
    content[second : second + 2] = bytes(2)  # the header of a zlib stream (RFC 1950)
    with pytest.raises(BadPhotograph, match=r"truncated or damaged \(ZIPDecode"):
        photographs.File(bytes(content)).read()
    assert capfd.readouterr().err == ""
