"""What an export answers, beside the Colorizer that it was made from."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_colorize
from keras_colorize import heads, models, serving
from keras_colorize.colorizer import Colorizer


def calm_colorizer(arch, head=None):
    """A small Colorizer with random weights whose outputs are of order one, as after training."""
    build = models.builder(arch)
    options = {"backbone_weights": "none"} if "backbone_weights" in models.options_of(arch) else {}
    keras.utils.set_random_seed(0)
    size = None if build.stride is None else max(32, build.stride)
    colorizer = Colorizer(arch, head, size, **options)
    layer = colorizer.network.get_layer("color")
    features = keras.Model(colorizer.network.input, layer.input)
    lightness = np.linspace(0, 100, colorizer.size**2, dtype="float32")
    seen = features(lightness.reshape(1, colorizer.size, colorizer.size, 1))
    layer.kernel.assign(layer.kernel / np.std(seen))
    return colorizer


def encode(rgb, format="PNG", **options):
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, format, **options)
    return content.getvalue()


def decode(png):
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


# Every architecture with its source's head, every head on one of them: a head sees nothing of a
# network but its last features.
@pytest.mark.parametrize(
    "arch, head",
    [(arch, models.builder(arch).head) for arch in keras_colorize.list_models()]
    + [("vgg_fusion", head) for head in heads.list_heads() if head != "regression"],
)
def test_every_architecture_and_every_head_exports(arch, head, tmp_path, picture):
    colorizer = calm_colorizer(arch, head)
    serving.save(colorizer, tmp_path / "saved")
    signatures = tf.saved_model.load(tmp_path / "saved").signatures
    rgb = picture(45, 71)
    got = signatures["serving_default"](image_bytes=tf.constant([encode(rgb)]))["png_bytes"]
    steps = np.abs(decode(got.numpy()[0]) - colorizer.colorize(rgb))
    # Where two classes are as probable as each other, the last digit of a logit decides.
    assert (steps > 1).mean() <= (0.001 if head == "bins64" else 0)

    lightness = np.random.default_rng(0).uniform(0, 100, (2, 45, 71, 1)).astype("float32")
    ab = signatures["lightness_to_ab"](lightness=tf.constant(lightness))["ab"]
    expected = colorizer.predict_ab(lightness)
    assert expected.std() > 0.1
    assert (np.abs(ab - expected) > 0.05).mean() <= (0.001 if head == "bins64" else 0)

    inputs = {"lightness": tf.constant(lightness), "temperature": tf.constant([0.2, 2.0])}
    if head in ("regression", "sigmoid", "rgb"):
        assert set(signatures) == {"serving_default", "lightness_to_ab"}
        return
    got = signatures["lightness_to_ab_at_temperature"](**inputs)["ab"]
    for number, temperature in enumerate([0.2, 2.0]):  # one for each photograph
        colorizer.decode_by("mean", temperature)
        expected = colorizer.predict_ab(lightness[number : number + 1])
        np.testing.assert_allclose(got[number : number + 1], expected, atol=0.05)
