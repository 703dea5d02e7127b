import inspect

import keras
import numpy as np
import pytest

from keras_colorize import catalog, errors, heads


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("name, grey", [("regression", 0), ("sigmoid", 0.5), ("rgb", 0)])
def test_output_layer_starts_all_but_grey(name, grey, strides):
    # Where tanh is steep, even with strong features, which Glorot's kernels would turn into 3.
    features = keras.Input((8, 8, 32))
    model = keras.Model(features, heads.create(name).output(features, 3, strides))
    color = model(np.random.default_rng(0).normal(0, 3, (4, 8, 8, 32)))
    assert 0.001 < np.std(color - grey) < 0.05


def test_output_layer_takes_the_initial_kernel_of_a_source():
    features = keras.Input((8, 8, 64))
    ones = keras.initializers.Constant(0.5)
    model = keras.Model(features, heads.create("rgb").output(features, 3, kernel_initializer=ones))
    np.testing.assert_array_equal(model.get_layer("color").kernel, np.full((3, 3, 64, 3), 0.5))


def test_heads_are_those_that_are_told_without_keras():
    assert sorted(catalog.HEADS) == heads.list_heads()
    with_classes = {name for name in heads.list_heads() if heads.create(name).has_classes}
    assert set(heads.list_heads()) - with_classes == set(catalog.ONE_COLOR)
    binned = {
        name
        for name in heads.list_heads()
        if "mix" in inspect.signature(heads.create(name).__init__).parameters
    }
    assert binned == set(catalog.BINNED)


def test_heads_unknown_name_lists_the_choices():
    with pytest.raises(
        errors.UsageError,
        match=r"Choose from \['bins64', .*'regression', 'rgb', 'sigmoid'\].*'regresion'",
    ):
        heads.create("regresion")
