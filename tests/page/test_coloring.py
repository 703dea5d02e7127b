"""Colors are compared by scikit-image, files by Pillow and tifffile."""

import io
import zipfile

import numpy as np
import pytest
import skimage.color
import tifffile
from PIL import Image

from keras_colorize import colorizer
from keras_colorize.errors import BadPhotograph
from keras_colorize.page.coloring import Choice, Coloring


@pytest.fixture(scope="module")
def coloring(tiny_model):
    return Coloring(colorizer.load(tiny_model), max_pixels=1_000_000)


def test_opened_photograph_is_upright_grey_and_of_the_size_shown(coloring, picture, tmp_path):
    image = Image.fromarray(picture(40, 64))
    turned = image.getexif()
    turned[0x0112] = 6  # to be turned by a quarter
    image.save(tmp_path / "a.jpg", exif=turned)
    opened = coloring.open(tmp_path / "a.jpg")
    assert opened.size == (40, 64)
    assert opened.grey.shape == (1024, 640, 3)
    assert np.ptp(opened.grey.astype(int), axis=-1).max() <= 1


def test_photograph_with_too_many_pixels_is_refused(coloring, tmp_path):
    Image.new("L", (2000, 501)).save(tmp_path / "a.png")
    with pytest.raises(BadPhotograph, match="more than 1,000,000 pixels"):
        coloring.open(tmp_path / "a.png")


def test_written_picture_keeps_name_size_depth_and_lightness(coloring, tmp_path):
    grey = np.linspace(0, 65535, 30 * 50).reshape(30, 50).astype("uint16")
    tifffile.imwrite(tmp_path / "scan.tif", grey)
    opened = coloring.open(tmp_path / "scan.tif")
    path = coloring.write(opened, Choice(variant=1), str(tmp_path))
    assert path.name == "scan.tif" and path.parent != tmp_path
    written = tifffile.imread(path)
    assert written.shape == (30, 50, 3) and written.dtype == np.uint16
    lightness = skimage.color.rgb2lab(written / 65535)[..., 0]
    expected = skimage.color.rgb2lab(np.stack([grey] * 3, -1) / 65535)[..., 0]
    np.testing.assert_allclose(lightness, expected, atol=0.1)


@pytest.mark.parametrize("width", [300, 2000])
def test_hints_are_at_their_places_at_full_size(coloring, tmp_path, width):
    Image.new("L", (width, width // 10), 128).save(tmp_path / "a.png")
    opened = coloring.open(tmp_path / "a.png")
    hints = (256, 51, "#b06a5e"), (768, 51, "#5e7ab0")  # of 1024 × 102 pixels
    picture = np.asarray(Image.open(coloring.write(opened, Choice(hints=hints), str(tmp_path))))
    for x, y, color in hints:
        seen = picture[y * width // 1024, x * width // 1024]
        rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], "uint8")
        ab = skimage.color.rgb2lab(np.stack([seen, rgb]))[:, 1:]
        assert np.abs(ab[0] - ab[1]).max() < 4, (seen, color)


def test_archive_has_every_picture_once_and_names_failures(coloring, picture, tmp_path):
    paths = []
    for number in range(2):  # uploads of one name lie in different folders
        (tmp_path / str(number)).mkdir()
        paths.append(tmp_path / str(number) / "a.jpg")
        Image.fromarray(picture(seed=number)).save(paths[-1])
    paths.append(tmp_path / "bad.png")
    paths[-1].write_bytes(b"no picture")
    told = []
    path, failed = coloring.write_all(paths, Choice(), str(tmp_path), lambda *n: told.append(n))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["a.jpg", "a-2.jpg"]
        sizes = [Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()]
    assert sizes == [(64, 40)] * 2
    assert failed == [("bad.png", "not a picture")]
    assert told == [(1, 3), (2, 3), (3, 3)]
