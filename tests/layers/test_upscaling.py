"""Enlarging color: the guided filter written with SciPy, and a contour made by hand."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from keras_colorize.layers import upscaling

_METHODS = ("bilinear", "bicubic", "guided")


def _upscale(ab, seen, lightness, method):
    return np.asarray(upscaling.upscale(ab[None], seen[None], lightness[None], method))[0]


def test_coefficients_equal_a_guided_filter_of_scipy():
    random = np.random.default_rng(0)
    guide = random.uniform(0, 100, (24, 31, 1)).astype("float32")
    ab = random.uniform(-50, 50, (24, 31, 2)).astype("float32")

    def mean(plane):  # over what lies inside the picture
        def blur(x):
            return gaussian_filter(x.astype(float), 2.0, axes=(0, 1), mode="constant", truncate=20)

        return blur(plane) / blur(np.ones_like(plane))

    variance = mean(guide**2) - mean(guide) ** 2
    slope = (mean(ab * guide) - mean(ab) * mean(guide)) / (variance + 4.0)
    expected = np.concatenate([mean(slope), mean(mean(ab) - slope * mean(guide))], axis=-1)
    got = np.asarray(upscaling.coefficients(ab[None], guide[None]))[0]
    np.testing.assert_allclose(got, expected, atol=2e-2)


def test_guided_color_changes_at_the_contour_of_the_photograph():
    lightness = np.full((64, 256, 1), 20.0, "float32")
    lightness[:, 101:] = 80.0
    truth = np.where(lightness < 50, [30.0, -20.0], [-10.0, 40.0]).astype("float32")
    seen = lightness.reshape(8, 8, 32, 8, 1).mean((1, 3))
    ab = truth.reshape(8, 8, 32, 8, 2).mean((1, 3))
    error = {
        method: np.abs(_upscale(ab, seen, lightness, method) - truth)[:, 93:109].mean()
        for method in _METHODS
    }
    assert error["guided"] < error["bilinear"] / 4
    assert error["bicubic"] < error["bilinear"]


@pytest.mark.parametrize("method", _METHODS)
def test_upscale_keeps_one_color_whatever_the_photograph_shows(method):
    random = np.random.default_rng(0)
    seen = random.uniform(0, 100, (8, 12, 1)).astype("float32")
    lightness = random.uniform(0, 100, (50, 70, 1)).astype("float32")
    ab = np.tile(np.array([12.0, -7.0], "float32"), (4, 6, 1))
    got = _upscale(ab, seen, lightness, method)
    np.testing.assert_allclose(got, np.broadcast_to([12.0, -7.0], (50, 70, 2)), atol=1e-3)
