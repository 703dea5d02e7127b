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


PALER = Decoding(chroma=0.8)
CLASSES = [name for name in heads.list_heads() if heads.create(name).has_classes]
# Where two classes are as probable as each other, the last digit of a logit decides.
TIES = {"bins64": 0.001}


def assert_same_ab(signatures, colorizer, lightness):
    ab = signatures["lightness_to_ab"](lightness=tf.constant(lightness))["ab"]
    expected = colorizer.predict_ab(lightness, PALER)
    assert expected.std() > 0.1
    assert (np.abs(ab - expected) > 0.05).mean() <= TIES.get(colorizer.head.name, 0)


def assert_same_picture(signatures, colorizer, rgb):
    got = signatures["serving_default"](image_bytes=tf.constant([encode(rgb)]))["png_bytes"]
    steps = np.abs(decode(got.numpy()[0]) - colorizer.colorize(rgb, PALER))
    assert (steps > 1).mean() <= TIES.get(colorizer.head.name, 0)


@pytest.fixture
def lightness():
    return np.random.default_rng(0).uniform(0, 100, (2, 45, 71, 1)).astype("float32")


@pytest.fixture
def export(tmp_path, picture, lightness):
    """Export a Colorizer, compare it with `colorize`, and return its signatures."""

    def write(colorizer):
        saved_model.save(colorizer, tmp_path / "saved", PALER)
        signatures = tf.saved_model.load(tmp_path / "saved").signatures
        assert_same_picture(signatures, colorizer, picture(45, 71))
        assert_same_ab(signatures, colorizer, lightness)
        return signatures

    return write


# zhang_small is exported below, with each head that has classes; all others are here.
@pytest.mark.parametrize("arch", sorted({*keras_colorize.list_models()} - {"zhang_small"}))
def test_every_architecture_exports(arch, export):
    colorizer = calm_colorizer(arch)
    signatures = export(colorizer)
    if not colorizer.head.has_classes:
        assert set(signatures) == {"serving_default", "lightness_to_ab"}


def test_every_head_without_classes_is_that_of_an_architecture():
    exported = {models.get(arch).head for arch in keras_colorize.list_models()}
    assert exported >= set(heads.list_heads()) - set(CLASSES)


@pytest.mark.parametrize("head", CLASSES)
def test_every_head_with_classes_exports(head, export, picture, lightness):
    colorizer = calm_colorizer("zhang_small", head)
    signatures = export(colorizer)
    rgb = picture(45, 71)
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
