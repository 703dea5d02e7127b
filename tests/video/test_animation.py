"""Animations are read back by Pillow; lightness is compared by scikit-image."""

import numpy as np
import pytest
from films import cut, left_beside, lightness
from PIL import Image, ImageSequence

from keras_colorize.errors import BadPhotograph


@pytest.mark.parametrize("name, tolerance", [("a.gif", 3.0), ("a.webp", 1.5)])
def test_animation_keeps_size_times_and_lightness(color, picture, tmp_path, name, tolerance):
    gray = [Image.fromarray(picture(45, 71, seed)[..., 0]) for seed in range(3)]
    durations = [100, 40, 250]
    gray[0].save(
        tmp_path / name, save_all=True, append_images=gray[1:], duration=durations, loop=3,
        lossless=True,
    )  # fmt: skip
    path, lost = color(tmp_path / name, name)
    with Image.open(path) as image:
        assert image.format.lower() == name[2:] and image.info["loop"] == 3
        shown = [frame.convert("RGB") for frame in ImageSequence.Iterator(image)]
        seen = []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            seen.append(image.info["duration"])
    assert seen == durations and lost == left_beside(path) == []
    for one, other in zip(gray, shown, strict=True):
        assert other.size == (71, 45)
        difference = lightness(np.asarray(one.convert("RGB"))) - lightness(np.asarray(other))
        assert np.abs(difference).mean() < tolerance
    assert np.ptp(np.asarray(shown[0]).astype(int), axis=-1).mean() > 5  # there is color


def test_animation_keeps_transparency(color, tmp_path):
    frames = []
    for number in range(2):
        pixels = np.full((40, 64, 4), 90 + 50 * number, "uint8")
        pixels[..., 3] = 255
        pixels[:20, :32, 3] = 0
        frames.append(Image.fromarray(pixels))
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=80)
    path, _ = color(tmp_path / "a.webp", "a.webp")
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            alpha = np.asarray(frame.convert("RGBA"))[..., 3]
            assert (alpha[:20, :32] == 0).all() and (alpha[20:] == 255).all()


def test_animation_that_is_cut_fails_and_leaves_nothing(color, picture, tmp_path):
    frames = [Image.fromarray(picture(40, 64, seed)) for seed in range(4)]
    path = tmp_path / "a.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80)
    cut(path, 0.6)
    with pytest.raises(BadPhotograph):
        color(path, "a.webp")
    assert list((tmp_path / "out").iterdir()) == []
