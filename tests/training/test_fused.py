"""Fused batch normalization against Keras's own."""

import keras
import numpy as np
import pytest

from keras_colorize.training import fused


def network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 5, 3))
    inner = keras.Sequential([keras.Input((6, 5, 3)), keras.layers.BatchNormalization()])
    x = keras.layers.Conv2D(4, 3)(inner(inputs))
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.Model(inputs, keras.layers.Conv2D(1, 1)(x))


@pytest.mark.parametrize("locked", [False, True])
def test_fused_batch_norm_trains_as_kerass_does(locked):
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (8, 6, 5, 3)), rng.normal(0, 1, (8, 4, 3, 1))
    plain, quick = network(), network()
    fused.fuse_batch_norm(quick)
    kinds = [type(layer) for layer in (*quick.layers, *quick.layers[1].layers)]
    assert kinds.count(fused._Fused) == 2
    for model in (plain, quick):
        model.layers[1].trainable = not locked
        model.compile(keras.optimizers.SGD(0.1), "mse")
        for _ in range(3):
            model.train_on_batch(x, y)
    for one, other in zip(quick.weights, plain.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=one.path)
    np.testing.assert_allclose(quick.predict(x), plain.predict(x), rtol=1e-3, atol=1e-4)


def test_batch_norm_over_several_devices_is_left_alone():
    model = network()
    model.layers[3].synchronized = True
    fused.fuse_batch_norm(model)
    assert type(model.layers[3]) is keras.layers.BatchNormalization
