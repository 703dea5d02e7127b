"""Our own network: what its design promises."""

import numpy as np
import pytest
import skimage.data

from keras_colorize import models


def test_lite_unet_is_small(build, count):
    model = build("lite_unet", trainable_backbone=True)
    # By hand: the encoder's 2,956,000; and in the decoder kernels, batch norm and biases.
    context = 320 * 256 + 256 + 256 * 256 + 256
    decoder, width = 320 * 256 + 2 * 256, 256
    for skip, filters in zip((112, 40, 24, 16), (160, 96, 64, 48)):
        decoder += 9 * filters * (width + skip + filters) + 4 * filters
        width = filters
    encoder = count(model.get_layer("backbone").trainable_weights)
    assert count(model.trainable_weights) == encoder + context + decoder + 9 * 48 * 2 + 2
    assert model.count_params() < 8e6


@pytest.mark.parametrize("shape", [(1, 32, 32, 1), (2, 64, 160, 1)])
def test_lite_unet_has_half_the_height_and_width(build, shape):
    batch, height, width, _ = shape
    color = build("lite_unet")({"lightness": np.full(shape, 50, "float32")})["color"]
    assert color.shape == (batch, height // 2, width // 2, 2)


def test_lite_unet_locked_backbone_is_not_trained(build, count):
    locked, unlocked = (build("lite_unet", trainable_backbone=t) for t in (False, True))
    assert not locked.get_layer("backbone").trainable_weights
    assert count(unlocked.trainable_weights) > 2 * count(locked.trainable_weights)


def test_lite_unet_has_imagenet_features_without_a_download():
    """A picture turned upside down changes what is seen far more than one that is mirrored."""
    backbone = models.create("lite_unet").get_layer("backbone")
    grey = skimage.data.camera()[::4, ::4].astype("float32")
    pictures = np.stack([grey, grey[:, ::-1], grey[::-1]])[..., None]
    seen = np.asarray(backbone(np.repeat((pictures - 127) / 128, 3, -1))[-1]).mean(axis=(1, 2))
    mirrored, upside_down = (np.linalg.norm(seen[0] - other) for other in seen[1:])
    assert mirrored < upside_down / 1.5
