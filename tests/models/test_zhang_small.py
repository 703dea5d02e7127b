"""What [edge-saliency] §5.2 says of its second baseline."""

import itertools

import keras
import numpy as np


def test_zhang_small_has_five_blocks_of_two_or_three_convolutions(build):
    layers = [layer.name for layer in build("zhang_small").layers]
    kinds = ["c" if "conv" in n else n[:2] for n in layers if not n.endswith("_pad")]
    order = "".join(kind for kind in kinds if kind in ("c", "bn", "up", "co"))
    # Convolutions, each block closed by batch normalization; up-sampling after the fourth.
    assert order == "ccbn" + "ccbn" + "cccbn" + "cccbn" + "up" + "ccbn" + "co"


def test_zhang_small_classifies_every_fourth_pixel_into_313(build):
    model = build("zhang_small")
    assert model({"lightness": np.zeros((1, 64, 96, 1), "float32")})["color"].shape == (
        1,
        16,
        24,
        313,
    )


def test_zhang_small_blocks_work_at_32_16_8_8_16(build):
    model = build("zhang_small")
    blocks = keras.Model(model.input, [model.get_layer(f"bn{i}").output for i in range(1, 6)])
    shapes = [
        tuple(x.shape[1:]) for x in blocks({"lightness": np.zeros((1, 64, 64, 1), "float32")})
    ]
    sides, widths = [32, 16, 8, 8, 16], [64, 128, 256, 256, 256]
    assert shapes == [(side, side, width) for side, width in zip(sides, widths)]


def test_zhang_small_has_the_parameters_that_its_docstring_tells(build, count):
    widths = [1, 64, 64, 128, 128, *8 * [256]]
    convolutions = sum(9 * i * o + o for i, o in itertools.pairwise(widths))
    norms = 2 * (64 + 128 + 3 * 256)
    by_hand = convolutions + norms + (256 * 313 + 313)
    assert by_hand == 4_767_097
    model = build("zhang_small")
    assert count(model.trainable_weights) == by_hand
    assert count(model.non_trainable_weights) == norms
