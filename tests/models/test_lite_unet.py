"""Our own network: what its design promises."""

import numpy as np
import pytest
import skimage.data

from keras_colorize import heads, models
from keras_colorize.models import lite_unet


def _decoder(widths):
    # By hand: the top, then two 3×3 convolutions a stride, with batch norm; and the output's.
    trained, width = 320 * 256 + 2 * 256, 256
    for skip, filters in zip((112, 40, 24, 16, 0), widths):
        trained += 9 * filters * (width + skip + filters) + 4 * filters
        width = filters
    return trained + 9 * width * 2 + 2


_CONTEXT = 320 * 256 + 256 + 256 * 256 + 256


def test_lite_unet_is_small(build, count):
    model = build("lite_unet", trainable_backbone=True)
    decoder = _decoder((160, 96, 64, 48))
    encoder = count(model.get_layer("backbone").trainable_weights)
    assert count(model.trainable_weights) == encoder + _CONTEXT + decoder
    assert model.count_params() < 8e6


@pytest.mark.parametrize(
    ("widths", "context", "stride"), [((160, 96, 64), False, 4), ((80, 48, 32, 24, 16), True, 1)]
)
def test_lite_unet_design_is_free(count, widths, context, stride):
    head = heads.create("regression")
    model = lite_unet.designed(head, "none", False, widths, context)
    assert count(model.trainable_weights) == _decoder(widths) + context * _CONTEXT
    color = model({"lightness": np.full((1, 64, 32, 1), 50, "float32")})["color"]
    assert color.shape == (1, 64 // stride, 32 // stride, 2)


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
