import keras
import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize import heads


def test_regression_loss_by_hand():
    head = heads.create("regression")
    lab = np.array([50.0, 55.0, -110.0], "float32").reshape(1, 1, 1, 3)
    color = np.array([0.0, 0.0], "float32").reshape(1, 1, 1, 2)
    # ab / 110 = (0.5, -1), errors squared 0.25 and 1, their mean 0.625.
    np.testing.assert_allclose(head.loss(lab, color), [[[0.625]]], atol=1e-6)


def test_huber_loss_by_hand():
    head = heads.create("regression", loss="huber")
    lab = np.array([50.0, 5.5, -55.0], "float32").reshape(1, 1, 1, 3)
    # Errors 0.05, squared 0.0025, and 0.5, beyond 0.1: 0.1 · (2 · 0.5 − 0.1) = 0.09.
    loss = head.loss(lab, np.zeros((1, 1, 1, 2), "float32"))
    np.testing.assert_allclose(loss, [[[(0.0025 + 0.09) / 2]]], rtol=1e-5)
    assert heads.create(**head.config()).config() == {"name": "regression", "loss": "huber"}


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


@pytest.mark.parametrize("name, least, most", [("regression", -1, 1), ("sigmoid", 0, 1)])
def test_target_is_what_decodes_to_the_photograph(name, least, most):
    head = heads.create(name)
    lab = skimage.color.rgb2lab(skimage.data.coffee()[::8, ::8])[None].astype("float32")
    target = np.asarray(head.target(lab, np.zeros((*lab.shape[:3], 2))))
    assert least <= target.min() and target.max() <= most
    np.testing.assert_allclose(head.decode(target), lab[..., 1:], atol=1e-3)


def test_sigmoid_decodes_as_iizuka_does():
    # Their code: (2σ − 1)·100.
    color = np.array([[[[0.0, 0.25], [0.5, 1.0]]]], "float32")
    expected = [[[[-100.0, -50.0], [0.0, 100.0]]]]
    np.testing.assert_allclose(heads.create("sigmoid").decode(color), expected, atol=1e-4)


def test_rgb_learns_srgb_and_keeps_ab():
    head = heads.create("rgb")
    rgb = skimage.data.coffee()[::8, ::8]
    lab = skimage.color.rgb2lab(rgb)[None].astype("float32")
    target = np.asarray(head.target(lab, np.zeros((*lab.shape[:3], 3))))
    np.testing.assert_allclose(target[0], rgb / 127.5 - 1, atol=2e-4)
    np.testing.assert_allclose(head.decode(target), lab[..., 1:], atol=0.05)


def test_rgb_loss_is_the_squared_error_of_srgb():
    head = heads.create("rgb")
    white = np.array([[[[100.0, 0.0, 0.0]]]], "float32")
    # White is (1, 1, 1): (1 + 0 + 4) / 3.
    loss = head.loss(white, np.array([[[[0.0, 1.0, -1.0]]]], "float32"))
    np.testing.assert_allclose(loss, [[[5 / 3]]], atol=1e-3)
