"""What is written is what Pillow reads."""

import os
import pathlib
import re

import numpy as np
import PIL.features
import pytest
import tifffile
from PIL import Image, ImageCms
from tags import DESCRIPTION, EXPOSURE, ORIENTATION, tagged

from keras_colorize.data import photographs
from keras_colorize.errors import UsageError


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "tiff", "PNG"])
def test_write_lossless_formats_exactly(tmp_path, picture, suffix):
    photographs.write(tmp_path / f"a.{suffix}", picture())
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"a.{suffix}")), picture())


@pytest.mark.parametrize(
    "suffix, form", [("jpg", "JPEG"), ("jpeg", "JPEG"), ("jfif", "JPEG"), ("webp", "WEBP")]
)
def test_write_lossy_formats_closely(tmp_path, picture, suffix, form):
    photographs.write(tmp_path / f"a.{suffix}", picture())
    image = Image.open(tmp_path / f"a.{suffix}")
    assert image.format == form
    assert np.abs(np.asarray(image).astype(int) - picture()).mean() < 4


@pytest.mark.parametrize("shape", [(37, 53), (37, 53, 3)])
def test_write_jpeg_as_pillow_does(tmp_path, picture, shape):
    pixels = picture(37, 53) if len(shape) == 3 else picture(37, 53)[..., 0]
    photographs.write(tmp_path / "a.jpg", pixels)
    Image.fromarray(pixels).save(tmp_path / "b.jpg", quality=95, subsampling=0)
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()


def test_write_jpeg_keeps_chroma_at_full_resolution(tmp_path, picture):
    photographs.write(tmp_path / "a.jpg", picture())
    components = [layer[1:3] for layer in Image.open(tmp_path / "a.jpg").layer]
    assert components == [(1, 1)] * 3  # horizontal and vertical sampling of Y, Cb, Cr


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_write_keeps_alpha(tmp_path, picture, suffix):
    alpha = picture(seed=1)[..., 0]
    photographs.write(tmp_path / f"a.{suffix}", picture(), alpha=alpha)
    image = Image.open(tmp_path / f"a.{suffix}")
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., 3], alpha)


@pytest.mark.parametrize("suffix", ["jpg", "bmp"])
def test_write_leaves_alpha_out_where_there_is_none(tmp_path, picture, suffix):
    photographs.write(tmp_path / f"a.{suffix}", picture(), alpha=picture()[..., 0])
    assert Image.open(tmp_path / f"a.{suffix}").mode == "RGB"


@pytest.mark.parametrize("read_as", ["jpg", "png", "tif"])
@pytest.mark.parametrize("written_as", ["jpg", "png", "tif", "webp"])
def test_write_keeps_exif_and_resolution_but_not_orientation(
    tmp_path, picture, read_as, written_as
):
    source = tmp_path / f"a.{read_as}"
    options = {"exif": tagged(6, exposure=0.5), "dpi": (300, 300)}
    Image.fromarray(picture()).save(source, **options)
    scan = photographs.File(source).read()
    photographs.write(tmp_path / f"b.{written_as}", scan.pixels, told=scan.told)
    image = Image.open(tmp_path / f"b.{written_as}")
    exif = image.getexif()
    assert exif[DESCRIPTION] == "the harbour"
    assert exif.get(ORIENTATION, 1) == 1
    assert exif.get_ifd(0x8769)[EXPOSURE] == 0.5
    if written_as != "webp":  # which has no field for it
        assert [float(value) for value in image.info["dpi"]] == pytest.approx([300, 300], 1e-3)
    upright = photographs.read(tmp_path / f"b.{written_as}")
    assert upright.shape == (64, 40, 3)
    assert (
        np.abs(upright.astype(int) - scan.pixels).mean() < 4
    )  # WebP halves the chroma's resolution


@pytest.mark.parametrize(
    "mode, options",
    [
        ("L", {}),
        ("1", {"compression": "group4"}),
        ("P", {}),
        ("CMYK", {}),
        ("I;16", {}),
        ("RGB", {"compression": "tiff_lzw"}),
        ("RGB", {"compression": "jpeg"}),
    ],
)
def test_write_takes_no_storage_tags_from_a_tiff(tmp_path, picture, mode, options):
    # Bits for each sample, strips, inks… of the file that was read do not describe the new one.
    image = Image.fromarray(picture())
    if mode == "I;16":
        image = Image.fromarray(picture()[..., 0].astype("uint16") * 257)
    else:
        image = image.quantize(16) if mode == "P" else image.convert(mode)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(tmp_path / "a.tif", exif=tagged(1), icc_profile=profile, **options)
    scan = photographs.File(tmp_path / "a.tif").read()
    photographs.write(tmp_path / "b.tif", scan.pixels, told=scan.told)
    again = tifffile.imread(tmp_path / "b.tif")
    np.testing.assert_array_equal(again, scan.pixels)
    again = Image.open(tmp_path / "b.tif")
    assert again.getexif()[DESCRIPTION] == "the harbour"
    assert "icc_profile" not in again.info  # the pixels are sRGB now


def test_write_is_all_or_nothing(tmp_path, picture, monkeypatch):
    path = tmp_path / "a.png"
    photographs.write(path, picture())
    before = path.read_bytes()

    def fill_the_disk(path, content):
        with open(path, "wb") as half:
            half.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        photographs.write(path, picture(seed=1))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("name", ["a.gif", "a.xyz", "a"])
def test_write_unknown_suffix_names_the_choices(tmp_path, picture, name):
    with pytest.raises(UsageError, match=rf"\.jpg.*\.png.*Received: .*{re.escape(name)}"):
        photographs.write(tmp_path / name, picture())
    assert os.listdir(tmp_path) == []


def test_output_suffix():
    kept = [".jpg", ".JPG", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"]
    assert [photographs.output_suffix(suffix) for suffix in kept] == kept
    assert [photographs.output_suffix(s) for s in (".gif", ".ppm", "")] == [".png"] * 3


def test_pillow_has_the_codecs_we_name():
    for name in ("jpg", "zlib", "libtiff", "webp", "littlecms2"):
        assert PIL.features.check(name)
