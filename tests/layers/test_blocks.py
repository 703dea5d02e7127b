import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_colorize.layers.blocks import Resize, Upscale2x, conv3x3, leaky_relu


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (2, 5, 8, 4), (1, 16, 3, 1)])
def test_upscale2x_equals_bilinear_upsampling(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    expected = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    np.testing.assert_allclose(Upscale2x()(x), expected, atol=1e-6)


def test_upscale2x_of_a_step_by_hand():
    x = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)
    got = np.asarray(Upscale2x()(x))[0, 0, :, 0]
    # New centers lie ¼ of a pixel left and right of the old ones; the edges repeat.
    np.testing.assert_array_equal(got, [0.0, 1.0, 3.0, 4.0])


def test_upscale2x_shapes_are_known_or_free():
    known = Upscale2x()(keras.Input((6, 7, 3)))
    assert known.shape == (None, 12, 14, 3)
    free = Upscale2x()(keras.Input((None, None, 3)))
    assert free.shape == (None, None, None, 3)


def test_upscale2x_exports_with_free_height_and_width(tmp_path):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, Upscale2x()(inputs))
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    for shape in [(1, 3, 5, 2), (2, 8, 4, 2)]:
        x = np.random.default_rng(1).normal(size=shape).astype("float32")
        np.testing.assert_allclose(loaded.serve(x), model(x), atol=1e-6)


def test_leaky_relu_equals_keras_s():
    x = np.linspace(-2, 2, 9, dtype="float32")[None]
    inputs = keras.Input((9,))
    got = keras.Model(inputs, leaky_relu(inputs))(x)
    np.testing.assert_allclose(got, keras.ops.leaky_relu(x, 0.2), rtol=1e-6)


@pytest.mark.parametrize("stride", [1, 2])
def test_conv3x3_pads_a_pixel_on_every_side(stride):
    x = np.random.default_rng(0).normal(size=(1, 6, 8, 1)).astype("float32")
    inputs = keras.Input((None, None, 1))
    kernel = np.arange(1, 10, dtype="float32").reshape(3, 3, 1, 1)
    options = {"kernel_initializer": lambda shape, dtype: kernel, "name": "conv"}
    got = keras.Model(inputs, conv3x3(inputs, 1, stride, **options))(x)[0, ..., 0]
    padded = np.pad(x[0, ..., 0], 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))[::stride, ::stride]
    np.testing.assert_allclose(got, (windows * kernel[..., 0, 0]).sum((2, 3)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("antialias", [False, True])
def test_resize_exports_with_free_height_and_width(tmp_path, antialias):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, Resize(7, 5, antialias)(inputs))
    assert model.output_shape == (None, 7, 5, 2)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    for shape in [(1, 3, 15, 2), (2, 16, 4, 2)]:
        x = np.random.default_rng(1).normal(size=shape).astype("float32")
        smaller = tf.image.resize(x, np.minimum(x.shape[1:3], (7, 5)), "area")
        expected = tf.image.resize(smaller if antialias else x, (7, 5))
        np.testing.assert_allclose(loaded.serve(x), expected, atol=1e-5)
