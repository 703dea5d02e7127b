"""One body of tests for every architecture, and each paper's own numbers."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_colorize
from keras_colorize import errors, models

ALL = pytest.mark.parametrize("arch", keras_colorize.list_models())


def build(arch, **options):
    if "backbone_weights" in models.options_of(arch):
        options.setdefault("backbone_weights", "none")
    return models.create(arch, **options)


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def photographs(batch=2, size=32):
    lab = np.random.default_rng(0).uniform([0, -60, -60], [100, 60, 60], (batch, size, size, 3))
    return lab.astype("float32")


# ---- every architecture ----


@ALL
def test_models_are_functional_and_speak_the_contract(arch):
    model = build(arch)
    assert isinstance(model, keras.Model)
    assert model.input_shape == (None, None, None, 1)
    assert "color" in model.output
    for shape in [(1, 32, 48, 1), (2, 40, 40, 1)]:
        color = model(np.full(shape, 50, "float32"))["color"]
        assert color.shape[:3] == shape[:3]


@ALL
def test_models_give_finite_gradients_to_every_trainable_weight(arch):
    model = build(arch, trainable_backbone=True)
    lab = photographs()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(lab[..., :1], training=True)["color"] ** 2)
    gradients = tape.gradient(loss, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


@ALL
def test_models_run_in_mixed_precision(arch):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        color = build(arch)(photographs()[..., :1])["color"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert color.dtype == tf.float32
    assert np.isfinite(color).all()


@ALL
def test_models_export_with_free_height_and_width(arch, tmp_path):
    model = build(arch)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    for shape in [(1, 32, 48, 1), (2, 40, 40, 1)]:
        x = np.random.default_rng(2).uniform(0, 100, shape).astype("float32")
        np.testing.assert_allclose(loaded.serve(x)["color"], model(x)["color"], atol=1e-4)


@ALL
def test_models_train_and_load_on_jax_without_tensorflow(arch, tmp_path):
    from keras_colorize.colorizer import Colorizer

    options = {"backbone_weights": "none"} if "backbone_weights" in models.options_of(arch) else {}
    colorizer = Colorizer(arch, size=32, **options)
    colorizer.save(tmp_path / "model")
    grey = (np.random.default_rng(3).integers(0, 256, (32, 40))).astype("uint8")
    np.save(tmp_path / "grey.npy", grey)
    program = f"""
        import sys
        sys.modules["tensorflow"] = None  # any import of it fails
        import numpy as np, keras
        assert keras.backend.backend() == "jax"
        import keras_colorize
        colorizer = keras_colorize.load({str(tmp_path / "model")!r})
        colored = colorizer.colorize(np.load("grey.npy"))
        np.save("jax.npy", colored)
        network = colorizer.network
        network.compile(keras.optimizers.SGD(1e-3), loss={{"color": colorizer.head.loss}})
        lab = np.random.default_rng(0).uniform(-50, 50, (2, 32, 32, 3)).astype("float32")
        loss = network.train_on_batch(np.abs(lab[..., :1]), {{"color": lab}})
        assert np.isfinite(loss), loss
    """
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    here, there = colorizer.colorize(grey), np.load(tmp_path / "jax.npy")
    assert np.abs(here.astype(int) - there).max() <= 1


# ---- vgg_fusion ----


def test_vgg_fusion_has_the_published_parameters():
    model = build("vgg_fusion")
    assert count(model.trainable_weights) == 1_158_466
    assert count(model.non_trainable_weights) == 7_637_056


def test_vgg_fusion_with_64_classes_trains_36_414_more():
    model = build("vgg_fusion", head="bins64")
    # 3·3·32·128 + 128 in place of 3·3·32·2 + 2.
    assert count(model.trainable_weights) == 1_194_880


def test_vgg_fusion_unlocked_trains_all_but_the_moving_statistics():
    model = build("vgg_fusion", trainable_backbone=True)
    assert count(model.trainable_weights) == 8_793_730
    assert count(model.non_trainable_weights) == 2 * 896


def test_vgg_fusion_feeds_vgg16_what_it_was_trained_on():
    model = build("vgg_fusion")
    probe = keras.Model(
        model.input, model.get_layer("backbone")._inbound_nodes[-1].input_tensors[0]
    )
    for lightness, grey in [(0.0, 0.0), (100.0, 255.0)]:
        got = np.asarray(probe(np.full((1, 8, 8, 1), lightness, "float32")))[0, 0, 0]
        expected = keras.applications.vgg16.preprocess_input(np.full((1, 1, 1, 3), grey))[0, 0, 0]
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_vgg_fusion_without_weights_starts_from_he_normal_kernels():
    backbone = build("vgg_fusion").get_layer("backbone")
    kernel = backbone.get_layer("block3_conv2").kernel
    # He et al. 2015: a standard deviation of √(2 / fan in).
    np.testing.assert_allclose(np.std(kernel), np.sqrt(2 / (3 * 3 * 256)), rtol=0.02)


def test_vgg_fusion_takes_a_weights_file(tmp_path):
    vgg16 = keras.applications.VGG16(include_top=False, weights=None)
    vgg16.save_weights(tmp_path / "vgg16.weights.h5")
    model = build("vgg_fusion", backbone_weights=str(tmp_path / "vgg16.weights.h5"))
    got = model.get_layer("backbone").get_layer("block4_conv3").kernel
    np.testing.assert_array_equal(got, vgg16.get_layer("block4_conv3").kernel)


def test_vgg_fusion_says_when_imagenet_weights_cannot_be_had(monkeypatch):
    def unreachable(*args, **kwargs):
        raise Exception("URL fetch failure")  # as Keras raises it

    monkeypatch.setattr("keras.applications.VGG16", unreachable)
    with pytest.raises(errors.WeightsUnavailable, match=r"URL fetch failure.*'none'"):
        models.create("vgg_fusion", backbone_weights="imagenet")


# ---- the registry ----


def test_create_unknown_arch_lists_the_choices():
    with pytest.raises(
        errors.UsageError, match=r"Unknown `arch`.*'vgg_fusion'.*arch='vgg_fussion'"
    ):
        models.create("vgg_fussion")


def test_create_unknown_option_lists_the_choices():
    with pytest.raises(errors.UsageError, match=r"backbone_weights.*Received.*'weights'"):
        models.create("vgg_fusion", weights="none")
