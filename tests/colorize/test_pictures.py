"""What becomes of a photograph: lightness by scikit-image, sizes and orientation by Pillow."""

import sys

import cv2
import numpy as np
import pytest
import skimage.color
import tifffile
from folders import files_in
from PIL import Image, ImageOps

from keras_colorize import colorizer

ORIENTATION, DESCRIPTION = 0x0112, 0x010E


def lightness(rgb):
    return skimage.color.rgb2lab(rgb)[..., 0]


# ---- pictures ----


def test_colorize_keeps_size_and_lightness(run, grey, tmp_path):
    pixels = grey("a.png", 45, 71)
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert colored.shape == (45, 71, 3) and colored.dtype == np.uint8
    # Rounding to 8 bits moves L* by up to 0.5 in the dark.
    before = lightness(np.stack([pixels] * 3, -1))
    assert np.abs(lightness(colored) - before).max() <= 1.0
    assert np.ptp(colored.astype(int), axis=-1).max() > 0  # and there is color


def test_colorize_keeps_the_lightness_of_a_color_photograph(run, picture, tmp_path):
    Image.fromarray(picture()).save(tmp_path / "a.png")
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert np.abs(lightness(colored) - lightness(picture())).max() <= 1.0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colorize_writes_upright(run, grey, tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = orientation, "the harbour"
    grey("a.png", exif=exif, dpi=(300, 300))
    assert run("a.png", "-o", "out") == 0
    image = Image.open(tmp_path / "out" / "a.png")
    assert image.getexif().get(ORIENTATION, 1) == 1
    assert image.getexif()[DESCRIPTION] == "the harbour"
    assert image.info["dpi"] == pytest.approx((300, 300), rel=1e-3)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "a.png")).convert("RGB")
    assert image.size == upright.size
    assert np.abs(lightness(np.asarray(image)) - lightness(np.asarray(upright))).max() <= 1.0


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_colorize_keeps_alpha(run, picture, tmp_path, mode):
    alpha = Image.fromarray(picture(seed=1)[..., 1])
    image = Image.fromarray(picture()).convert(mode[:-1])
    image.putalpha(alpha)
    assert image.mode == mode
    image.save(tmp_path / "a.png")
    assert run("a.png", "-o", "out") == 0
    colored = Image.open(tmp_path / "out" / "a.png")
    assert colored.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(colored)[..., 3], np.asarray(alpha))


@pytest.mark.parametrize("height, width", [(1, 1), (3, 500), (500, 3), (1, 40)])
def test_colorize_extreme_proportions(run, grey, tmp_path, height, width):
    pixels = grey("a.png", height, width)
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert colored.shape == (height, width, 3)
    before = lightness(np.stack([pixels] * 3, -1))
    assert np.abs(lightness(colored) - before).max() <= 1.0


def test_colorize_tiff_scan_with_its_tags(run, picture, tmp_path):
    # A 16-bit grey scan: its tags tell of bits and strips that the colored picture has not.
    values = picture()[..., 0].astype("uint16") * 257
    exif = Image.Exif()
    exif[DESCRIPTION] = "the harbour"
    Image.fromarray(values).save(tmp_path / "a.tif", exif=exif, dpi=(600, 600))
    assert run("a.tif", "-o", "out") == 0
    image = Image.open(tmp_path / "out" / "a.tif")
    assert image.mode == "RGB" and image.getexif()[DESCRIPTION] == "the harbour"
    before = lightness(np.stack([picture()[..., 0]] * 3, -1))
    assert np.abs(lightness(np.asarray(image)) - before).max() <= 1.0


