"""Expected values come from scikit-image's own functions and from arithmetic by hand."""

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.metrics

from keras_colorize.color import bins
from keras_colorize.evaluation import metrics


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


def test_ssim_of_flat_pictures_by_hand():
    # No variance: (2·μ₁·μ₂ + C₁) / (μ₁² + μ₂² + C₁) with C₁ = (0.01·255)².
    c1 = (0.01 * 255) ** 2
    flat = [np.full((32, 32, 3), level, "uint8") for level in (100, 120)]
    expected = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert metrics.ssim(*map(metrics.moments, flat)) == pytest.approx(expected, abs=1e-6)


def test_ssim_agrees_with_skimage(pair):
    for picture, truth in (pair, pair[::-1], (pair[1][::-1], pair[1])):
        expected = skimage.metrics.structural_similarity(
            picture,
            truth,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        found = metrics.ssim(metrics.moments(picture), metrics.moments(truth))
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-4), ("float32", 2e-3)])
def test_ciede2000_agrees_with_skimage_for_each_color(dtype, tolerance):
    generator = np.random.default_rng(0)
    colors = generator.uniform((0, -90, -100), (100, 95, 90), (2, 2000, 3)).astype(dtype)
    colors[0, :20, 1:] = 0  # no hue
    colors[1, 10:30, 1:] = 0
    colors[1, 30:400] = colors[0, 30:400] + generator.normal(0, 0.5, (370, 3)).astype(dtype)
    expected = skimage.color.deltaE_ciede2000(colors[0].astype("float64"), colors[1])
    found = [metrics.ciede2000(b[None, None], a[None, None]) for a, b in zip(*colors)]
    np.testing.assert_allclose(found, expected, atol=tolerance)


def test_ciede2000_of_opposite_hues():
    # Sharma, Wu and Dalal 2005, table 1, pairs 9 and 11: either side of a jump of the mean hue.
    first = np.array([[[50, 2.49, -0.001]]])
    for b, expected in ((0.0009, 7.1792), (0.0011, 7.2195)):
        second = np.array([[[50, -2.49, b]]])
        assert metrics.ciede2000(second, first) == pytest.approx(expected, abs=1e-4)


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


def test_colorfulness_of_absolute_channels_by_hand():
    # |rg| is 255, 0; |yb| is 127.5, 255.
    picture = np.array([[[255, 0, 0], [0, 0, 255]]], "uint8")
    deviation = np.sqrt(127.5**2 + 63.75**2)
    mean = np.sqrt(127.5**2 + 191.25**2)
    assert metrics.colorfulness(picture, absolute=True) == pytest.approx(deviation + 0.3 * mean)


def test_percent_errors_by_hand():
    truth = np.zeros((1, 4, 3), "uint8")
    picture = truth.copy()
    picture[0, 0] = (255, 0, 0)
    picture[0, 1] = (0, 51, 0)
    # 306 of 12 × 255; two of four pixels.
    assert metrics.percent_error(picture, truth) == pytest.approx(10)
    assert metrics.percent_pixels(picture, truth) == 50


def test_auc_by_hand():
    # No error passes all of 0…150; 10 passes 141; 10.5 passes 140; 150 passes one; 151 none.
    found = metrics.auc_of_pixels(np.array([0, 10, 10.5, 150, 151, 400]))
    np.testing.assert_allclose(found * 151, [151, 141, 140, 1, 0, 0], atol=1e-9)


def test_auc_is_the_mean_of_the_shares_within_each_threshold():
    distance = np.random.default_rng(0).gamma(2, 15, 5000)
    shares = [np.mean(distance <= t) for t in range(151)]
    assert np.mean(metrics.auc_of_pixels(distance)) == pytest.approx(np.mean(shares))


def test_rebalanced_auc_by_hand():
    # Three pixels of grey, one of a rare red that is missed: raw 3/4, rebalanced 1/2 of what a
    # miss leaves.
    truth = np.full((1, 4, 3), 119, "uint8")
    truth[0, 3] = (200, 60, 60)
    picture = np.full((1, 4, 3), 119, "uint8")
    truth, picture = np.tile(truth, (16, 4, 1)), np.tile(picture, (16, 4, 1))
    numbers = bins.nearest_on_lattice(
        skimage.color.rgb2lab(truth)[..., 1:].astype("float32"), bins.gamut313()
    )
    weights = metrics.rebalancing(np.bincount(numbers.ravel(), minlength=313))
    found = metrics.score(picture, metrics.Reference(truth, weights))
    distance = np.hypot(*skimage.color.rgb2lab(truth)[0, 3, 1:])
    left = 1 - np.ceil(distance) / 151
    assert found["auc"] == pytest.approx(100 * (3 + left) / 4, abs=0.01)
    rebalanced = found["auc_weighted"] / found["auc_weight"]
    assert rebalanced == pytest.approx(100 * (1 + left) / 2, abs=0.01)


def test_rebalancing_of_colors_that_do_not_occur_is_zero():
    counts = np.zeros(313)
    counts[[3, 7]] = 1, 3
    weights = metrics.rebalancing(counts)
    assert weights[3] == 4 and weights[7] == pytest.approx(4 / 3) and weights.sum() < 6


def test_chroma_error_by_hue_by_hand():
    # Half red (40°), half without hue; the picture has the red at half its chroma.
    whole = np.array([[[50, 50 * np.cos(0.7), 50 * np.sin(0.7)], [50, 1, 1]]])
    half = whole * [1, 0.5, 0.5]
    truth, picture = (
        np.tile(np.rint(255 * skimage.color.lab2rgb(x)).astype("uint8"), (16, 8, 1))
        for x in (whole, half)
    )
    found = metrics.score(picture, metrics.Reference(truth))
    assert found["hue_045_share"] == 0.5
    assert found["hue_045_signed"] / 0.5 == pytest.approx(-25, abs=0.6)
    assert found["hue_045_absolute"] / 0.5 == pytest.approx(25, abs=0.6)
    assert all(found[f"hue_{hue:03d}_share"] == 0 for hue in metrics.HUES if hue != 45)


def test_score_of_the_photograph_itself_is_perfect(pair):
    found = metrics.score(pair[1], metrics.Reference(pair[1]))
    assert found["psnr"] == float("inf") and found["ssim"] == pytest.approx(1)
    for name in ("mse", "percent_error", "percent_pixels", "ciede2000", "ab_rmse", "ignored_edges"):
        assert found[name] == 0, name
    assert found["auc"] == found["bin_accuracy"] == 100
    assert found["delta_colorfulness_images"] == found["hue_distance"] == 0
