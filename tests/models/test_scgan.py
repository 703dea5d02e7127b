"""[edge-saliency]'s first baseline: its stated sizes, and what follows from its chosen widths."""

import itertools

import keras
import numpy as np
import pytest
import skimage.color

from keras_colorize import models
from keras_colorize.models.scgan import Gray

WIDTHS = [64, 128, 256, 512, 512, 512, 512]


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return models.create("scgan")


def sizes(network, names):
    return [network.get_layer(name).output.shape[1:] for name in names]


def test_scgan_goes_seven_down_and_seven_up(network):
    down = [(side, side, width) for side, width in zip([64, 32, 16, 8, 4, 2, 1], WIDTHS)]
    assert sizes(network, [f"down{i}" for i in range(1, 8)]) == down
    # Each joined by the skip of its size; the seventh is the output layer.
    up = [(2, 1024), (4, 1024), (8, 1024), (16, 512), (32, 256), (64, 128)]
    got = sizes(network, [f"up{i}_concat" for i in range(1, 7)])
    assert got == [(side, side, width) for side, width in up]
    assert network.output["color"].shape == (None, 64, 64, 3)


def test_scgan_has_the_parameters_of_its_widths(network):
    down = 49 * 64 + 64 + sum(9 * i * o + o for i, o in itertools.pairwise(WIDTHS))
    ins, outs = [512, 1024, 1024, 1024, 512, 256], [512, 512, 512, 256, 128, 64]
    up = sum(9 * i * o + o for i, o in zip(ins, outs))
    assert network.count_params() == down + up + 9 * 128 * 3 + 3 == 23_530_307


def test_scgan_starts_from_xavier_s_kernels(network):
    kernel = np.asarray(network.get_layer("down5").kernel)
    # Glorot and Bengio 2010, equation 16: uniform within ±√(6 / (fan in + fan out)).
    bound = np.sqrt(6 / (9 * 512 + 9 * 512))
    assert 0.999 * bound < np.abs(kernel).max() <= bound
    np.testing.assert_allclose(kernel.std(), bound / np.sqrt(3), rtol=0.01)


def test_scgan_discriminator_judges_30_by_30(network):
    discriminator = models.get("scgan").adversary.discriminator(3)
    inputs = [(None, 64, 64, 1), (None, 64, 64, 3)]
    assert discriminator.compute_output_shape(inputs) == (None, 30, 30, 1)
    convolutions = [layer for layer in discriminator.layers if "conv" in layer.name]
    assert len(convolutions) == 6
    widths = [4, 32, 64, 128, 128]
    by_hand = sum(9 * i * o + o for i, o in itertools.pairwise(widths))
    by_hand += 16 * 128 * 128 + 128 + 16 * 128 + 1
    assert discriminator.count_params() == by_hand
    pictures = np.random.default_rng(0).uniform(0, 1, (2, 64, 64, 4)).astype("float32")
    judged = np.asarray(discriminator([100 * pictures[..., :1], pictures[..., 1:]]))
    assert judged.shape == (2, 30, 30, 1) and (judged > 0).all() and (judged < 1).all()


def test_grey_of_a_grey_photograph_is_the_photograph():
    levels = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)
    lightness = skimage.color.rgb2lab(np.repeat(levels, 3, -1))[..., :1].astype("float32")
    np.testing.assert_array_equal(np.rint(255 * np.asarray(Gray()(lightness))), levels)
