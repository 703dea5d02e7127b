"""Whole photographs in, and a verdict out."""

import types

import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize.color import pixels
from keras_colorize.colorizer import Colorizer
from keras_colorize.training import overfit


@pytest.fixture(scope="module")
def photographs():
    return [skimage.data.chelsea()[::4, ::4], skimage.data.coffee()[::4, ::4]]  # 75×113, 100×150


def test_whole_batches_hold_what_the_network_sees(photographs):
    colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
    batches = iter(overfit.whole_batches(colorizer, photographs, 3)(0))
    inputs, target = next(batches)
    lab = target["color"]
    assert lab.shape == (3, 32, 48, 3)
    np.testing.assert_array_equal(inputs["lightness"], lab[..., :1])
    np.testing.assert_array_equal(lab[0], lab[2])  # the first photograph again
    for rgb, got in zip(photographs, lab):
        expected = skimage.color.rgb2lab(rgb).mean((0, 1))
        np.testing.assert_allclose(np.mean(got, (0, 1)), expected, atol=0.3)
    np.testing.assert_array_equal(next(batches)[1]["color"][0], lab[1])


def test_whole_batches_go_on_at_a_step(photographs):
    colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
    batches = overfit.whole_batches(colorizer, photographs, 1)
    steps = [inputs["lightness"] for _, (inputs, _) in zip(range(4), batches(0))]
    np.testing.assert_array_equal(next(iter(batches(3)))[0]["lightness"], steps[3])


def test_a_photograph_alone_is_not_filled_up(photographs):
    # As it is judged: what a network sees of the whole picture must not depend on its neighbors.
    colorizer = Colorizer("vgg_fusion", size=64, backbone_weights="none")
    wide = photographs[0][:40]  # 40 × 113
    batches = iter(overfit.whole_batches(colorizer, [wide, photographs[1]], 1)(0))
    for rgb in (wide, photographs[1], wide):
        expected = np.array(colorizer.resize_to_network(pixels.to_lab(rgb[None])))
        np.testing.assert_array_equal(next(batches)[1]["color"], expected)


def with_chroma(share):
    """A stand-in that knows the photographs and gives them this share of their chroma."""

    def colorize(rgb):
        lab = skimage.color.rgb2lab(rgb)
        lab[..., 1:] *= share
        return np.rint(255 * skimage.color.lab2rgb(lab)).astype("uint8")

    return types.SimpleNamespace(colorize=colorize)


def test_judge_wants_half_the_error_and_three_decibels(photographs):
    # With a share s of the chroma the ab error is 1 − s of grey's.
    verdict = overfit.judge(with_chroma(0.7), photographs)
    assert verdict["passed"] and verdict["photographs"] == 2
    assert verdict["ab_rmse"] == pytest.approx(0.3 * verdict["grey_ab_rmse"], rel=0.05)
    assert not overfit.judge(with_chroma(0.4), photographs)["passed"]
    grey = overfit.judge(types.SimpleNamespace(colorize=pixels.to_grey), photographs)
    assert not grey["passed"] and grey["psnr"] == grey["grey_psnr"]
