"""Expected values come from Pillow's own conversions or from arithmetic on known arrays."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from tags import tagged

from keras_colorize.data import photographs

# What each EXIF orientation says of the stored pixels, by hand from the EXIF 2.32 table: 6, for
# one, has the 0th row on the right side, so the upright picture is the stored one turned clockwise.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


def saved(path, image, **options):
    image.save(path, **options)
    return path


def png_claiming(width, height):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# ---- read ----


def test_flattened_psd_is_read(picture):
    # By the format's own description: header, three empty sections, planes without compression.
    pixels = picture(40, 64)
    content = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 40, 64, 8, 3) + struct.pack(">III", 0, 0, 0)
    content += struct.pack(">H", 0) + np.moveaxis(pixels, -1, 0).tobytes()
    file = photographs.File(content)
    assert len(file) == 1
    np.testing.assert_array_equal(file.read().pixels, pixels)


def test_read_grey_gives_three_equal_channels(tmp_path, picture):
    grey = picture()[..., 0]
    rgb = photographs.read(saved(tmp_path / "a.png", Image.fromarray(grey)))
    assert rgb.dtype == np.uint8
    np.testing.assert_array_equal(rgb, np.stack([grey] * 3, -1))


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm"])
def test_read_lossless_formats_exactly(tmp_path, picture, suffix):
    rgb = picture()
    path = saved(tmp_path / f"a.{suffix}", Image.fromarray(rgb))
    np.testing.assert_array_equal(photographs.read(path), rgb)


def test_read_bytes_as_a_file(tmp_path, picture):
    path = saved(tmp_path / "a.jpg", Image.fromarray(picture()))
    expected = np.asarray(Image.open(path).convert("RGB"))
    np.testing.assert_array_equal(photographs.read(path), expected)
    np.testing.assert_array_equal(photographs.read(path.read_bytes()), expected)


def test_read_black_and_white(tmp_path, picture):
    bits = picture()[..., 0] > 127
    for name in ("a.png", "a.tif"):
        rgb = photographs.read(saved(tmp_path / name, Image.fromarray(bits)))
        np.testing.assert_array_equal(rgb, 255 * np.stack([bits] * 3, -1).astype("uint8"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(
    "options",
    [{"subsampling": 2}, {"progressive": True}, {"keep_rgb": True}, {"restart_marker_rows": 1}],
    ids=str,
)
def test_read_jpeg_as_pillow_does(tmp_path, picture, mode, options):
    image = Image.fromarray(picture(37, 53)).convert(mode)
    image.save(tmp_path / "a.jpg", quality=80, **options)
    read = photographs.File(tmp_path / "a.jpg").read().pixels
    np.testing.assert_array_equal(read, np.asarray(Image.open(tmp_path / "a.jpg")))


def test_read_cmyk_jpeg(tmp_path, picture):
    # Pillow's CMYK without a profile: each of R, G, B is 255 − C, M, Y (here K is 0).
    rgb = picture()
    path = tmp_path / "a.jpg"
    Image.fromarray(rgb).convert("CMYK").save(path, quality=100)
    assert Image.open(path).mode == "CMYK"
    assert np.abs(photographs.read(path).astype(int) - rgb).max() <= 4  # JPEG at quality 100


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_read_16_bit_grey_is_scaled(tmp_path, suffix):
    values = np.arange(0, 65536, 16, dtype="uint16").reshape(64, 64)
    path = saved(tmp_path / f"a.{suffix}", Image.fromarray(values))
    assert Image.open(path).mode.startswith("I;16")
    expected = np.rint(values / 257).astype("uint8")
    np.testing.assert_array_equal(photographs.read(path)[..., 1], expected)


def test_read_16_bit_grey_of_either_byte_order(tmp_path):
    values = np.arange(0, 65536, 16, dtype="uint16").reshape(64, 64)
    expected = np.rint(values / 257).astype("uint8")
    image = Image.frombytes("I;16B", (64, 64), values.astype(">u2").tobytes())
    path = saved(tmp_path / "a.tif", image)
    np.testing.assert_array_equal(photographs.read(path)[..., 0], expected)


def test_read_16_bit_grey_turned(tmp_path):
    values = np.arange(0, 65536, 32, dtype="uint16").reshape(32, 64)
    path = saved(tmp_path / "a.png", Image.fromarray(values), exif=tagged(6))
    expected = np.rot90(np.rint(values / 257), -1)
    np.testing.assert_array_equal(photographs.read(path)[..., 0], expected)


def test_read_32_bit_modes(tmp_path):
    whole = np.arange(0, 65536, 16, dtype="int32").reshape(64, 64)
    path = saved(tmp_path / "i.tif", Image.fromarray(whole))
    assert Image.open(path).mode == "I"
    np.testing.assert_array_equal(photographs.read(path)[..., 0], np.rint(whole / 257))
    share = np.linspace(0, 1, 64 * 64, dtype="float32").reshape(64, 64)
    path = saved(tmp_path / "f.tif", Image.fromarray(share))
    assert Image.open(path).mode == "F"
    np.testing.assert_array_equal(
        photographs.read(path)[..., 0], np.rint(255 * share.astype(float))
    )


def test_read_16_bit_rgb_png(tmp_path, picture):
    rgb = picture()
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in rgb)
    header = struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    np.testing.assert_array_equal(photographs.read(data), rgb)


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(16))], ids=["none", "one", "each"])
def test_read_palette(tmp_path, picture, transparency):
    image = Image.fromarray(picture()).quantize(16)
    options = {} if transparency is None else {"transparency": transparency}
    path = saved(tmp_path / "a.png", image, **options)
    assert Image.open(path).mode == "P"
    palette = np.array(image.getpalette()[: 3 * 16], "uint8").reshape(-1, 3)
    expected = palette[np.asarray(image)]
    scan = photographs.File(path).read()
    np.testing.assert_array_equal(scan.pixels, expected)
    if transparency is None:
        assert scan.alpha is None
    else:
        opacity = np.full(16, 255)
        if transparency == 3:
            opacity[3] = 0
        else:
            opacity[:] = range(16)
        np.testing.assert_array_equal(scan.alpha, opacity[np.asarray(image)])


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_read_drops_alpha_and_hands_it_over(tmp_path, picture, mode):
    rgb, alpha = picture(), picture(seed=1)[..., 0]
    if mode == "LA":
        image = Image.fromarray(np.dstack([rgb[..., 0], alpha]), mode=None)
        expected = np.stack([rgb[..., 0]] * 3, -1)
    else:
        image, expected = Image.fromarray(np.dstack([rgb, alpha])), rgb
    assert image.mode == mode
    path = saved(tmp_path / "a.png", image, exif=tagged(6))
    np.testing.assert_array_equal(photographs.read(path), np.rot90(expected, -1))
    scan = photographs.File(path).read()
    shown = expected[..., 0] if mode == "LA" else expected
    np.testing.assert_array_equal(scan.pixels, np.rot90(shown, -1))
    np.testing.assert_array_equal(scan.alpha, np.rot90(alpha, -1))


def test_read_first_frame_of_an_animation(tmp_path, picture):
    frames = [Image.fromarray(picture(seed=s)).quantize(32) for s in range(3)]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert Image.open(path).n_frames == 3
    np.testing.assert_array_equal(photographs.read(path), np.asarray(frames[0].convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_read_turns_upright(tmp_path, picture, orientation, suffix):
    stored = picture(40, 56)
    path = saved(tmp_path / f"a.{suffix}", Image.fromarray(stored), exif=tagged(orientation))
    rgb = photographs.read(path)
    expected = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    np.testing.assert_array_equal(rgb, np.asarray(expected))
    if suffix == "jpg":
        stored = np.asarray(Image.open(path))
    np.testing.assert_array_equal(rgb, UPRIGHT[orientation](stored))


@pytest.mark.parametrize("suffix", ["avif", "webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_read_turns_lossy_formats_upright(tmp_path, picture, orientation, suffix):
    stored, options = picture(40, 56), {"exif": tagged(orientation), "quality": 95}
    path = saved(tmp_path / f"a.{suffix}", Image.fromarray(stored), **options)
    rgb = photographs.read(path).astype(int)
    assert np.abs(rgb - UPRIGHT[orientation](stored)).mean() < 4


@pytest.mark.parametrize("orientation", [0, 9, 1000])
def test_read_passes_over_an_unknown_orientation(tmp_path, picture, orientation):
    path = saved(tmp_path / "a.png", Image.fromarray(picture()), exif=tagged(orientation))
    np.testing.assert_array_equal(photographs.read(path), picture())


def test_read_srgb_profile_changes_nothing(tmp_path, picture):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(tmp_path / "a.png", Image.fromarray(picture()), icc_profile=profile)
    difference = photographs.read(path).astype(int) - picture()
    assert np.abs(difference).max() <= 1  # lcms rounds


def test_read_applies_another_rgb_profile(tmp_path, picture):
    # The sRGB profile with the colorants of red and blue exchanged: red and blue change places.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    path = saved(tmp_path / "a.png", Image.fromarray(picture()), icc_profile=bytes(profile))
    difference = photographs.read(path).astype(int) - picture()[..., ::-1]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("profile", ["lab", "damaged"])
def test_read_passes_over_a_profile_that_does_not_fit(tmp_path, picture, profile):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    profile = lab if profile == "lab" else b"no profile at all"
    path = saved(tmp_path / "a.png", Image.fromarray(picture()), icc_profile=profile)
    np.testing.assert_array_equal(photographs.read(path), picture())


def test_read_one_pixel(tmp_path):
    path = saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (10, 20, 30)))
    np.testing.assert_array_equal(photographs.read(path), [[[10, 20, 30]]])


@pytest.mark.parametrize("as_bytes", [False, True])
def test_read_says_what_is_wrong_with_a_file(tmp_path, as_bytes):
    for content, reason in ((b"", "empty file"), (b"Dear Sir,\n" * 99, "not a picture")):
        path = tmp_path / "a.jpg"
        path.write_bytes(content)
        with pytest.raises(photographs.BadPhotograph, match=f"^{reason}$"):
            photographs.read(content if as_bytes else path)


@pytest.mark.parametrize("form", ["jpg", "png", "gif", "bmp", "tif", "webp"])
def test_read_never_takes_half_a_picture(tmp_path, picture, form):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    whole = saved(tmp_path / f"a.{form}", Image.fromarray(noise)).read_bytes()
    for share in (0.9, 0.5, 0.1, 0.01):
        with pytest.raises(photographs.BadPhotograph):
            photographs.read(whole[: int(share * len(whole))])


def test_read_refuses_an_animation_whose_second_frame_is_cut(tmp_path, picture):
    first, second = (Image.fromarray(picture(seed=seed)) for seed in range(2))
    path = saved(tmp_path / "a.gif", first, save_all=True, append_images=[second])
    whole, frame = path.read_bytes(), struct.pack("<BHHHH", 0x2C, 0, 0, *first.size)
    with pytest.raises(photographs.BadPhotograph, match="truncated or damaged"):
        photographs.read(whole[: whole.rindex(frame) + len(frame)])  # Pillow: IndexError


@pytest.mark.parametrize("form", ["jpg", "png"])
def test_read_says_that_a_file_is_truncated(tmp_path, form):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    whole = saved(tmp_path / f"a.{form}", Image.fromarray(noise)).read_bytes()
    with pytest.raises(photographs.BadPhotograph, match="truncated"):
        photographs.read(whole[: len(whole) // 2])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 3, 9])
def test_read_refuses_a_jpeg_without_its_end(tmp_path, picture, missing, progressive):
    # In TensorFlow this is an error always, in Pillow it hangs on where the last byte lies.
    path = saved(tmp_path / "a.jpg", Image.fromarray(picture()), progressive=progressive)
    with pytest.raises(photographs.BadPhotograph, match="truncated: the end of the JPEG"):
        photographs.read(path.read_bytes()[:-missing])
    photographs.read(path.read_bytes() + b"what some cameras append")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_read_refuses_a_jpeg_that_was_cut_and_given_an_end(
    tmp_path, picture, share, progressive, capfd
):
    path = saved(tmp_path / "a.jpg", Image.fromarray(picture(96, 128)), progressive=progressive)
    whole = path.read_bytes()
    header = whole.index(b"\xff\xda") + 14
    cut = whole[: header + int(share * (len(whole) - header))] + b"\xff\xd9"
    with pytest.raises(photographs.BadPhotograph, match="truncated or damaged"):
        photographs.read(cut)
    assert capfd.readouterr().err == ""


def test_read_jpeg_with_bytes_too_many(tmp_path, picture):
    path = saved(tmp_path / "a.jpg", Image.fromarray(picture()))
    whole = path.read_bytes()
    for extra, doubt in (
        (bytes(5), ""),
        (b"extra", "it has bytes too many; parts of it may be damaged"),
    ):
        scan = photographs.File(whole[:-2] + extra + whole[-2:]).read()
        np.testing.assert_array_equal(scan.pixels, np.asarray(Image.open(path)))
        assert scan.doubt == doubt


def test_read_names_jpegs_that_are_no_common_ones(picture):
    gray = picture()[..., 0]
    for content, kind in (
        (imagecodecs.jpeg8_encode(gray.astype("uint16"), bitspersample=12), "12-bit JPEG"),
        (imagecodecs.ljpeg_encode(gray.astype("uint16")), "lossless JPEG"),
        (imagecodecs.jpegls_encode(gray), "JPEG-LS"),
    ):
        with pytest.raises(photographs.BadPhotograph, match=f"^{kind} is not read; convert it"):
            photographs.read(content)


@pytest.mark.parametrize("stored", ["CMYK", "YCCK"])
def test_read_jpeg_of_inks_as_pillow_does(picture, stored):
    inks = np.dstack([picture(), picture()[..., 0] // 2])
    content = imagecodecs.jpeg8_encode(inks, 95, colorspace="CMYK", outcolorspace=stored)
    decoded = np.asarray(Image.open(io.BytesIO(content))).astype("float32")
    expected = (255 - decoded[..., :3]) * (255 - decoded[..., 3:]) / 255
    assert np.abs(photographs.read(content) - expected).max() <= 0.5


def test_read_refuses_too_many_pixels(tmp_path, monkeypatch, picture):
    path = saved(tmp_path / "a.png", Image.fromarray(picture(40, 50)))
    monkeypatch.setattr(photographs, "MAX_PIXELS", 2000)
    assert photographs.read(path).shape == (40, 50, 3)
    monkeypatch.setattr(photographs, "MAX_PIXELS", 1999)
    with pytest.raises(photographs.BadPhotograph, match="50×40 is more than 1,999 pixels"):
        photographs.read(path)


def test_read_refuses_a_bomb_by_its_header():
    with pytest.raises(photographs.BadPhotograph, match="60000×60000 is more than 100,000,000"):
        photographs.read(png_claiming(60000, 60000))


def test_read_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        photographs.read(tmp_path / "no.png")


# ---- center_crop ----


@pytest.mark.parametrize("shape", [(32, 32), (32, 50), (51, 32), (3, 500), (1, 1), (200, 100)])
@pytest.mark.parametrize("size", [32, 1])
def test_center_crop_size(picture, shape, size):
    crop = photographs.center_crop(picture(*shape), size)
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8


def test_center_crop_cuts_the_middle(picture):
    wide, tall = picture(32, 50), picture(50, 32)
    np.testing.assert_array_equal(photographs.center_crop(wide, 32), wide[:, 9:41])
    np.testing.assert_array_equal(photographs.center_crop(tall, 32), tall[9:41])


def test_center_crop_averages_areas():
    rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype("uint8")
    blocks = rgb.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
    crop = photographs.center_crop(rgb, 16)
    assert np.abs(crop - blocks[:, 4:20]).max() <= 0.5 + 1e-6
