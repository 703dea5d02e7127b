"""One body of tests for every architecture, and each paper's own numbers."""

import itertools
import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import skimage.data
import tensorflow as tf

import keras_colorize
from keras_colorize import errors, heads, models

ALL = pytest.mark.parametrize("arch", keras_colorize.list_models())


def build(arch, **options):
    if "backbone_weights" in models.options_of(arch):
        options.setdefault("backbone_weights", "none")
    keras.utils.set_random_seed(0)  # a failure here must be one everywhere
    return models.create(arch, **options)


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def is_fixed(arch):
    return models.builder(arch).stride is None


def shapes(arch):
    """Two inputs that the network allows, of different proportions where it takes them."""
    if is_fixed(arch):
        size = models.builder(arch).size
        return [(1, size, size, 1), (2, size, size, 1)]
    least = max(32, models.builder(arch).stride)
    return [(1, least, 2 * least, 1), (2, 2 * least, 2 * least, 1)]


def photographs(arch, batch=2):
    size = models.builder(arch).size if is_fixed(arch) else 64
    lab = np.random.default_rng(0).uniform([0, -60, -60], [100, 60, 60], (batch, size, size, 3))
    return lab.astype("float32")


# ---- every architecture ----


@ALL
def test_models_are_functional_and_speak_the_contract(arch):
    model = build(arch)
    assert isinstance(model, keras.Model)
    side = models.builder(arch).size if is_fixed(arch) else None
    assert model.input_shape == (None, side, side, 1)
    assert "color" in model.output
    for shape in shapes(arch):
        batch, height, width, _ = model(np.full(shape, 50, "float32"))["color"].shape
        times = shape[1] // height  # smaller maps are enlarged by the Colorizer
        assert (batch, times * height, times * width) == shape[:3]


