"""L* of scans of every kind: what was written is known, so scikit-image gives what is right."""

import io
import struct
import zlib

import numpy as np
import pytest
import skimage.color
import tifffile
from PIL import Image, ImageCms

from keras_colorize.data import photographs, tones
from keras_colorize.errors import BadPhotograph


@pytest.fixture
def share(picture):
    """Return a picture in 0…1, gray or in color."""

    def make(channels=1):
        values = picture(40, 64)[..., :channels].astype("float64") / 255
        return values[..., 0] if channels == 1 else values

    return make


def lightness(pixels):
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, -1)
    return skimage.color.rgb2lab(pixels / np.iinfo(pixels.dtype).max)[..., 0]


def lightness_of_share(values):
    values = np.stack([values] * 3, -1) if values.ndim == 2 else values
    return skimage.color.rgb2lab(values)[..., 0]


def tiff(values, **options):
    content = io.BytesIO()
    tifffile.imwrite(content, values, **options)
    return content.getvalue()


def pixels_of(content):
    return photographs.File(content).read().pixels


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


# ---- outliers, and ranges that are a convention ----


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 8.0, -3.0])
def test_float_with_a_bad_pixel_is_right_elsewhere(share, bad):
    stored = share().astype("float32")
    stored[3, 5] = bad
    made = pixels_of(tiff(stored))
    difference = np.abs(lightness(made) - lightness_of_share(share()))
    difference[3, 5] = 0
    assert difference.max() <= 0.5
    assert made[3, 5] == (65535 if bad > 0 else 0)


@pytest.mark.parametrize("top", [1, 255, 65535])
def test_float_ranges(share, top):
    made = pixels_of(tiff((top * share()).astype("float32")))
    assert np.abs(made / 65535 - share()).max() < 1e-4


def doubt_of(values, **options):
    return photographs.File(tiff(values, **options)).read().doubt


@pytest.mark.parametrize("kind", ["float32", "int32", "uint32"])
@pytest.mark.parametrize(("largest", "white"), [(1000, 1023), (4095, 4095), (16000, 16383)])
def test_ranges_of_sensors_are_told(share, kind, largest, white):
    stored = np.rint(largest * share() / share().max()).astype(kind)
    made = pixels_of(tiff(stored))
    assert np.abs(made / 65535 - stored / white).max() < 1e-4
    assert doubt_of(stored) == f"samples reach {largest:,}; white is taken to be {white:,}"


@pytest.mark.parametrize(
    ("kind", "largest", "white"),
    [
        ("float32", 0.3, 1),
        ("float32", 100, 255),
        ("uint32", 2**24, 2**32 - 1),
        ("uint16", 4000, 65535),
    ],
)
def test_white_that_samples_do_not_come_near_is_told(share, kind, largest, white):
    stored = (largest * share() / share().max()).astype(kind)
    assert doubt_of(stored).endswith(f"white is taken to be {white:,}")


@pytest.mark.parametrize(
    ("kind", "largest"),
    [("float32", 0.6), ("float32", 1), ("float64", 200), ("uint16", 9000), ("uint8", 9)],
)
def test_white_that_is_likely_is_not_told(share, kind, largest):
    stored = (largest * share() / share().max()).astype(kind)
    assert doubt_of(stored) == ""


def test_int32_of_16_bits(share):
    stored = np.rint(65535 * share()).astype("int32")
    np.testing.assert_array_equal(pixels_of(tiff(stored)), stored)


# ---- PNG of 16 bits ----


def png(values, profile=b""):
    height, width = values.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[values.shape[2] if values.ndim == 3 else 1]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    if profile:
        parts.insert(1, (b"iCCP", b"profile\0\0" + zlib.compress(profile)))
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        content += struct.pack(">I", len(body)) + name + body
        content += struct.pack(">I", zlib.crc32(name + body))
    return content


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_16_bits_keeps_them(channels):
    stored = np.random.default_rng(0).integers(0, 2**16, (20, 30, channels)).astype("uint16")
    scan = photographs.File(png(stored)).read()
    colors = stored[..., : channels - (channels in (2, 4))]
    np.testing.assert_array_equal(scan.pixels, colors[..., 0] if channels < 3 else colors)
    if channels in (2, 4):
        np.testing.assert_array_equal(scan.alpha, stored[..., -1])
    else:
        assert scan.alpha is None


# ---- profiles ----


def gray_profile(gamma):
    """Return a gray ICC profile with a pure power as its curve, made by hand from the standard."""

    def s15(number):
        return struct.pack(">i", round(number * 65536))

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + s15(0.9642) + s15(1.0) + s15(0.8249)
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"gray\0" + bytes(12 + 67)
    name += bytes(-len(name) % 4)
    tags, offset = [], 128 + 4 + 3 * 12
    for key, body in ((b"wtpt", white), (b"kTRC", curve), (b"desc", name)):
        tags.append((key, offset, body))
        offset += len(body)
    header = struct.pack(">I", offset) + b"lcms" + b"\x02\x40\0\0" + b"mntr" + b"GRAY" + b"XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + s15(0.9642) + s15(1.0) + s15(0.8249)
    content = header.ljust(128, b"\0") + struct.pack(">I", len(tags))
    content += b"".join(key + struct.pack(">II", at, len(body)) for key, at, body in tags)
    return content + b"".join(body for _, _, body in tags)


@pytest.mark.parametrize("kind", ["L", "LA", "16-bit PNG", "16-bit TIFF"])
def test_gray_profile_is_applied_whatever_the_depth(share, kind):
    # Under a pure power the luminance of a sample v is v^1.5, and L* follows from it by hand.
    profile, values = gray_profile(1.5), share()
    luminance = np.clip(values, 1e-6, 1) ** 1.5
    expected = np.where(
        luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27
    )
    content = io.BytesIO()
    deep = np.rint(65535 * values).astype("uint16")
    flat = Image.fromarray(np.rint(255 * values).astype("uint8"))
    if kind == "16-bit PNG":
        content.write(png(deep, profile))
    elif kind == "16-bit TIFF":
        content.write(tiff(deep, iccprofile=profile))
    else:
        flat.convert(kind).save(content, "PNG", icc_profile=profile)
    made = lightness(pixels_of(content.getvalue()))
    limit = 0.1 if kind.startswith("16") else 1.0  # steps of 8 bits, in the dark
    assert np.abs(made - expected).max() <= limit


def test_srgb_profile_changes_16_bits_by_nothing(share):
    stored = np.rint(65535 * share(3)).astype("uint16")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = pixels_of(png(stored, profile)).astype(int)
    assert np.abs(made - stored).max() <= 2


# ---- rounding ----


def test_to_8bit_rounds_the_whole_range():
    values = np.arange(65536, dtype="uint16")[None]
    np.testing.assert_array_equal(tones.to_8bit(values), np.rint(values / 257).astype("uint8"))


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
