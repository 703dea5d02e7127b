"""What the critic sees against NumPy's means and the encoder itself; where it judges."""

import numpy as np
import pytest

from keras_colorize.models import backbones, conditional_critic

RNG = np.random.default_rng(0)
LIGHTNESS = RNG.uniform(0, 100, (2, 64, 64, 1)).astype("float32")
AB = RNG.uniform(-60, 60, (2, 32, 32, 2)).astype("float32")  # a map of half the size


@pytest.fixture(scope="module")
def eye():
    return conditional_critic.look()


def test_eye_sees_the_mean_color_of_each_cell(eye):
    for stride, seen in zip((4, 8, 16, 32), eye([LIGHTNESS, AB])):
        cells, side = 64 // stride, stride // 2
        means = AB.reshape(2, cells, side, cells, side, 2).mean((2, 4))
        np.testing.assert_allclose(25 * np.array(seen)[..., :2], means, atol=1e-3)


def test_eye_sees_the_encoders_features_of_grey(eye):
    maps = [np.array(seen)[..., 2:] for seen in eye([LIGHTNESS, AB])]
    grey = (2.55 * LIGHTNESS.repeat(3, -1) - 127) / 128  # as EfficientNet-Lite was trained
    _, *features = backbones.efficientnet_lite0("imagenet")(grey)
    for seen, found in zip(maps, map(np.array, features), strict=True):
        assert (seen**2).mean(-1) == pytest.approx(1.0, abs=1e-3)
        direction = (seen * found).sum(-1) / np.linalg.norm(seen, axis=-1)
        np.testing.assert_allclose(direction, np.linalg.norm(found, axis=-1), rtol=1e-4)
    assert not eye.trainable_weights


def test_discriminator_judges_each_stride_at_the_same_places(eye):
    judge = conditional_critic.discriminator(eye.output_shape)
    maps = eye([LIGHTNESS, AB])
    logits = judge(maps)
    assert tuple(logits.shape) == (2, 8, 8, 4)
    changed = judge([*maps[:-1], -maps[-1]])
    differs = np.abs(np.array(changed - logits)).max(axis=(0, 1, 2)) > 0
    assert differs.tolist() == [False, False, False, True]
