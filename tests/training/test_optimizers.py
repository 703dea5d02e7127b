"""Schedules and optimizers, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_colorize.training import optimizers, precision
from keras_colorize.training.recipe import Recipe


def test_learning_rate_cosine_warms_up_and_ends_at_nothing():
    schedule = optimizers.learning_rate(0.4, "cosine", 200)
    got = [float(schedule(step)) for step in (0, 5, 10, 105, 200)]
    # Ten steps of warm-up, then half a cosine over the other 190: its middle is at step 105.
    assert got == pytest.approx([0.0, 0.2, 0.4, 0.2, 0.0], abs=1e-6)


def test_learning_rate_step_is_a_tenth_in_the_second_half():
    schedule = optimizers.learning_rate(0.4, "step", 10)
    assert [float(schedule(step)) for step in (0, 5, 6, 9)] == pytest.approx([0.4, 0.4, 0.04, 0.04])


@pytest.mark.parametrize(
    "keys, kind, constants",
    [
        ({"beta_1": 0.5}, keras.optimizers.Adam, {"beta_1": 0.5, "beta_2": 0.999}),
        ({"weight_decay": 1e-3}, keras.optimizers.Adam, {"weight_decay": 1e-3}),
        ({"optimizer": "sgd"}, keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
        ({"optimizer": "adadelta"}, keras.optimizers.Adadelta, {"rho": 0.95}),
    ],
)
def test_make_builds_the_optimizer_of_the_recipe(keys, kind, constants):
    made = optimizers.make(Recipe(**keys), 1e-3, 10)
    assert type(made) is kind
    assert {name: getattr(made, name) for name in constants} == constants


@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_averaged_puts_the_moving_average_in_place_and_takes_it_back(kind):
    with precision.policy(kind):
        inputs = keras.Input((1,))
        model = keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(inputs))
    recipe = Recipe(ema=0.75, optimizer="sgd", schedule="constant")
    model.compile(precision.scaled(optimizers.make(recipe, 0.1, 9), kind), "mse")
    x, y = np.ones((4, 1), "float32"), np.full((4, 1), 3.0, "float32")
    average = None
    for _ in range(5):
        model.train_on_batch(x, y)
        weights = [np.array(v) for v in model.trainable_variables]
        average = average or weights  # it begins with the first step's
        average = [0.75 * a + 0.25 * w for a, w in zip(average, weights, strict=True)]
    with optimizers.averaged(model):
        for got, expected in zip(model.trainable_variables, average, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-5)
    for got, expected in zip(model.trainable_variables, weights, strict=True):
        np.testing.assert_array_equal(got, expected)
    optimizers.use_average(model)
    np.testing.assert_allclose(model.trainable_variables[0], average[0], rtol=1e-5)


@pytest.mark.parametrize(
    "strategy", [tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["/cpu:0"])]
)
def test_encoder_lr_is_the_rate_of_the_backbone_alone(strategy):
    with strategy.scope():
        inputs = keras.Input((1,))
        dense = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones") for _ in "ab"]
        backbone = keras.Model(inputs, dense[0](inputs), name="backbone")
        model = keras.Model(inputs, dense[1](backbone(inputs)))
        recipe = Recipe(lr=0.1, encoder_lr=0.02, optimizer="sgd", schedule="constant")
        model.compile(optimizers.make(recipe, 0.1, 9, backbone.trainable_variables), "mse")
    model.fit(np.ones((1, 1)), np.full((1, 1), 3.0), verbose=0)
    # d(ab - 3)²/da = d/db = -4 at a = b = 1; Nesterov's first step is 1.9 gradients.
    slow, fast = (float(np.squeeze(v)) for v in model.trainable_variables)
    assert (slow, fast) == pytest.approx((1 + 0.02 * 4 * 1.9, 1 + 0.1 * 4 * 1.9), rel=1e-5)
