"""Training and fine-tuning on a network of two layers."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_colorize import errors, heads
from keras_colorize.training import phases
from keras_colorize.training.recipe import Recipe

RECIPE = Recipe(epochs=2, finetune_epochs=2, lr=0.01, schedule="constant")


def colorizer():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", name="kernel")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    backbone = keras.Model(inputs, x, name="backbone")
    backbone.trainable = False
    head = heads.create("regression")
    lightness = keras.Input((None, None, 1), name="lightness")
    color = head.output(backbone(lightness / 100.0), kernel_size=1)
    return types.SimpleNamespace(
        network=keras.Model({"lightness": lightness}, {"color": color}),
        head=head,
        arch="two layers",
        adversary=None,
    )


def batches(start):
    def draw(step):
        lab = tf.random.stateless_uniform(
            (2, 8, 8, 3), seed=tf.stack([tf.constant(0, tf.int64), step]), maxval=50.0
        )
        return {"lightness": lab[..., :1]}, {"color": lab}

    return tf.data.Dataset.counter(start).map(draw)


class StopAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.step:
            raise errors.Interrupted(2)


def fit(one, folder, recipe=RECIPE, callbacks=()):
    strategy = tf.distribute.get_strategy()
    return phases.fit(recipe, one, strategy, batches, None, 3, folder, list(callbacks))


def state(one):
    return {v.path: np.array(v) for v in one.network.variables}


def test_training_leaves_the_backbone_and_finetuning_its_batch_norm(tmp_path):
    one = colorizer()
    before = state(one)
    with pytest.raises(errors.Interrupted):
        fit(one, tmp_path, callbacks=[StopAt(2)])
    trained = state(one)
    for path, value in before.items():
        assert np.array_equal(trained[path], value) == ("color" not in path), path
    progress = fit(one, tmp_path)
    assert [row["step"] for row in progress.history] == [3, 6, 9, 12]
    for path, value in state(one).items():
        assert np.array_equal(trained[path], value) == ("norm" in path), path


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_phases_resume_where_they_stopped(tmp_path, epoch):
    whole = colorizer()
    fit(whole, tmp_path / "whole")
    with pytest.raises(errors.Interrupted):
        fit(colorizer(), tmp_path / "parts", callbacks=[StopAt(epoch)])
    parts = colorizer()
    progress = fit(parts, tmp_path / "parts")
    assert progress.step == 12
    for path, value in state(whole).items():
        np.testing.assert_array_equal(state(parts)[path], value, err_msg=path)


def test_finetuning_takes_a_tenth_of_the_rate_unless_told(tmp_path):
    class Rates(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(float(self.model.optimizer.learning_rate))

    rates = Rates()
    fit(colorizer(), tmp_path, callbacks=[rates])
    assert rates.seen == pytest.approx([0.01, 0.01, 0.001, 0.001])
