"""L* of scans of every kind: what was written is known, so scikit-image gives what is right."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from scans import lightness, lightness_of_share, pixels_of, tiff

from keras_colorize.data import photographs, tones

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


@pytest.mark.parametrize("largest", [65535, 300, 40])
def test_pgm_of_16_bits_has_the_white_of_16_bits(share, largest):
    stored = np.rint(largest * share()).astype("uint16")
    head = f"P5 {stored.shape[1]} {stored.shape[0]} 65535\n".encode()
    np.testing.assert_array_equal(pixels_of(head + stored.astype(">u2").tobytes()), stored)


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


def png_with(values, chunk, content):
    encoded = imagecodecs.png_encode(values)
    check = struct.pack(">I", zlib.crc32(chunk + content))
    return encoded[:33] + struct.pack(">I", len(content)) + chunk + content + check + encoded[33:]


def test_damaged_png_of_16_bits_is_refused_and_libpng_keeps_quiet(share, capfd):
    content = bytearray(imagecodecs.png_encode(np.rint(65535 * share(3)).astype("uint16")))
    pixels_of(bytes(content))
    for damaged in (content[:-12], content[:80] + b"?" + content[81:]):
        with pytest.raises(photographs.BadPhotograph, match="truncated or damaged"):
            pixels_of(bytes(damaged))
    assert capfd.readouterr().err == ""


def test_png_of_hdr_is_refused(share):
    values = np.rint(65535 * share(3)).astype("uint16")
    for transfer, is_hdr in ((16, True), (18, True), (13, False)):  # PQ, HLG, sRGB
        content = png_with(values, b"cICP", bytes([9, transfer, 0, 1]))
        if is_hdr:
            with pytest.raises(photographs.BadPhotograph, match="HDR pictures"):
                photographs.File(content)
        else:
            np.testing.assert_array_equal(pixels_of(content), values)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("gamma", [1.0, 1 / 1.8])
def test_png_gamma_gives_linear_light(share, kind, gamma):
    top = np.iinfo(kind).max
    values = np.rint(top * share()).astype(kind)
    linear = (values / top) ** (1 / gamma)
    srgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    content = png_with(values, b"gAMA", struct.pack(">I", round(100_000 * gamma)))
    assert np.abs(pixels_of(content).astype(float) - top * srgb).max() <= 1 + top / 5000


def test_png_gamma_that_stands_for_srgb_changes_nothing(share):
    values = np.rint(255 * share()).astype("uint8")
    content = png_with(values, b"gAMA", struct.pack(">I", 45455))
    np.testing.assert_array_equal(pixels_of(content), values)
    linear = png_with(values, b"gAMA", struct.pack(">I", 100_000))
    both = linear[:33] + png_with(values, b"sRGB", b"\0")[33:46] + linear[33:]
    np.testing.assert_array_equal(pixels_of(both), values)


def test_profile_of_jpeg_2000_is_applied(share):
    values = np.rint(255 * share()).astype("uint8")
    content = io.BytesIO()
    Image.fromarray(values).save(content, "JPEG2000", irreversible=False)
    content = content.getvalue()
    profile = imagecodecs.cms_profile("gray", gamma=1.8)
    at = content.index(b"colr") - 4
    size = int.from_bytes(content[at : at + 4], "big")
    color = struct.pack(">I", 11 + len(profile)) + b"colr\2\0\0" + profile
    header = content.index(b"jp2h") - 4
    longer = int.from_bytes(content[header : header + 4], "big") + len(color) - size
    whole = content[:header] + struct.pack(">I", longer) + content[header + 4 : at] + color
    whole += content[at + size :]
    linear = (values / 255) ** 1.8
    srgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    assert np.abs(pixels_of(whole) - 255 * srgb).max() <= 1


@pytest.mark.parametrize("largest", [1023, 65535])
def test_color_ppm_of_16_bits_keeps_them(share, largest):
    values = np.rint(largest * share(3)).astype(">u2")
    height, width = values.shape[:2]
    header = f"P6\n# by a scanner\n{width} {height}\n{largest}\n".encode()
    made = pixels_of(header + values.tobytes())
    assert made.dtype == np.uint16
    assert np.abs(made / 65535 - values / largest).max() < 1e-4
    with pytest.raises(photographs.BadPhotograph, match="truncated or damaged"):
        pixels_of(header + values.tobytes()[:-2])


def test_profile_of_bmp_is_applied(share):
    values = np.rint(255 * share(3)).astype("uint8")
    height, width = values.shape[:2]
    assert width % 4 == 0  # rows need no padding
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    srgb = {"whitepoint": [0.3127, 0.329], "primaries": [0.64, 0.33, 0.3, 0.6, 0.15, 0.06]}
    for held in (profile, imagecodecs.cms_profile("rgb", gamma=1.8, **srgb)):
        rows = values[::-1, :, ::-1].tobytes()  # from below, blue first
        header = struct.pack("<IiiHHII16x", 124, width, height, 1, 24, 0, len(rows))
        header = header.ljust(56, b"\0") + b"DEBM"
        header = header.ljust(112, b"\0") + struct.pack("<II", 124 + len(rows), len(held))
        header = header.ljust(124, b"\0")
        size = 14 + 124 + len(rows) + len(held)
        made = pixels_of(b"BM" + struct.pack("<IHHI", size, 0, 0, 138) + header + rows + held)
        expected = imagecodecs.cms_transform(
            values, held, profile, colorspace="rgb", outcolorspace="rgb", outdtype="uint8"
        )
        assert np.abs(made.astype(int) - expected).max() <= 1
    assert np.abs(expected.astype(int) - values).max() > 5
