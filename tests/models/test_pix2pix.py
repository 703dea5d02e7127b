"""Isola 2017's published numbers."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_colorize import models

DOWN = [64, 128, 256, 512, 512, 512, 512, 512]


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return models.create("pix2pix")


def test_pix2pix_stages_are_the_published_ones(network):
    probes = [f"down{i}" for i in range(1, 9)] + [f"up{i}_concat" for i in range(1, 8)]
    model = keras.Model(network.input, [network.get_layer(name).output for name in probes])
    shapes = model.compute_output_shape({"lightness": (1, 256, 256, 1)})
    sides = [128, 64, 32, 16, 8, 4, 2, 1]
    # Each with its skip.
    skips = [(2, 1024), (4, 1024), (8, 1024), (16, 1024), (32, 512), (64, 256), (128, 128)]
    assert [shape[1:] for shape in shapes] == [
        *((side, side, width) for side, width in zip(sides, DOWN)),
        *((side, side, width) for side, width in skips),
    ]


def test_pix2pix_has_the_parameters_of_its_stages(network, count):
    # 4×4 kernels; a bias where no batch normalization follows, elsewhere its scale and shift.
    down = 16 * 1 * 64 + 64 + sum(16 * i * o for i, o in itertools.pairwise(DOWN)) + 512
    up = sum(
        16 * i * o
        for i, o in zip([512, 1024, 1024, 1024, 1024, 512, 256], [512] * 4 + [256, 128, 64])
    )
    norms = sum(DOWN[1:-1]) + sum([512] * 4 + [256, 128, 64])
    trained = down + up + 16 * 128 * 2 + 2 + 2 * norms
    assert count(network.trainable_weights) == trained == 54_410_434
    assert count(network.non_trainable_weights) == 2 * norms


def test_pix2pix_drops_half_of_the_first_three_stages_up(network):
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert [(layer.name, layer.rate) for layer in dropouts] == [
        (f"up{i}_dropout", 0.5) for i in (1, 2, 3)
    ]


@pytest.mark.parametrize("name", ["down3", "up2", "color"])
def test_pix2pix_kernels_are_n_0_002(network, name):
    kernel = np.asarray(network.get_layer(name).kernel)
    assert abs(kernel.mean()) < 0.001
    np.testing.assert_allclose(kernel.std(), 0.02, rtol=0.03)


def test_pix2pix_takes_sizes_that_do_not_halve_eight_times(network):
    lightness = np.zeros((1, 72, 136, 1), "float32")  # 9 → 5 → 3 → 2 → 1 rows, innermost
    assert network({"lightness": lightness})["color"].shape == (1, 72, 136, 2)


def test_pix2pix_discriminator_judges_30_by_30_and_sees_70_by_70(count):
    keras.utils.set_random_seed(0)
    discriminator = models.get("pix2pix").adversary.discriminator(2)
    inputs = [(None, 256, 256, 1), (None, 256, 256, 2)]
    assert discriminator.compute_output_shape(inputs) == (None, 30, 30, 1)
    # C64-C128-C256-C512 and one channel: a bias on the first and on the last.
    widths = [3, 64, 128, 256, 512]
    kernels = sum(16 * i * o for i, o in itertools.pairwise(widths))
    trained = kernels + 64 + 2 * (128 + 256 + 512) + 16 * 512 + 1
    assert count(discriminator.trainable_weights) == trained
    np.testing.assert_allclose(np.std(discriminator.get_layer("conv3").kernel), 0.02, rtol=0.03)

    # The pixels that one judgment hangs on: 70 rows and columns of the picture.
    lightness = tf.random.stateless_uniform((1, 128, 128, 1), (0, 0), maxval=100.0)
    color = tf.random.stateless_uniform((1, 128, 128, 2), (0, 1), minval=-1.0)
    with tf.GradientTape() as tape:
        tape.watch(color)
        judgment = discriminator([lightness, color])[0, 7, 7, 0]
    seen = np.abs(tape.gradient(judgment, color)[0]).sum(-1) > 0
    assert seen.any(0).sum() == seen.any(1).sum() == 70
    assert seen.sum() == 70 * 70
