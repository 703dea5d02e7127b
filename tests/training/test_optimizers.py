"""Schedules and optimizers, by hand."""

import keras
import pytest

from keras_colorize.training import optimizers
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
