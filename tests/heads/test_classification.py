import json

import keras
import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize import heads


def logits_for(a, b):
    """Logits that are certain of class `a` for a* and `b` for b*."""
    logits = np.zeros((1, 1, 1, 128), "float32")
    logits[..., a] = logits[..., 64 + b] = 50
    return logits


def test_bins64_loss_by_hand():
    head = heads.create("bins64")
    # 220 / 64 = 3.4375 units a class: a = 0 begins class 32, b = −110 class 0.
    lab = np.array([50.0, 0.0, -110.0], "float32").reshape(1, 1, 1, 3)
    np.testing.assert_allclose(head.loss(lab, logits_for(32, 0)), 0, atol=1e-5)
    even = head.loss(lab, np.zeros((1, 1, 1, 128), "float32"))
    np.testing.assert_allclose(even, np.log(64), rtol=1e-5)


def test_bins64_decodes_by_class_mean_and_temperature():
    head = heads.create("bins64")
    one = head.decode(logits_for(32, 0))
    np.testing.assert_allclose(np.ravel(one), [1.71875, -108.28125])  # the middles of classes
    two = np.full((1, 1, 1, 128), -50, "float32")
    two[..., [0, 64]] = np.log(0.25)
    two[..., [63, 127]] = np.log(0.75)
    # ±108.28125 with odds 1 to 3, and at T = ½ with 1 to 9.
    np.testing.assert_allclose(np.ravel(head.decode(two)), 108.28125)
    np.testing.assert_allclose(np.ravel(head.decode(two, "mean")), 108.28125 / 2, rtol=1e-4)
    np.testing.assert_allclose(np.ravel(head.decode(two, "mean", 0.5)), 108.28125 * 0.8, rtol=1e-4)


def test_bins64_samples_by_probability_and_seed():
    head = heads.create("bins64")
    logits = np.full((1, 50, 50, 128), -50, "float32")
    logits[..., [0, 64]] = np.log(0.25)
    logits[..., [63, 127]] = np.log(0.75)
    drawn = np.asarray(head.decode(logits, "sample", seed=4))
    assert abs(np.mean(drawn > 0) - 0.75) < 0.03
    np.testing.assert_array_equal(drawn, head.decode(logits, "sample", seed=4))


def test_bins64_round_trip_of_photographs_is_within_half_a_class():
    lab = skimage.color.rgb2lab(skimage.data.coffee()[::8, ::8])[None].astype("float32")
    head = heads.create("bins64")
    classes = np.clip(np.floor((lab[..., 1:] + 110) / 3.4375), 0, 63).astype(int)
    logits = 50 * np.eye(64, dtype="float32")[classes].reshape(*lab.shape[:3], 128)
    np.testing.assert_allclose(head.loss(lab, logits), 0, atol=1e-5)
    assert np.abs(np.asarray(head.decode(logits)) - lab[..., 1:]).max() <= 3.4375 / 2 + 1e-3


def test_bins64_counts_its_classes_as_a_histogram_does():
    ab = np.random.default_rng(0).uniform(-109, 109, (5, 7, 2)).astype("float32")
    expected = [np.histogram(ab[..., i], 64, (-110, 110))[0] for i in (0, 1)]
    np.testing.assert_array_equal(heads.create("bins64").count(ab), np.concatenate(expected))


def test_rebalance_divides_probabilities_by_a_power_of_the_prior():
    # Two classes of each channel occur, far apart, so that smoothing treats them alike: nine pixels
    # in ten at the one, one in ten at the other.
    counts = np.zeros(128)
    counts[[20, 40, 64 + 25, 64 + 45]] = 900, 100, 300, 700
    head = heads.create("bins64").with_prior(counts)
    logits = np.random.default_rng(0).normal(size=(1, 1, 1, 128)).astype("float32")
    moved = keras.ops.convert_to_numpy(head.rebalance(logits, 0.5) - logits)[0, 0, 0]
    assert moved[40] - moved[20] == pytest.approx(0.5 * np.log(9), abs=0.01)
    assert moved[64 + 25] - moved[64 + 45] == pytest.approx(0.5 * np.log(7 / 3), abs=0.01)
    assert moved[:64].max() == moved[0] == moved[63]  # what never occurs is the rarest
    np.testing.assert_allclose(head.rebalance(logits, 0.0), logits)


