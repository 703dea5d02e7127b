"""The losses beside color, by hand, on networks of one or two layers."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_colorize import heads
from keras_colorize.training import loop, trainers
from keras_colorize.training.recipe import Recipe

LIGHTNESS = np.full((2, 4, 4, 1), 50, "float32")
LAB = np.concatenate([LIGHTNESS, np.full((2, 4, 4, 2), 55, "float32")], -1)


def colorizer(outputs):
    """A network that predicts zero everywhere, and what `outputs` makes of its input."""
    head = heads.create("regression")
    lightness = keras.Input((4, 4, 1), name="lightness")
    color = keras.layers.Conv2D(2, 1, kernel_initializer="zeros", name="color")(lightness)
    network = keras.Model({"lightness": lightness}, {"color": color} | outputs(lightness))
    return types.SimpleNamespace(network=network, head=head, arch="one layer", adversary=None)


def compiled(recipe, one):
    trainer = trainers.make(recipe, one)
    trainers.prepare(trainer, one, recipe, lr=0.1, steps=10)
    return trainer


def logs_of(trainer, target):
    targets = {name: tf.constant(value) for name, value in target.items()}
    loop.state_of(trainer)
    return {
        name: float(value)
        for name, value in trainer.test_step(
            ({"lightness": tf.constant(LIGHTNESS)}, targets)
        ).items()
    }


def test_make_trains_color_alone_by_the_head_s_loss():
    trainer = compiled(Recipe(), colorizer(lambda x: {}))
    # ab / 110 = 0.5 everywhere, squared.
    assert logs_of(trainer, {"color": LAB}) == pytest.approx({"loss": 0.25})


def test_make_adds_beta_times_the_divergence():
    def latent(x):
        return {
            "z_mean": keras.layers.Rescaling(0, 3.0, name="z_mean")(x),
            "z_log_var": keras.layers.Rescaling(0, np.log(4.0), name="z_log_var")(x),
        }

    trainer = compiled(Recipe(kl=0.1), colorizer(latent))
    # N(3, 4) from N(0, 1): (3² + 4 − ln 4 − 1) / 2.
    divergence = (9 + 4 - np.log(4) - 1) / 2
    expected = {"loss": 0.25 + 0.1 * divergence, "kl_loss": divergence}
    assert logs_of(trainer, {"color": LAB}) == pytest.approx(expected)


def test_make_adds_a_300th_of_the_classes_cross_entropy():
    def classes(x):
        x = keras.layers.Flatten()(x)
        return {
            "class_logits": keras.layers.Dense(
                3, kernel_initializer="zeros", bias_initializer=bias, name="class_logits"
            )(x)
        }

    def bias(shape, dtype):
        return np.log([0.5, 0.3, 0.2]).astype(dtype)

    trainer = compiled(Recipe(), colorizer(classes))
    logs = logs_of(trainer, {"color": LAB, "class_logits": np.array([0, 2])})
    entropy = -(np.log(0.5) + np.log(0.2)) / 2
    assert logs["loss"] == pytest.approx(0.25 + entropy / 300)
    assert logs["class_logits_loss"] == pytest.approx(entropy)
    assert logs["class_logits_accuracy"] == 0.5


def test_state_holds_the_seed_of_a_variational_network(build):
    network = build("unet_vae")
    one = types.SimpleNamespace(network=network, head=heads.create("rgb"), adversary=None)
    trainer = compiled(Recipe(), one)
    seeds = [variable for variable in loop.state_of(trainer) if "seed" in variable.path]
    assert len(seeds) == 1
    before = np.array(seeds[0])
    network({"lightness": np.zeros((1, 150, 150, 1), "float32")}, training=True)
    assert not np.array_equal(seeds[0], before)  # a resumed run goes on drawing from here