@ALL
def test_models_give_finite_gradients_to_every_trainable_weight(arch):
    unlocked = {"trainable_backbone": True} if "backbone_weights" in models.options_of(arch) else {}
    model = build(arch, **unlocked)
    lab = photographs(arch)
    with tf.GradientTape() as tape:
        outputs = model(lab[..., :1], training=True)
        loss = sum(tf.reduce_mean(output**2) for output in outputs.values())
    gradients = tape.gradient(loss, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


@ALL
@pytest.mark.parametrize("head", heads.list_heads())
def test_models_take_every_head(arch, head):
    head = heads.create(head)
    lab = photographs(arch, batch=1)
    color = build(arch, head=head)(lab[..., :1])["color"]
    loss = np.asarray(head.loss(lab, color))
    assert loss.shape == color.shape[:3] and np.isfinite(loss).all()
    assert head.decode(color).shape == (*color.shape[:3], 2)


@ALL
def test_models_have_the_head_that_the_source_gives_them(arch):
    chosen = models.builder(arch).head
    assert build(arch).count_params() == build(arch, head=chosen).count_params()


@ALL
def test_models_run_in_mixed_precision(arch):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        color = build(arch)(photographs(arch)[..., :1])["color"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert color.dtype == tf.float32
    assert np.isfinite(color).all()


@ALL
def test_models_export(arch, tmp_path):
    model = build(arch)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    for shape in shapes(arch):
        x = np.random.default_rng(2).uniform(0, 100, shape).astype("float32")
        np.testing.assert_allclose(loaded.serve(x)["color"], model(x)["color"], atol=1e-4)


def test_models_load_and_train_on_jax_without_tensorflow(tmp_path):
    """One process for all: they predict the same colours, and one of them trains a step."""
    from keras_colorize.colorizer import Colorizer

    lightness = skimage.data.camera()[None, ::8, ::8, None] / np.float32(2.55)  # 64 × 64
    np.save(tmp_path / "lightness.npy", lightness)
    here = {}
    for arch in keras_colorize.list_models():
        known = models.options_of(arch)
        options = {"backbone_weights": "none"} if "backbone_weights" in known else {}
        keras.utils.set_random_seed(0)
        colorizer = Colorizer(arch, size=None if is_fixed(arch) else 64, **options)
        # Untrained features are hundreds large and drive tanh into its corners, where the last
        # digit of a convolution is a step of colour; a trained network's are of order one.
        kernel = colorizer.network.get_layer("color").kernel
        kernel.assign(0.01 * kernel)
        colorizer.save(tmp_path / arch)
        here[arch] = colorizer.predict_ab(lightness)
    program = """
        import sys
        sys.modules["tensorflow"] = None  # any import of it fails
        import numpy as np, keras, keras_colorize
        assert keras.backend.backend() == "jax"
        for arch in keras_colorize.list_models():
            colorizer = keras_colorize.load(arch)
            np.save(arch + ".npy", colorizer.predict_ab(np.load("lightness.npy")))
        colorizer = keras_colorize.load("vgg_fusion")
        assert colorizer.colorize(np.zeros((8, 8), "uint8")).shape == (8, 8, 3)
        network = colorizer.network
        network.compile(keras.optimizers.SGD(1e-3), loss={"color": colorizer.head.loss})
        lab = np.random.default_rng(0).uniform(-50, 50, (2, 32, 32, 3)).astype("float32")
        loss = network.train_on_batch(np.abs(lab[..., :1]), {"color": lab})
        assert np.isfinite(loss), loss
    """
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    for arch, ab in here.items():
        there = np.load(tmp_path / f"{arch}.npy")
        assert ab.std() > 0
        np.testing.assert_allclose(there, ab, rtol=0, atol=1e-4 * ab.std(), err_msg=arch)


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


# ---- vgg_embedding ----


def test_vgg_embedding_decoder_has_the_printed_parameters():
    model = build("vgg_embedding")
    # The source's code block: 9·512·256 + 256 + 9·256·128 + 128 + … + 9·16·2 + 2.
    widths = [512, 256, 128, 64, 32, 16, 2]
    by_hand = sum(9 * i * o + o for i, o in itertools.pairwise(widths))
    assert by_hand == 1_572_114
    assert count(model.trainable_weights) == by_hand
    assert count(model.non_trainable_weights) == 14_714_688  # VGG16 without its top


def test_vgg_embedding_is_7_by_7_by_512_at_224():
    model = build("vgg_embedding")
    assert model.get_layer("backbone").compute_output_shape((1, 224, 224, 3)) == (1, 7, 7, 512)
    sizes = [model.get_layer(f"up{i}").compute_output_shape for i in range(2, 7)]
    got = [size((1, 7 * 2**i, 7 * 2**i, 8))[1] for i, size in enumerate(sizes)]
    assert got == [14, 28, 56, 112, 224]


# ---- zhang2016 ----


def test_zhang2016_has_the_published_parameters():
    model = build("zhang2016", head="gamut313")
    assert count(model.trainable_weights) == 32_235_385
    assert count(model.non_trainable_weights) == 4_992


def test_zhang2016_classifies_every_fourth_pixel():
    model = build("zhang2016", head="gamut313")
    assert model(np.zeros((1, 64, 96, 1), "float32"))["color"].shape == (1, 16, 24, 313)


# ---- resnet50_unet ----


@pytest.mark.parametrize("classes, trainable", [(None, 37_620_866), (243, 37_898_739)])
def test_resnet50_unet_has_the_published_parameters(classes, trainable):
    head = "regression" if classes is None else heads.create("gamut", kept=list(range(classes)))
    model = build("resnet50_unet", head=head, trainable_backbone=True)
    assert count(model.trainable_weights) == trainable
    assert count(model.non_trainable_weights) == 55_040


def test_resnet50_unet_skips_are_at_112_56_28_14():
    model = build("resnet50_unet")
    backbone = model.get_layer("backbone")
    shapes = backbone.compute_output_shape((1, 224, 224, 3))
    assert [shape[1:] for shape in shapes] == [
        (112, 112, 64),
        (56, 56, 256),
        (28, 28, 512),
        (14, 14, 1024),
        (7, 7, 2048),
    ]


# ---- the registry ----


def test_create_unknown_arch_lists_the_choices():
    with pytest.raises(
        errors.UsageError, match=r"Unknown `arch`.*'vgg_fusion'.*arch='vgg_fussion'"
    ):
        models.create("vgg_fussion")


def test_create_unknown_option_lists_the_choices():
    with pytest.raises(errors.UsageError, match=r"backbone_weights.*Received.*'weights'"):
        models.create("vgg_fusion", weights="none")
