"""Every architecture and every head as a SavedModel, beside `colorize`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from encoded import decode, encode

import keras_colorize
from keras_colorize import heads, models
from keras_colorize.colorizer import Colorizer, Decoding
from keras_colorize.runtimes import saved_model


def calm_colorizer(arch, head=None):
    """A small Colorizer with random weights whose outputs are of order one, as after training."""
    build = models.get(arch)
    options = {"backbone_weights": "none"} if "backbone_weights" in models.get(arch).options else {}
    keras.utils.set_random_seed(0)
    size = None if build.stride is None else max(32, build.stride)
    colorizer = Colorizer(arch, head, size, **options)
    layer = colorizer.network.get_layer("color")
    features = keras.Model(colorizer.network.input, layer.input)
    lightness = np.linspace(0, 100, colorizer.size**2, dtype="float32")
    seen = features({"lightness": lightness.reshape(1, colorizer.size, colorizer.size, 1)})
    kernel = keras.initializers.GlorotUniform(0)(layer.kernel.shape)
    layer.kernel.assign(kernel / np.std(seen))
    return colorizer


# Every architecture with its paper's head, every head on one of them: a head sees nothing of a
# network but its last features.
@pytest.mark.parametrize(
    "arch, head",
    [(arch, models.get(arch).head) for arch in keras_colorize.list_models()]
    + [("vgg_fusion", head) for head in heads.list_heads() if head != "regression"],
)
def test_every_architecture_and_every_head_exports(arch, head, tmp_path, picture):
    colorizer = calm_colorizer(arch, head)
    paler = Decoding(chroma=0.8)
    saved_model.save(colorizer, tmp_path / "saved", paler)
    signatures = tf.saved_model.load(tmp_path / "saved").signatures
    rgb = picture(45, 71)
    got = signatures["serving_default"](image_bytes=tf.constant([encode(rgb)]))["png_bytes"]
    steps = np.abs(decode(got.numpy()[0]) - colorizer.colorize(rgb, paler))
    # Where two classes are as probable as each other, the last digit of a logit decides.
    assert (steps > 1).mean() <= (0.001 if head == "bins64" else 0)

    lightness = np.random.default_rng(0).uniform(0, 100, (2, 45, 71, 1)).astype("float32")
    ab = signatures["lightness_to_ab"](lightness=tf.constant(lightness))["ab"]
    expected = colorizer.predict_ab(lightness, paler)
    assert expected.std() > 0.1
    assert (np.abs(ab - expected) > 0.05).mean() <= (0.001 if head == "bins64" else 0)

    if head in ("regression", "sigmoid", "rgb"):
        assert set(signatures) == {"serving_default", "lightness_to_ab"}
        return
    at = np.array([0.2, 2.0], "float32")  # one for each photograph
    ab = signatures["lightness_to_ab_at_temperature"](
        lightness=tf.constant(lightness), temperature=tf.constant(at)
    )["ab"]
    pngs = signatures["colorize_at_temperature"](
        image_bytes=tf.constant(2 * [encode(rgb)]), temperature=tf.constant(at)
    )["png_bytes"].numpy()
    for number in range(2):
        decoding = Decoding("mean", float(at[number]), chroma=0.8)
        expected = colorizer.predict_ab(lightness[number : number + 1], decoding)
        np.testing.assert_allclose(ab[number : number + 1], expected, atol=0.05)
        assert np.abs(decode(pngs[number]) - colorizer.colorize(rgb, decoding)).max() <= 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="`temperature` must be positive"):
        signatures["lightness_to_ab_at_temperature"](
            lightness=tf.constant(lightness), temperature=tf.constant(0 * at)
        )