def test_colorize_repeats_itself(run, grey, tmp_path):
    grey("a.png")
    assert run("a.png", "-o", "one") == run("a.png", "-o", "two") == 0
    one, two = (tmp_path / folder / "a.png" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


# ---- what a file may hold ----


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colorize_16_bits_keeps_their_lightness(run, tmp_path, suffix):
    row, column = np.mgrid[0:40, 0:64]
    values = (row * 64 + column).astype("uint16") * 25  # steps far below those of 8 bits
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    assert run(f"a.{suffix}", "-o", "out") == 0
    made = cv2.imread(str(tmp_path / "out" / f"a.{suffix}"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert made.shape == (40, 64, 3) and made.dtype == np.uint16
    expected = lightness(np.stack([values / 65535] * 3, -1))
    assert np.abs(lightness(made / 65535) - expected).max() <= 0.02


@pytest.fixture
def pages(picture, tmp_path):
    """Write a TIFF with a thumbnail and three scans, and return these."""
    scans = [picture(40, 64, seed)[..., 0] for seed in range(3)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(scans[0][::8, ::8], subfiletype=1)
        for scan in scans:
            writer.write(scan)
    return scans


def test_colorize_all_scans_of_a_tiff(run, pages, tmp_path):
    assert run("a.tif", "-o", "out") == 0
    with tifffile.TiffFile(tmp_path / "out" / "a.tif") as made:
        assert len(made.pages) == 3
        for page, scan in zip(made.pages, pages):
            difference = lightness(page.asarray()) - lightness(np.stack([scan] * 3, -1))
            assert np.abs(difference).max() <= 1.0


def test_colorize_one_page(run, pages, tmp_path, capsys):
    assert run("a.tif", "-o", "b.png", "--page", "2") == 0
    made = np.asarray(Image.open(tmp_path / "b.png"))
    assert np.abs(lightness(made) - lightness(np.stack([pages[1]] * 3, -1))).max() <= 1.0
    assert run("a.tif", "-o", "c.png") == 0
    assert "the first of 3 pages is colored" in capsys.readouterr().err
    assert run("a.tif", "-o", "d.png", "--page", "4") == 1
    assert "there is no page 4, it has 3" in capsys.readouterr().err


@pytest.mark.parametrize("more", [0, 20])  # bytes of the third page's directory
@pytest.mark.parametrize("bigtiff", [False, True])
def test_colorize_says_that_a_tiff_lacks_pages(run, picture, tmp_path, capsys, bigtiff, more):
    with tifffile.TiffWriter(tmp_path / "a.tif", bigtiff=bigtiff) as writer:
        for seed in range(3):
            writer.write(picture(seed=seed), metadata=None)
    assert run("a.tif", "-o", "whole.tif") == 0
    assert "missing" not in capsys.readouterr().err
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        third = file.pages[2].offset
    (tmp_path / "cut.tif").write_bytes((tmp_path / "a.tif").read_bytes()[: third + more])
    assert run("cut.tif", "-o", "out.tif") == 1
    with tifffile.TiffFile(tmp_path / "out.tif") as made:
        assert len(made.pages) == 2
    assert "cut.tif: pages are missing: the TIFF is truncated or damaged" in capsys.readouterr().err


def _damage(content, path, pages):
    """Overwrite the strips of some pages of a compressed TIFF with 0xFF."""
    with tifffile.TiffFile(path) as file:
        strips = [(p.dataoffsets[0], p.databytecounts[0]) for p in file.pages]
    for number in pages:
        at, count = strips[number]
        content = content[:at] + b"\xff" * count + content[at + count :]
    path.write_bytes(content)


def test_colorize_leaves_out_damaged_pages_of_a_tiff(run, picture, tmp_path, capsys):
    scans = [picture(seed=seed) for seed in range(3)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for scan in scans:
            writer.write(scan, compression="zlib", metadata=None)
    content = (tmp_path / "a.tif").read_bytes()
    _damage(content, tmp_path / "a.tif", [0])
    assert run("a.tif", "-o", "b.tif") == 1
    said = capsys.readouterr().err
    assert "a.tif: page 1 is missing: truncated or damaged" in said
    with tifffile.TiffFile(tmp_path / "b.tif") as made:
        assert len(made.pages) == 2
        for page, scan in zip(made.pages, scans[1:]):
            assert np.abs(lightness(page.asarray()) - lightness(scan)).max() <= 1.0
    _damage(content, tmp_path / "a.tif", [0, 1, 2])
    assert run("a.tif", "-o", "c.tif") == 1
    assert "a.tif: truncated or damaged" in capsys.readouterr().err
    assert not (tmp_path / "c.tif").exists()


def test_colorize_says_what_white_was_taken_for(run, tmp_path, capsys):
    stored = np.linspace(0, 1000, 32 * 32).reshape(32, 32).astype("float32")
    tifffile.imwrite(tmp_path / "a.tif", stored)
    assert run("a.tif", "-o", "out") == 0
    said = capsys.readouterr().err
    assert "a.tif: samples reach 999; white is taken to be 1,023" in said or "998" in said


def test_colorize_says_that_a_file_has_more_pages(run, picture, tmp_path, capsys):
    frames = [Image.fromarray(picture(seed=s)) for s in range(3)]
    frames[0].save(tmp_path / "a.mpo", save_all=True, append_images=frames[1:])
    assert run("a.mpo", "-o", "out") == 0
    assert "a.mpo: the first of 3 pages is colored" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    ["a.avif", "a.jp2", "a.pgm", "a.tga", "a.mpo", "a.heic", "a.webp", "a.dib", "a.pcx", "a.im"],
)
def test_colorize_folder_of_rarer_formats(run, grey, tmp_path, name):
    if name.endswith("heic"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    pixels = grey(f"in/{name}")
    assert run("in", "-o", "out") == 0
    (made,) = (tmp_path / "out").iterdir()
    difference = lightness(np.asarray(Image.open(made))) - lightness(np.stack([pixels] * 3, -1))
    assert np.abs(difference).mean() <= 1.5  # AVIF, HEIC and WebP lose some


def test_colorize_names_what_it_does_not_read(run, grey, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    grey("in/a.png")
    (tmp_path / "in/b.jxl").write_bytes(b"\xff\x0a and so on")
    (tmp_path / "in/c.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert run("in", "-o", "out") == 1
    said = capsys.readouterr().err
    assert "in/b.jxl: JPEG XL is not read" in said
    assert "in/c.jpg: HEIC is read where pillow-heif is: pip install 'keras_colorize[heif]'" in said
    assert files_in(tmp_path / "out") == ["a.png"]


def test_colorize_strips_metadata(run, grey, tmp_path):
    exif = Image.Exif()
    exif[DESCRIPTION] = "the harbour"
    grey("a.jpg", exif=exif, comment=b"Scanned 2004", dpi=(300, 300))
    for flags, expected in (((), True), (("--strip-metadata",), False)):
        assert run("a.jpg", "-o", "b.jpg", "--overwrite", *flags) == 0
        content = (tmp_path / "b.jpg").read_bytes()
        assert (b"harbour" in content, b"Scanned" in content) == (expected, expected)
        assert ("dpi" in Image.open(tmp_path / "b.jpg").info) == expected


def test_colorize_says_what_it_could_not_keep(run, grey, tmp_path, capsys):
    grey("a.jpg", comment=b"Scanned 2004")
    assert run("a.jpg", "-o", "b.bmp") == 0
    assert "a.jpg: not kept: comment, which BMP has no place for" in capsys.readouterr().err


def test_colorize_names_the_limit_of_pixels(run, grey, tmp_path, capsys):
    grey("a.png", 40, 64)
    assert run("a.png", "-o", "out", "--max-pixels", "2559") == 1
    said = capsys.readouterr().err
    assert "64×40 is more than 2,559 pixels; --max-pixels allows more" in said
    assert run("a.png", "-o", "out", "--max-pixels", "2_560") == 0


# ---- saliency maps ----


class Salient:
    """A Colorizer in miniature: its saliency map is the photograph's red channel."""

    def check_saliency(self):
        pass

    def colorize_each(self, photograph, decodings, conditions=()):
        return [photograph for _ in decodings]

    def saliency(self, photograph):
        return photograph if photograph.ndim == 2 else photograph[..., 0]


def test_colorize_saliency_writes_a_map_beside_each_picture(keras_run, grey, tmp_path, monkeypatch):
    monkeypatch.setattr(colorizer, "load", lambda name: Salient())
    pixels = grey("a.png"), grey("a.bmp", seed=1)
    assert keras_run("a.png", "a.bmp", "-o", "out", "--saliency") == 0
    assert files_in(tmp_path / "out") == ["a.bmp", "a.png", "a.saliency-2.png", "a.saliency.png"]
    for name, expected in zip(("a.saliency.png", "a.saliency-2.png"), pixels):
        made = Image.open(tmp_path / "out" / name)
        assert made.mode == "L"
        np.testing.assert_array_equal(made, expected)


def test_colorize_saliency_never_overwrites_a_photograph(run, grey, capsys):
    before = grey("a.saliency.png")
    assert run("a.saliency.png", "-o", "a.png", "--saliency") == 2
    assert "would overwrite the photograph a.saliency.png" in capsys.readouterr().err
    np.testing.assert_array_equal(Image.open("a.saliency.png"), before)


def test_colorize_saliency_of_a_network_without_says_so(run, grey, tmp_path, capsys):
    grey("a.png")
    assert run("a.png", "-o", "out", "--saliency") == 2
    assert "edge_saliency_gan does. Received: arch='vgg_fusion'" in capsys.readouterr().err
    assert files_in(tmp_path / "out") == []