@pytest.mark.parametrize("name", ["bins64", "gamut", "gamut313"])
def test_rebalance_against_an_even_prior_moves_no_color(name):
    head = heads.create(name)
    head = head.with_prior(np.ones(128 if name == "bins64" else len(head.centers)))
    assert heads.create(**json.loads(json.dumps(head.config()))).prior == head.prior
    logits = np.random.default_rng(0).normal(size=(1, 2, 2, len(head.prior))).astype("float32")
    before, after = (
        np.array(head.decode(one, "mean", 1.0)) for one in (logits, head.rebalance(logits, 0.8))
    )
    # At the border of the bins smoothing has fewer neighbors, so even is not quite even there.
    np.testing.assert_allclose(after, before, atol=1.5)


def test_gamut_keeps_the_bins_that_occur():
    counts = np.zeros(625)
    counts[[312, 313, 400]] = [6, 3, 1]  # 312 is the middle: grey
    head = heads.create("gamut").with_prior(counts)
    assert head.kept == [312, 313, 400] and head.prior == [0.6, 0.3, 0.1]
    np.testing.assert_array_equal(head.centers, [[0, 0], [10, 0], [-120, 40]])
    again = heads.create(**json.loads(json.dumps(head.config())))
    assert again.config() == head.config()


def test_gamut_loss_by_hand():
    counts = np.zeros(625)
    counts[[312, 624]] = [9, 1]  # (0, 0) and (120, 120), too far apart to smooth each other
    head = heads.create("gamut").with_prior(counts)
    # w ∝ 1 / (p/2 + 1/4) = 1/0.7 and 1/0.3, scaled by 0.9/0.7 + 0.1/0.3.
    weights = np.array([1 / 0.7, 1 / 0.3]) / (0.9 / 0.7 + 0.1 / 0.3)
    lab = np.array([[50, 1, -2], [50, 119, 118]], "float32").reshape(1, 1, 2, 3)
    logits = np.log(np.array([[0.8, 0.2], [0.4, 0.6]], "float32")).reshape(1, 1, 2, 2)
    expected = -weights * np.log([0.8, 0.6])
    np.testing.assert_allclose(head.loss(lab, logits)[0, 0], expected, rtol=1e-4)


def test_gamut_with_a_uniform_prior_weighs_all_classes_the_same():
    counts = np.zeros(625)
    counts[[312, 624]] = [9, 1]
    head = heads.create("gamut", mix=1.0).with_prior(counts)
    lab = np.array([[50, 1, -2], [50, 119, 118]], "float32").reshape(1, 1, 2, 3)
    logits = np.log(np.array([[0.8, 0.2], [0.4, 0.6]], "float32")).reshape(1, 1, 2, 2)
    np.testing.assert_allclose(head.loss(lab, logits)[0, 0], -np.log([0.8, 0.6]), rtol=1e-4)
    assert heads.create(**head.config()).mix == 1.0


def test_gamut313_loss_targets_every_fourth_pixel():
    head = heads.create("gamut313")
    lab = np.random.default_rng(0).uniform(-40, 40, (2, 8, 12, 3)).astype("float32")
    loss = np.asarray(head.loss(lab, np.zeros((2, 2, 3, 313), "float32")))
    np.testing.assert_allclose(loss, np.full((2, 2, 3), np.log(313)), rtol=1e-5)
    changed = lab.copy()
    changed[:, 1:4, 1:4] = 0
    logits = np.random.default_rng(1).normal(size=(2, 2, 3, 313)).astype("float32")
    np.testing.assert_array_equal(head.loss(lab, logits), head.loss(changed, logits))


def test_gamut_grey_photographs_teach_nothing():
    lab = np.full((2, 4, 4, 3), 4.9, "float32")
    lab[1, 0, 0, 1] = 5.1
    loss = np.asarray(heads.create("gamut313").loss(lab, np.zeros((2, 4, 4, 313), "float32")))
    assert (loss[0] == 0).all() and (loss[1] > 0).all()


@pytest.mark.parametrize("name, off", [("gamut", 5.0), ("gamut313", 5.0)])
def test_gamut_round_trip_of_photographs_is_within_half_a_bin(name, off):
    ab = skimage.color.rgb2lab(skimage.data.coffee()[::8, ::8])[None, ..., 1:].astype("float32")
    head = heads.create(name)
    brute = np.argmin(((ab[..., None, :] - head.centers) ** 2).sum(-1), -1)
    logits = 50 * np.eye(len(head.centers), dtype="float32")[brute]
    for decoding in ("argmax", "mean"):
        assert np.abs(np.asarray(head.decode(logits, decoding)) - ab).max() <= off + 1e-3
