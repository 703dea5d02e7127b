import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize.color import bins


@pytest.fixture(scope="module")
def ab():
    lab = skimage.color.rgb2lab(skimage.data.astronaut()[::4, ::4])
    return lab[..., 1:].astype("float32")


def test_gamut313_is_the_authors_list():
    centers = bins.gamut313()
    assert centers.shape == (313, 2)
    # The first and last of their pts_in_hull, and its order: a, then b.
    np.testing.assert_array_equal(centers[[0, 1, -1]], [[-90, 50], [-90, 60], [100, 0]])
    assert sorted(map(tuple, centers)) == [tuple(c) for c in centers]


def test_grid_rows_are_b_and_columns_a():
    centers = bins.grid()
    assert centers.shape == (625, 2)
    # floor((v + 125) / 10): a = 33 is column 15, b = −47 row 7.
    np.testing.assert_array_equal(centers[7 * 25 + 15], [30, -50])


@pytest.mark.parametrize("make", [bins.gamut313, bins.grid])
def test_nearest_is_within_half_a_bin(make, ab):
    centers = make()
    error = np.abs(centers[np.asarray(bins.nearest(ab, centers))] - ab)
    assert error.max() <= 5.001
    brute = np.argmin(((ab[:8, :8, None] - centers) ** 2).sum(-1), -1)
    np.testing.assert_array_equal(bins.nearest(ab[:8, :8], centers), brute)


def test_soft_encode_by_hand():
    centers = np.array([[0, 0], [10, 0], [20, 0], [0, 50]], "float32")
    got = np.asarray(bins.soft_encode(np.array([[2.0, 0.0]], "float32"), centers, 2))
    weights = np.exp(-np.array([4.0, 64.0]) / 50)
    np.testing.assert_allclose(got[0], [*(weights / weights.sum()), 0, 0], atol=1e-6)


def test_soft_encode_spreads_over_ten_bins_that_sum_to_one(ab):
    shares = np.asarray(bins.soft_encode(ab, bins.gamut313()))
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
    counts = (shares > 0).sum(-1)
    assert np.median(counts) == 10 and counts.max() <= 13  # thirteen where several tie for tenth
    assert np.isfinite(bins.soft_encode(np.array([[500.0, 500.0]]), bins.gamut313())).all()


def test_soft_encode_then_mean_is_within_a_bin(ab):
    centers = bins.gamut313()
    logits = np.log(np.asarray(bins.soft_encode(ab, centers)) + 1e-12)
    back = np.asarray(bins.annealed_mean(logits, centers, 1.0))
    assert np.abs(back - ab).max() < 10


def test_annealed_mean_goes_from_mean_to_mode():
    centers = np.array([[0, 0], [10, 20]], "float32")
    logits = np.log(np.array([[0.25, 0.75]], "float32"))
    np.testing.assert_allclose(bins.annealed_mean(logits, centers, 1.0), [[7.5, 15]], atol=1e-4)
    # T = ½ squares the odds: 1 to 9.
    np.testing.assert_allclose(bins.annealed_mean(logits, centers, 0.5), [[9, 18]], atol=1e-4)
    np.testing.assert_allclose(bins.annealed_mean(logits, centers, 0.01), [[10, 20]], atol=1e-4)


def test_class_weights_favor_rare_colors_with_mean_one():
    # Far apart, so that smoothing leaves the prior as it is: w ∝ 1 / (p/2 + 1/4).
    centers = np.array([[0, 0], [100, 100]], "float32")
    prior = np.array([0.9, 0.1])
    weights = bins.class_weights(prior, centers)
    assert np.sum(prior * weights) == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx((0.45 + 0.25) / (0.05 + 0.25))


def test_class_weights_smooth_in_ab_not_along_the_index():
    # All the mass on one bin: its neighbor in ab gains, its neighbor in the list does not.
    centers = np.array([[0, 0], [100, 0], [5, 0]], "float32")
    weights = bins.class_weights(np.array([1.0, 0.0, 0.0]), centers)
    assert weights[2] < weights[1]


@pytest.mark.parametrize("make", [bins.gamut313, bins.grid, lambda: bins.grid()[::7]])
def test_nearest_on_lattice_is_what_a_search_finds(make):
    generator = np.random.default_rng(0)
    ab = generator.uniform(-130, 130, (4000, 2)).astype("float32")  # beyond every bin as well
    distances = np.sum((ab[:, None] - make()) ** 2, axis=-1)
    np.testing.assert_array_equal(bins.nearest_on_lattice(ab, make()), np.argmin(distances, -1))
    assert bins.nearest_on_lattice(ab.reshape(40, 100, 2), make()).shape == (40, 100)
