import numpy as np
import pytest
from PIL import Image, ImageDraw

from keras_colorize.data import earlier, photographs
from keras_colorize.data.record import Record


def saved(path, pixels):
    Image.fromarray(pixels).save(path)
    return path


def written(path, pixels):
    """Write a picture as `colorize` does."""
    photographs.write(path, pixels, told=Record())
    return path


def page(seed):
    """Draw lines of text, which other pages have, too."""
    image = Image.new("L", (400, 560), 245)
    draw = ImageDraw.Draw(image)
    letters = np.random.default_rng(seed).integers(97, 123, (25, 55)).astype("uint8")
    for number, line in enumerate(letters):
        draw.text((20, 20 + 21 * number), line.tobytes().decode(), fill=30)
    return np.asarray(image)


def night(seed):
    """Draw a dark photograph with a few faint lights."""
    random = np.random.default_rng(seed)
    pixels = np.full((300, 400), 8, "uint8")
    for row, column in random.integers(20, 280, (12, 2)):
        pixels[row : row + 12, column : column + 12] = 40
    return pixels


def tinted(gray):
    """Return a picture of one tint with about the lightness of a gray photograph."""
    colored = np.stack([gray] * 3, -1).astype("int16")
    colored += np.array([4, -2, 4], "int16")  # of L*, green has 0.72, red 0.21 and blue 0.07
    return colored.clip(0, 255).astype("uint8")


@pytest.mark.parametrize("draw", [page, night])
def test_other_photograph_of_that_size_is_told_from_a_picture(tmp_path, draw):
    photograph = photographs.File(saved(tmp_path / "a.png", draw(0)))
    own = written(tmp_path / "own.jpg", tinted(draw(0)))
    other = written(tmp_path / "other.jpg", tinted(draw(1)))
    assert earlier.is_picture_of(own, photograph, [0])
    assert not earlier.is_picture_of(other, photograph, [0])


def test_picture_beside_its_photograph_and_one_of_another_size(tmp_path, picture):
    pixels = picture(40, 64)
    photograph = photographs.File(saved(tmp_path / "a.png", pixels))
    both = written(tmp_path / "both.png", np.concatenate([pixels, pixels // 2], 1))
    assert earlier.is_picture_of(both, photograph, [0])
    assert not earlier.is_picture_of(written(tmp_path / "b.png", pixels[:39]), photograph, [0])
    (tmp_path / "c.png").write_bytes(b"none")
    assert not earlier.is_picture_of(tmp_path / "c.png", photograph, [0])


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_color_photograph_is_no_picture_of_its_gray_copy(tmp_path, picture, suffix):
    color = picture(40, 64)
    gray = photographs.File(saved(tmp_path / "gray.png", tinted(color[..., 1])))
    original = saved(tmp_path / f"original.{suffix}", tinted(color[..., 1]))
    assert not earlier.is_picture_of(original, gray, [0])
    assert earlier.is_picture_of(written(original, tinted(color[..., 1])), gray, [0])
