"""How metrics follow from means, by hand."""

import numpy as np
import pytest

from keras_colorize.evaluation import intervals, summary

COLUMNS = {
    "mse": [100.0, 300.0],
    "ab_mse": [9.0, 16.0],
    "colorfulness": [10.0, 30.0],
    "chroma": [4.0, 6.0],
    "shift_a": [3.0, 3.0],
    "shift_b": [-4.0, -4.0],
}
TRUTH = {"colorfulness": [30.0, 10.0], "chroma": [10.0, 10.0]}


def test_metrics_follow_from_means_by_hand():
    found = summary.derive(summary.means(COLUMNS), summary.means(TRUTH))
    assert found["mse"] == 200
    assert found["psnr_pooled"] == pytest.approx(10 * np.log10(255**2 / 200))
    assert found["ab_rmse_pooled"] == pytest.approx(np.sqrt(12.5))
    assert found["delta_colorfulness"] == 0 and found["saturation"] == 0.5
    assert (found["bias"], found["bias_a"], found["bias_b"]) == (5, 3, -4)
    assert "border_ratio" not in found  # its parts were not given


def test_draws_give_each_metric_its_interval():
    drawn = summary.derive(summary.draws(COLUMNS), summary.draws(TRUTH))
    assert drawn["psnr_pooled"].shape == (intervals.REPLICATES,)
    # Two photographs: a draw has one of them twice, or both.
    np.testing.assert_allclose(np.unique(drawn["mse"]), [100, 200, 300])
    np.testing.assert_allclose(np.unique(drawn["bias_b"]), -4)


def test_metrics_that_need_truth_are_left_out_without_it():
    found = summary.derive(summary.means(COLUMNS), {})
    assert "chroma" in found and not {"saturation", "delta_colorfulness"} & set(found)


def test_every_metric_says_which_values_are_better():
    known = {"higher", "lower", "nearest to zero", "as the truth row", "as the grey row"}
    assert {metric.better for metric in summary.METRICS.values()} == known
    signed = {name for name, m in summary.METRICS.items() if m.better == "nearest to zero"}
    assert signed == {"bias_a", "bias_b", *(f"hue_{hue:03d}" for hue in range(0, 360, 45))}
