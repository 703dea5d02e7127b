"""Zhang 2016's published numbers."""

import numpy as np


def test_zhang2016_has_the_published_parameters(build, count):
    model = build("zhang2016", head="gamut313")
    assert count(model.trainable_weights) == 32_235_385
    assert count(model.non_trainable_weights) == 4_992


def test_zhang2016_classifies_every_fourth_pixel(build):
    model = build("zhang2016", head="gamut313")
    assert model({"lightness": np.zeros((1, 64, 96, 1), "float32")})["color"].shape == (
        1,
        16,
        24,
        313,
    )
