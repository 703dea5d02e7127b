"""Expected values come from scikit-image's own functions and from arithmetic by hand."""

import numpy as np
import pytest
import skimage.data
import skimage.metrics

from keras_colorize import metrics


@pytest.fixture(scope="module")
def pair():
    truth = skimage.data.astronaut()[:128, :128]
    noise = np.random.default_rng(0).normal(0, 12, truth.shape)
    return (truth + noise).clip(0, 255).astype("uint8"), truth


def test_psnr_and_mse_agree_with_skimage(pair):
    picture, truth = pair
    assert metrics.mse(picture, truth) == pytest.approx(
        skimage.metrics.mean_squared_error(picture, truth)
    )
    assert metrics.psnr(picture, truth) == pytest.approx(
        skimage.metrics.peak_signal_noise_ratio(truth, picture)
    )


def test_psnr_of_equal_pictures_is_infinite(pair):
    assert metrics.psnr(pair[1], pair[1]) == float("inf")


def test_ssim_is_symmetric_bounded_and_falls_with_noise(pair):
    picture, truth = pair
    assert metrics.ssim(truth, truth) == pytest.approx(1)
    assert metrics.ssim(picture, truth) == pytest.approx(metrics.ssim(truth, picture))
    assert 0.2 < metrics.ssim(picture, truth) < 0.95


def test_ssim_of_flat_pictures_by_hand():
    # No variance: (2·μ₁·μ₂ + C₁) / (μ₁² + μ₂² + C₁) with C₁ = (0.01·255)².
    c1 = (0.01 * 255) ** 2
    flat = [np.full((32, 32, 3), level, "uint8") for level in (100, 120)]
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert metrics.ssim(*flat) == pytest.approx(expected, abs=1e-6)


def test_ciede2000_of_published_pairs():
    # Sharma, Wu and Dalal 2005, table 1, pairs 1, 7 and 25.
    first = np.array([[[50, 2.6772, -79.7751], [50, 0, 0], [60.2574, -34.0099, 36.2677]]])
    second = np.array([[[50, 0, -82.7485], [50, -1, 2], [60.4626, -34.1751, 39.4387]]])
    assert metrics.ciede2000(first, second) == pytest.approx(
        (2.0425 + 2.3669 + 1.2644) / 3, abs=1e-4
    )


def test_ab_rmse_by_hand():
    truth = np.zeros((1, 2, 3))
    picture = np.array([[[9.0, 3.0, 4.0], [0.0, 0.0, 0.0]]])
    # Four ab values, squares 9 + 16 + 0 + 0; lightness does not count.
    assert metrics.ab_rmse(picture, truth) == pytest.approx(np.sqrt(25 / 4))


def test_colorfulness_by_hand():
    # Half red, half blue: rg = 255, 0; yb = 127.5, −255.
    picture = np.array([[[255, 0, 0], [0, 0, 255]]], "uint8")
    deviation = np.sqrt(127.5**2 + 191.25**2)
    mean = np.sqrt(127.5**2 + 63.75**2)
    assert metrics.colorfulness(picture) == pytest.approx(deviation + 0.3 * mean)


def test_colorfulness_of_grey_is_zero():
    assert metrics.colorfulness(np.full((4, 4, 3), 77, "uint8")) == 0
