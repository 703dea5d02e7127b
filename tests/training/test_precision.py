"""Mixed precision on a CPU, which computes in 16 bits slowly, or fast, and correctly."""

import textwrap

import keras
import numpy as np
import processes
import pytest
import stand_in
import tensorflow as tf

import keras_colorize
from keras_colorize import heads, models, train
from keras_colorize.training import loop, optimizers, precision
from keras_colorize.training.checkpoints import Checkpoints
from keras_colorize.training.recipe import Recipe


def optimizer(kind, steps):
    recipe = Recipe(optimizer="sgd", schedule="constant")
    return precision.scaled(optimizers.make(recipe, 0.1, steps), kind)


def step_of(kind):
    """Return the loss and the weights of one step."""
    keras.utils.set_random_seed(1)
    with precision.policy(kind):
        head = heads.create("regression")
        network = stand_in.stand_in(head)
        model = keras.Model(network.input, network.output)
        model.compile(optimizer(kind, 1), loss={"color": head.loss})
    assert keras.config.dtype_policy().name == "float32"
    lab = np.random.default_rng(0).uniform(0, 80, (4, 16, 16, 3)).astype("float32")
    logs = model.train_step(({"lightness": tf.constant(lab[..., :1])}, {"color": tf.constant(lab)}))
    return network, float(logs["loss"]), [np.array(v) for v in network.trainable_variables]


@pytest.mark.parametrize("kind,places", [("float16", 1), ("bfloat16", 8)])  # 3 bits fewer
def test_mixed_precision_step_is_close_to_that_in_float32(kind, places):
    _, loss, expected = step_of("float32")
    network, mixed_loss, weights = step_of(kind)
    assert [layer.compute_dtype for layer in network.layers if layer.weights] == [
        kind,
        kind,
        "float32",  # the head
    ]
    assert {v.dtype for v in network.variables} == {"float32"}
    assert mixed_loss == pytest.approx(loss, rel=1e-2 * places)
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-2 * places, atol=2e-3 * places)


def line():
    """y = w·x from w = 0, squared error, with the loss scaled."""
    inputs = keras.Input((1,))
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer("float16", 9), loss="mse")
    return model


def test_loss_scale_skips_an_overflow_and_is_kept_by_checkpoints(tmp_path):
    # The first gradient is 2·x·y = −1e37, times 2¹⁵ more than float32 holds; the loss is finite.
    values = tf.constant([[[1e18, 5e18]], [[1.0, 1.0]]])
    pairs = tf.data.Dataset.from_tensor_slices(values).map(lambda v: (v[:, :1], v[:, 1:]))

    def batches(step):
        return pairs.repeat().skip(step)

    def fit(epochs):
        model = line()
        checkpoints = Checkpoints(tmp_path, loop.state_of(model))
        strategy = tf.distribute.get_strategy()
        loop.fit(model, strategy, batches, None, epochs, 1, checkpoints, [])
        return float(model.layers[-1].kernel[0, 0]), float(model.optimizer.dynamic_scale)

    assert fit(1) == (0.0, 2.0**14)
    w, scale = fit(2)
    assert scale == 2.0**14
    # Nesterov's first step with momentum 0.9 is 1.9 times that of gradient descent: 0.1 · 2.
    assert w == pytest.approx(1.9 * 0.2)


def test_train_in_mixed_precision_saves_a_float32_model(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
    stand_in.register()
    argv = ["--arch", "stand_in", "--size", "16", "--epochs", "1", "--steps", "2"]
    assert train.main([*argv, "--precision", "float16", "-o", str(tmp_path)]) == 0
    assert keras.config.dtype_policy().name == "float32"
    whole = keras_colorize.load(tmp_path)
    assert {layer.compute_dtype for layer in whole.network.layers} == {"float32"}
    with precision.policy("float16"):
        mixed = keras_colorize.load(tmp_path)
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 16, 16, 1)).astype("float32")
    ab = whole.predict_ab(lightness)
    np.testing.assert_allclose(mixed.predict_ab(lightness), ab, atol=0.02 * np.abs(ab).max())


OVERFLOWS = """
    import keras
    from keras_colorize.training import distribution, precision
    strategy = distribution.make_strategy("mirrored")
    with strategy.scope():
        w = keras.Variable([0.0])
        optimizer = precision.LossScaleOptimizer(keras.optimizers.SGD(1.0))
        optimizer.build([w])

    @tf.function
    def apply(strange):
        def step():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            bad = tf.reduce_any(tf.equal(number, strange))
            optimizer.apply([tf.where(bad, [float("inf")], [2.0**14])], [w])
        strategy.run(step)

    for strange in ([0], [1], [0, 1]):
        apply(tf.constant(strange))
        print(w.numpy()[0], optimizer.dynamic_scale.numpy())
    apply(tf.constant([9]))
    print(w.numpy()[0], optimizer.dynamic_scale.numpy())
"""


def test_loss_scale_skips_a_step_that_overflows_on_any_device():
    done = processes.run(stand_in.TWO_DEVICES + textwrap.dedent(OVERFLOWS))
    assert done.returncode == 0, done.stderr[-3000:]
    # Gradients of two devices add up: 2 · 2¹⁴ / 2¹².
    expected = ["0.0", "16384.0", "0.0", "8192.0", "0.0", "4096.0", "-8.0", "4096.0"]
    assert done.stdout.split() == expected
