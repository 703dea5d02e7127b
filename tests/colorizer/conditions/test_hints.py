"""Hints on photographs drawn by arithmetic: two surfaces, and a contour between them."""

import numpy as np
import pytest
import skimage.color
from PIL import Image

import keras_colorize
from keras_colorize import Hints, errors
from keras_colorize.colorizer import bands

RED, BLUE = "#b03a2e", "#2e4a7f"


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return keras_colorize.load(tiny_model)


def surfaces(height=120, width=180):
    """A dark disc on a bright wall, both with a little grain; and where the disc is."""
    row, column = np.mgrid[:height, :width]
    disc = np.hypot(row - height / 2, column - width / 2) < height / 3
    grain = np.random.default_rng(0).normal(0, 2, (height, width))
    return np.clip(np.where(disc, 90, 190) + grain, 0, 255).astype("uint8"), disc


def ab_of(color):
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return skimage.color.rgb2lab(rgb)[1:]


def difference(picture, other):
    """CIEDE2000 between pictures, or between a picture and ab at the picture's own lightness."""
    picture = skimage.color.rgb2lab(picture)
    if other.shape == (2,):
        other = np.dstack([picture[..., 0], np.broadcast_to(other, (*picture.shape[:2], 2))])
    else:
        other = skimage.color.rgb2lab(other)
    return skimage.color.deltaE_ciede2000(picture, other)


def test_hint_colors_its_surface_and_nothing_across_the_contour(colorizer):
    grey, disc = surfaces()
    plain = colorizer.colorize(grey)
    hinted = colorizer.colorize(grey, conditions=[Hints([(90, 60, RED)])])
    assert difference(hinted, ab_of(RED))[disc].mean() < 2
    assert difference(plain, ab_of(RED))[disc].mean() > 20
    border = np.hypot(*np.gradient(disc.astype(float))) > 0
    assert difference(hinted, plain)[~disc & ~border].max() < 1
    np.testing.assert_allclose(
        skimage.color.rgb2lab(hinted)[..., 0], skimage.color.rgb2lab(plain)[..., 0], atol=0.7
    )


def test_hints_are_exact_where_they_are_given(colorizer):
    grey, _ = surfaces()
    points = [(90, 50, RED), (100, 70, BLUE), (5, 5, "#8a7a3a"), (179, 119, "#6a8a6a")]
    hinted = colorizer.colorize(grey, conditions=[Hints(points)])
    for x, y, color in points:
        assert difference(hinted[y : y + 1, x : x + 1], ab_of(color)) < 2


def test_hint_means_the_same_place_at_every_size(colorizer):
    grey, disc = surfaces(240, 360)
    large = np.kron(grey, np.ones((3, 3), "uint8"))
    assert large.size > 2 * bands.ADJUSTED
    hinted = colorizer.colorize(large, conditions=[Hints([(3 * 180, 3 * 120, RED)])])
    assert difference(hinted[::3, ::3], ab_of(RED))[disc].mean() < 2
    border = np.hypot(*np.gradient(disc.astype(float))) > 0
    plain = colorizer.colorize(large)
    assert difference(hinted[::3, ::3], plain[::3, ::3])[~disc & ~border].mean() < 2


def test_hint_of_a_panorama_stays_in_its_place(colorizer):
    tiles = np.concatenate([surfaces()[0]] * 5, axis=1)
    disc = np.concatenate([surfaces()[1]] * 5, axis=1)
    hinted = colorizer.colorize(tiles, conditions=[Hints([(2 * 180 + 90, 60, RED)])])
    third = slice(2 * 180, 3 * 180)
    near = difference(hinted[:, third], ab_of(RED))[disc[:, third]]
    assert near.mean() < 2
    plain = colorizer.colorize(tiles)
    far = difference(hinted, plain)[:, 4 * 180 :]
    assert far.mean() < 2


def test_strokes_color_as_points_do(colorizer, tmp_path):
    grey, disc = surfaces()
    strokes = np.zeros((240, 360, 4), "uint8")  # of twice the photograph's size
    strokes[110:130, 160:200] = [0xB0, 0x3A, 0x2E, 255]
    strokes[4:8, 100:250] = [0x2E, 0x4A, 0x7F, 200]
    strokes[200:, :, :3] = 255  # transparent: nothing
    Image.fromarray(strokes).save(tmp_path / "strokes.png")
    hinted = colorizer.colorize(grey, conditions=[Hints(strokes=tmp_path / "strokes.png")])
    assert difference(hinted, ab_of(RED))[disc].mean() < 2
    assert difference(hinted, ab_of(BLUE))[:4, 50:120].mean() < 2
    same = colorizer.colorize(grey, conditions=[Hints(strokes=strokes)])
    np.testing.assert_array_equal(hinted, same)


def test_strokes_of_very_many_colors_are_followed(colorizer):
    grey, _ = surfaces()
    strokes = np.zeros((120, 180, 4), "uint8")
    ramp = np.linspace(0, 255, 160)
    strokes[10, 10:170] = np.stack([ramp, 255 - ramp, np.full(160, 90), np.full(160, 255)], -1)
    hinted = colorizer.colorize(grey, conditions=[Hints(strokes=strokes)])
    left, right = (skimage.color.rgb2lab(hinted[10:11, x : x + 1])[0, 0, 1] for x in (12, 168))
    assert left < -20 and right > 20  # from green to red


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Hints([(1, 1, "red")]), r"such as '#b03a2e'.*color='red'"),
        (lambda: Hints([(1, 1, "#12345")]), r"color='#12345'"),
        (lambda: Hints(strokes=np.zeros((4, 4, 4), "uint8")), r"none of 4 × 4 pixels"),
        (lambda: Hints(strokes=np.zeros((4, 4, 3), "uint8")), r"uint8 \(4, 4, 3\)"),
        (lambda: Hints(strokes=Image.new("RGB", (4, 4))), r"a picture of mode RGB"),
        (lambda: Hints(strokes="missing.png"), r"strokes='missing.png'"),
    ],
)
def test_wrong_hint_says_what_it_received(make, message):
    with pytest.raises(errors.UsageError, match=message):
        make()


@pytest.mark.parametrize(
    "hints, message",
    [
        (Hints([(64, 3, RED)]), r"x in 0…63 and y in 0…39. Received: hint=\(64, 3"),
        (Hints([(3, -1, RED)]), r"hint=\(3, -1"),
        (Hints(strokes=np.full((40, 40, 4), 255, "uint8")), r"Received: 40 × 40"),
    ],
)
def test_hint_outside_of_the_photograph_says_so(colorizer, picture, hints, message):
    with pytest.raises(errors.UsageError, match=message):
        colorizer.colorize(picture(), conditions=[hints])
