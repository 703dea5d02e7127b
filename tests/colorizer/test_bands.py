"""A photograph in bands and windows, against the same network on the whole, and by arithmetic."""

import numpy as np
import pytest
import skimage.color

from keras_colorize.color import grays, pixels
from keras_colorize.colorizer import Colorizer, Decoding, bands, load


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return load(tiny_model)


@pytest.mark.parametrize("shape", [(40, 64), (64, 40), (33, 120), (1, 1), (7, 500), (300, 90)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_bands_color_as_the_whole(colorizer, picture, monkeypatch, dtype, shape):
    photograph = picture(*shape).astype(dtype) * (257 if dtype == "uint16" else 1)
    expected = colorizer.colorize_batch(photograph[None])[0].astype(int)
    for band, block in ((2**20, 2**14), (500, 150)):
        monkeypatch.setattr(bands, "_BAND", band)
        monkeypatch.setattr(pixels, "BLOCK", block)
        made = colorizer.colorize(photograph)
        assert made.dtype == dtype
        # The order of additions may move the last digit of a float.
        assert np.abs(made - expected).max() <= (1 if dtype == "uint8" else 64)


@pytest.mark.parametrize("upscale", ["bicubic", "guided"])
def test_bands_enlarge_color_as_the_whole(colorizer, picture, monkeypatch, upscale):
    decoding = Decoding(upscale=upscale)
    photograph = picture(90, 150)
    expected = colorizer.colorize_batch(photograph[None], decoding)[0].astype(int)
    assert np.abs(colorizer.colorize_batch(photograph[None])[0] - expected).max() > 1
    monkeypatch.setattr(bands, "_BAND", 500)
    assert np.abs(colorizer.colorize(photograph, decoding) - expected).max() <= 1


def test_bands_color_as_the_whole_where_the_network_takes_squares(picture, monkeypatch):
    square = Colorizer("unet_plain")
    assert square.stride is None
    monkeypatch.setattr(bands, "_BAND", 500)
    expected = square.colorize_batch(picture(60, 90)[None])[0].astype(int)
    assert np.abs(square.colorize(picture(60, 90)) - expected).max() <= 1


@pytest.mark.parametrize("tall", [False, True])
def test_panorama_is_colored_as_its_parts_would_be_alone(colorizer, picture, tall):
    part = picture(120, 180)
    panorama = np.concatenate([part, part[:, ::-1]] * 5, axis=1)
    if tall:
        part, panorama = part.swapaxes(0, 1), panorama.swapaxes(0, 1)
    made = skimage.color.rgb2lab(colorizer.colorize(panorama))
    before = skimage.color.rgb2lab(panorama)
    assert np.abs(made[..., 0] - before[..., 0]).max() <= 1.0
    whole = skimage.color.rgb2lab(colorizer.colorize_batch(panorama[None])[0])
    first = tuple(slice(0, side) for side in part.shape[:2])
    alone = skimage.color.rgb2lab(colorizer.colorize(part))[..., 1:]
    near = np.abs(made[first][..., 1:] - alone).mean()
    assert near < np.abs(whole[first][..., 1:] - alone).mean() / 2


@pytest.mark.parametrize(
    "shape, places, size",
    [
        ((100, 400), [(0, 0)], (100, 400)),
        ((100, 500), [(0, 0), (0, 100), (0, 200), (0, 300)], (100, 200)),
        ((450, 100), [(0, 0), (83, 0), (167, 0), (250, 0)], (200, 100)),
        ((99, 2000), [(0, 0)], (99, 2000)),  # a strip is no panorama
    ],
)
def test_windows_cover_a_panorama(shape, places, size):
    assert bands._places(*shape) == (places, size)


@pytest.mark.parametrize("shape", [(40, 64), (120, 1000)])
def test_colorize_each_runs_the_network_once(tiny_model, picture, monkeypatch, shape):
    tiny = load(tiny_model)
    ways = [Decoding(), Decoding(chroma=1.4, upscale="guided"), Decoding(chroma=0)]
    expected = [tiny.colorize(picture(*shape), way) for way in ways]
    runs, network = [], tiny.network
    monkeypatch.setattr(
        tiny, "network", lambda *arguments, **options: runs.append(1) or network(*arguments)
    )
    pictures = tiny.colorize_each(picture(*shape), ways)
    assert len(runs) == len(bands._places(*shape)[0])
    np.testing.assert_array_equal(pictures, expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray_is_colored_as_three_equal_channels(tiny_model, picture, dtype):
    gray = picture()[..., 0].astype(dtype) * (257 if dtype == "uint16" else 1)
    tiny = load(tiny_model)
    np.testing.assert_array_equal(tiny.colorize(gray), tiny.colorize(np.stack([gray] * 3, -1)))


def test_large_gray_photograph_is_colored_by_a_table_as_by_the_formula(
    colorizer, picture, monkeypatch
):
    gray, fill, filled = picture(96, 144)[..., 0], grays.fill, []
    before = skimage.color.rgb2lab(np.stack([gray] * 3, -1))[..., 0]
    for chroma, reached in ((0.3, True), (3.0, False)):
        expected = colorizer.colorize(gray, Decoding(chroma=chroma)).astype(int)
        filled.clear()
        with monkeypatch.context() as patch:
            patch.setattr(bands, "_LARGE", 1)
            patch.setattr(pixels, "BLOCK", 500)
            patch.setattr(grays, "fill", lambda *block: filled.append(fill(*block)) or filled[-1])
            made = colorizer.colorize(gray, Decoding(chroma=chroma))
            assert filled == [reached] * 32  # blocks of three rows
            equal = np.stack([gray] * 3, -1)
            np.testing.assert_array_equal(colorizer.colorize(equal, Decoding(chroma=chroma)), made)
        assert np.mean(np.abs(made - expected).max(-1) > 1) < 0.01
        after = skimage.color.rgb2lab(made)[..., 0]
        assert np.abs(after - before).max() <= 0.5
