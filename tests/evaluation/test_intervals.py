"""Intervals and tests against SciPy's and against arithmetic by hand."""

import numpy as np
import pytest
import scipy.stats

from keras_colorize.evaluation import intervals


@pytest.fixture(scope="module")
def sample():
    return np.random.default_rng(5).gamma(2.0, 3.0, (60, 2))


def test_bootstrap_interval_agrees_with_scipy(sample):
    drawn = intervals.bootstrap(sample, 4000)
    expected = scipy.stats.bootstrap(
        (sample[:, 0],), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert intervals.percentile(drawn[:, 0]) == pytest.approx(tuple(expected), abs=0.12)


def test_bootstrap_spreads_as_the_standard_error(sample):
    drawn = intervals.bootstrap(sample, 4000)
    np.testing.assert_allclose(drawn.std(axis=0), sample.std(axis=0) / np.sqrt(60), rtol=0.05)
    np.testing.assert_allclose(intervals.means(sample), sample.mean(axis=0))


def test_bootstrap_is_seeded_and_draws_whole_rows(sample):
    twice = np.stack([sample[:, 0], 3 * sample[:, 0]], axis=-1)
    drawn = intervals.bootstrap(twice, 50, seed=3)
    np.testing.assert_allclose(drawn[:, 1], 3 * drawn[:, 0])
    np.testing.assert_array_equal(drawn, intervals.bootstrap(twice, 50, seed=3))
    assert (drawn != intervals.bootstrap(twice, 50, seed=4)).any()


def test_bootstrap_in_parts_draws_the_same(sample, monkeypatch):
    whole = intervals.bootstrap(sample, 100)
    monkeypatch.setattr(intervals, "_CHUNK", 60 * 7)
    np.testing.assert_allclose(intervals.bootstrap(sample, 100), whole)


def test_means_leave_out_what_is_undefined_and_keep_infinity():
    columns = np.array([[1.0, np.nan, np.inf], [3.0, 5.0, 1.0], [5.0, np.nan, 1.0]])
    assert list(intervals.means(columns)) == [3, 5, np.inf]
    drawn = intervals.bootstrap(columns, 500)
    assert np.isnan(drawn[:, 1]).any()  # a draw without the second photograph
    assert intervals.percentile(drawn[:, 1]) == (5, 5)
    assert intervals.percentile(drawn[:, 2])[1] == np.inf


def test_percentile_by_hand():
    assert intervals.percentile(np.arange(1, 1001.0)) == pytest.approx((25, 975), abs=1)
    assert np.isnan(intervals.percentile(np.array([np.nan]))).all()


def test_paired_test_by_hand():
    # Differences 1, 2, 3: of eight choices of signs, all plus and all minus reach |6|.
    found = intervals.paired_test(np.array([2.0, 4, 6]), np.array([1.0, 2, 3]))
    assert found["difference"] == 2 and found["p"] == 2 / 8 and found["photographs"] == 3


def test_paired_test_agrees_with_scipy_where_all_signs_are_tried():
    one, other = np.random.default_rng(0).normal(size=(2, 10))
    expected = scipy.stats.permutation_test(
        (one, other), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    found = intervals.paired_test(one, other)
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["difference"] == pytest.approx(expected.statistic)


def test_paired_test_of_many_agrees_with_student_s():
    generator = np.random.default_rng(2)
    one = generator.normal(size=200)
    other = one + generator.normal(0.12, 1, 200)
    expected = scipy.stats.ttest_rel(one, other).pvalue
    assert 0.01 < expected < 0.5  # a case where it matters
    assert intervals.paired_test(one, other)["p"] == pytest.approx(expected, abs=0.02)


def test_paired_test_of_equal_rows_finds_nothing():
    found = intervals.paired_test(np.ones(9), np.ones(9))
    assert found["difference"] == 0 and found["p"] == 1


def test_paired_test_leaves_out_what_is_undefined():
    one = np.array([np.nan, np.inf, 2.0, 5.0])
    assert intervals.paired_test(one, np.ones(4))["photographs"] == 2
    assert np.isnan(intervals.paired_test(np.full(3, np.nan), np.ones(3))["p"])
