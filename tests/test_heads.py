import keras
import numpy as np
import pytest

from keras_colorize import errors, heads


def test_regression_loss_by_hand():
    head = heads.create("regression")
    lab = np.array([50.0, 55.0, -110.0], "float32").reshape(1, 1, 1, 3)
    color = np.array([0.0, 0.0], "float32").reshape(1, 1, 1, 2)
    # ab / 110 = (0.5, -1), errors squared 0.25 and 1, their mean 0.625.
    np.testing.assert_allclose(head.loss(lab, color), [[[0.625]]], atol=1e-6)


def test_regression_decodes_what_its_loss_asks_for():
    head = heads.create("regression")
    lab = np.random.default_rng(0).uniform(-100, 100, (2, 4, 4, 3)).astype("float32")
    color = lab[..., 1:] / 110
    np.testing.assert_allclose(head.loss(lab, color), 0, atol=1e-12)
    np.testing.assert_allclose(head.decode(color), lab[..., 1:], atol=1e-4)


def test_regression_output_is_a_bounded_float32():
    features = keras.Input((4, 4, 8), dtype="float16")
    output = heads.create("regression").output(features, kernel_size=3)
    assert output.shape == (None, 4, 4, 2)
    assert output.dtype == "float32"


def test_heads_unknown_name_lists_the_choices():
    with pytest.raises(errors.UsageError, match=r"Choose from \['regression'\].*'regresion'"):
        heads.create("regresion")
