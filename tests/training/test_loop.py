"""The loop on a model small enough to follow by hand; real networks train in test_train.py."""

import os
import textwrap

import keras
import numpy as np
import processes
import pytest
import stand_in
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.training import callbacks, loop, optimizers
from keras_colorize.training.checkpoints import Checkpoints


def line(lr=0.1, dropout=0.0):
    """y = w·x from w = 0, squared error."""
    inputs = keras.Input((1,))
    x = keras.layers.Dropout(dropout, seed=3)(inputs) if dropout else inputs
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(lr), loss="mse")
    return model


def batches(start):
    numbers = tf.data.Dataset.counter(start + 1).map(lambda n: tf.cast([[n]], tf.float32) / 10)
    return numbers.map(lambda x: (x, 2 * x))


def fit(model, folder, epochs=2, steps=3, more=(), validation=None):
    strategy = tf.distribute.get_strategy()
    checkpoints = Checkpoints(folder / "checkpoints", loop.state_of(model))
    return loop.fit(model, strategy, batches, validation, epochs, steps, checkpoints, list(more))


def test_fit_does_the_arithmetic_of_gradient_descent(tmp_path):
    model = line(lr=0.5)
    progress = fit(model, tmp_path, epochs=2, steps=3)
    w, losses = 0.0, []
    for n in range(1, 7):
        x = n / 10
        losses.append((w * x - 2 * x) ** 2)
        w -= 0.5 * 2 * (w * x - 2 * x) * x
    assert float(model.layers[-1].kernel[0, 0]) == pytest.approx(w, rel=1e-5)
    assert [row["loss"] for row in progress.history] == pytest.approx(
        [np.mean(losses[:3]), np.mean(losses[3:])], rel=1e-5
    )
    assert [(row["epoch"], row["step"]) for row in progress.history] == [(1, 3), (2, 6)]


def test_fit_validation_is_a_mean_over_photographs_not_batches(tmp_path):
    x = tf.constant([[1.0], [2.0], [3.0]])
    validation = tf.data.Dataset.from_tensor_slices((x, 2 * x)).batch(2)
    progress = fit(line(lr=1e-9), tmp_path, 1, 1, validation=validation)
    assert progress.history[0]["val_loss"] == pytest.approx((4 + 16 + 36) / 3, rel=1e-4)


class StopAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.step:
            os.kill(os.getpid(), 2)  # what Ctrl-C does


def test_fit_interrupted_and_resumed_equals_uninterrupted(tmp_path):
    whole = line(dropout=0.5)  # the state of dropout's seed must be kept as well
    expected = fit(whole, tmp_path / "whole", epochs=3, steps=4)
    first = line(dropout=0.5)
    with pytest.raises(errors.Interrupted):
        fit(first, tmp_path / "parts", epochs=3, steps=4, more=[StopAt(5)])
    kept = sorted(os.listdir(tmp_path / "parts" / "checkpoints"))
    assert kept == ["step-00000004", "step-00000006"]
    second = line(dropout=0.5)
    got = fit(second, tmp_path / "parts", epochs=3, steps=4)
    np.testing.assert_array_equal(second.layers[-1].kernel, whole.layers[-1].kernel)
    assert [row["loss"] for row in got.history] == [row["loss"] for row in expected.history]


def test_fit_of_a_finished_run_changes_nothing(tmp_path):
    first = line()
    fit(first, tmp_path)
    second = line()
    progress = fit(second, tmp_path)
    np.testing.assert_array_equal(second.layers[-1].kernel, first.layers[-1].kernel)
    assert len(progress.history) == 2


def test_stop_on_nan_names_the_step_and_keeps_the_checkpoint(tmp_path):
    # After step 1, w is about 1e28; its square is more than float32 holds.
    for _ in range(2):  # the second time from the checkpoint of step 1
        with pytest.raises(errors.RunError, match=r"`loss` is inf at step 2 \(epoch 2\)"):
            fit(line(lr=1e30), tmp_path, 3, 1, more=[callbacks.StopOnNaN()])
        assert os.listdir(tmp_path / "checkpoints") == ["step-00000001"]


def test_learning_rate_constant_is_that_of_the_command_not_of_the_checkpoint(tmp_path):
    def train(lr, epochs):
        model = line()
        model.compile(keras.optimizers.SGD(optimizers.learning_rate(lr, "constant", 9)), loss="mse")
        fit(model, tmp_path, epochs, steps=1)
        return float(model.layers[-1].kernel[0, 0])

    before = train(0.5, epochs=1)
    assert train(1e-9, epochs=2) == pytest.approx(before, rel=1e-6)


MIRRORED = """
    import sys
    import keras, numpy as np
    from pathlib import Path
    from keras_colorize import errors
    from keras_colorize.training import distribution, loop
    from keras_colorize.training.checkpoints import Checkpoints

    def train(name):
        keras.utils.set_random_seed(1)
        strategy = distribution.make_strategy(name)
        print(name, strategy.num_replicas_in_sync)
        with strategy.scope():
            inputs = keras.Input((4,))
            outputs = keras.layers.Dense(1)(keras.layers.Dense(8, "tanh")(inputs))
            model = keras.Model(inputs, outputs)
            model.compile(keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
            state = loop.state_of(model)
        x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
        data = tf.data.Dataset.from_tensor_slices((x, x.sum(1, keepdims=True))).batch(8)
        checkpoints = Checkpoints(Path(sys.argv[1]) / name, state)
        batches = lambda start: data.repeat().skip(start)
        odd = data.unbatch().take(13).batch(4)  # the last batch is a single one
        progress = loop.fit(model, strategy, batches, odd, 2, 8, checkpoints, [])
        return progress.history, [np.asarray(w) for w in model.get_weights()]

    (alone, one), (together, two) = train("none"), train("mirrored")
    for a, b in zip(one, two):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(alone, together):
        np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-4)
        np.testing.assert_allclose(a["val_loss"], b["val_loss"], rtol=1e-4)
    try:
        distribution.check_batch_size(distribution.make_strategy("mirrored"), 7)
    except errors.UsageError as error:
        assert "number of devices, 2" in str(error) and "batch_size=7" in str(error)
    else:
        raise AssertionError
"""


def test_mirrored_on_two_devices_equals_one(tmp_path):
    done = processes.run(stand_in.TWO_DEVICES + textwrap.dedent(MIRRORED), tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["none", "1", "mirrored", "2"]
