"""One body of tests for every architecture; each paper's own numbers stand in `tests/models`."""

import inspect
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
from keras_colorize.models.adversary import Adversary

# Every layer of our own but pix2pix's cut is in one of these; the other networks add size alone.
ON_JAX = ["edge_saliency_gan", "iizuka2016", "unet_vae", "vgg_fusion", "zhang_small"]
ALL = pytest.mark.parametrize("arch", keras_colorize.list_models())


def is_fixed(arch):
    return models.get(arch).stride is None


def shapes(arch):
    """Two inputs that the network allows, of different proportions where it takes them."""
    if is_fixed(arch):
        size = models.get(arch).size
        return [(1, size, size, 1), (2, size, size, 1)]
    least = max(32, models.get(arch).stride)
    return [(1, least, 2 * least, 1), (2, 2 * least, 2 * least, 1)]


def photographs(arch, batch=2):
    size = models.get(arch).size if is_fixed(arch) else 64
    lab = np.random.default_rng(0).uniform([0, -60, -60], [100, 60, 60], (batch, size, size, 3))
    return lab.astype("float32")


# ---- every architecture ----


# What each paper predicts: its output's channels. Two of a*b* but where the paper says otherwise.
PUBLISHED_CHANNELS = {
    "edge_saliency_gan": 3,  # §4, an RGB picture
    "scgan": 3,  # the same
    "unet_plain": 3,  # [enhancing], an RGB picture
    "unet_vae": 3,
    "zhang2016": 313,  # bins, §2.1
    "zhang_small": 313,
}


@pytest.fixture(scope="module", params=keras_colorize.list_models())
def unlocked(request):
    """An architecture, and its network with random weights, all of them to train."""
    options = {"backbone_weights": "none", "trainable_backbone": True}
    known = models.get(request.param).options
    keras.utils.set_random_seed(0)  # a failure here must be one everywhere
    options = {name: value for name, value in options.items() if name in known}
    return request.param, models.create(request.param, **options)


def test_models_are_functional_and_speak_the_contract(unlocked):
    arch, model = unlocked
    assert isinstance(model, keras.Model)
    assert model.count_params() == models.get(arch).parameters
    side = models.get(arch).size if is_fixed(arch) else None
    assert model.input["lightness"].shape == (None, side, side, 1)
    assert model.output["color"].shape[-1] == PUBLISHED_CHANNELS.get(arch, 2)
    for shape in shapes(arch):
        batch, height, width, _ = model({"lightness": np.full(shape, 50, "float32")})["color"].shape
        times = shape[1] // height  # smaller maps are enlarged by the Colorizer
        assert (batch, times * height, times * width) == shape[:3]


@ALL
def test_models_take_the_options_that_are_listed(arch):
    known = models.get(arch)
    head, *options = inspect.signature(known.build).parameters
    assert (head, tuple(options)) == ("head", known.options)
    assert isinstance(known.adversary, Adversary) if known.is_gan else known.adversary is None


def test_models_give_finite_gradients_to_every_trainable_weight(unlocked):
    arch, model = unlocked
    lab = photographs(arch)
    with tf.GradientTape() as tape:
        outputs = model({"lightness": lab[..., :1]}, training=True)
        loss = sum(tf.reduce_mean(output**2) for output in outputs.values())
    gradients = tape.gradient(loss, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


class EveryHead(heads.Head):
    """All heads on one network, their outputs one after the other: a sixth of the building."""

    def __init__(self):
        self.each = [heads.create(name) for name in heads.list_heads()]

    def output(self, features, *arguments, **options):
        outputs = [head.output(features, *arguments, **options) for head in self.each]
        self.ends = np.cumsum([output.shape[-1] for output in outputs])
        for head, output in zip(self.each, outputs):
            output._keras_history.operation.name = f"color_{head.name}"
        return keras.layers.Concatenate(dtype="float32", name="color")(outputs)


@ALL
def test_models_take_every_head(build, arch):
    every, lab = EveryHead(), photographs(arch, batch=1)
    whole = build(arch, head=every)({"lightness": lab[..., :1]})["color"]
    for head, color in zip(every.each, np.split(whole, every.ends[:-1], axis=-1), strict=True):
        loss = np.asarray(head.loss(lab, color))
        assert loss.shape == color.shape[:3] and np.isfinite(loss).all(), head.name
        assert head.decode(color).shape == (*color.shape[:3], 2), head.name


@ALL
def test_models_run_in_mixed_precision(build, arch):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        color = build(arch)({"lightness": photographs(arch, batch=1)[..., :1]})["color"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert color.dtype == tf.float32
    assert np.isfinite(color).all()


def test_models_load_and_train_on_jax_without_tensorflow(tmp_path):
    """One process for all: they predict the same colors, and one of them trains a step."""
    from keras_colorize.colorizer import Colorizer

    lightness = skimage.data.camera()[None, ::8, ::8, None] / np.float32(2.55)  # 64 × 64
    np.save(tmp_path / "lightness.npy", lightness)
    here = {}
    for arch in ON_JAX:
        known = models.get(arch).options
        options = {"backbone_weights": "none"} if "backbone_weights" in known else {}
        keras.utils.set_random_seed(0)
        colorizer = Colorizer(arch, size=None if is_fixed(arch) else 64, **options)
        # Untrained features may be hundreds large, or so small that the last digits of CIELAB
        # decide; a trained network's outputs are of order one.
        layer = colorizer.network.get_layer("color")
        inputs = {"lightness": photographs(arch, 1)[..., :1]}
        features = keras.Model(colorizer.network.input, layer.input)(inputs)
        kernel = keras.initializers.GlorotUniform(0)(layer.kernel.shape)
        layer.kernel.assign(kernel / np.std(features))
        colorizer.save(tmp_path / arch)
        here[arch] = colorizer.predict_ab(lightness)
    program = """
        import sys
        sys.modules["tensorflow"] = None  # any import of it fails
        import jax, numpy as np, keras, keras_colorize
        assert keras.backend.backend() == "jax"
        # Weights are read: drawing others before would cost a compilation for each of their shapes.
        keras.initializers.VarianceScaling.__call__ = (
            lambda self, shape, dtype=None, **_: keras.ops.zeros(shape, dtype)
        )
        for arch in sys.argv[1:]:
            predict = jax.jit(keras_colorize.load(arch).ab_of)  # eager, each layer is compiled
            np.save(arch + ".npy", predict(np.load("lightness.npy")))
        colorizer = keras_colorize.load("vgg_fusion")
        assert colorizer.colorize(np.zeros((8, 8), "uint8")).shape == (8, 8, 3)
        network = colorizer.network
        network.compile(keras.optimizers.SGD(1e-3), loss={"color": colorizer.head.loss})
        lab = np.random.default_rng(0).uniform(-50, 50, (2, 32, 32, 3)).astype("float32")
        loss = network.train_on_batch(np.abs(lab[..., :1]), {"color": lab})
        assert np.isfinite(loss), loss
    """
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # they take longer than what they save
    }
    command = [sys.executable, "-c", textwrap.dedent(program), *ON_JAX]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    for arch, ab in here.items():
        there = np.load(tmp_path / f"{arch}.npy")
        assert ab.std() > 1, arch
        np.testing.assert_allclose(there, ab, rtol=0, atol=1e-4 * ab.std(), err_msg=arch)


# ---- the registry ----


def test_create_unknown_arch_lists_the_choices():
    with pytest.raises(
        errors.UsageError, match=r"Unknown `arch`.*'vgg_fusion'.*arch='vgg_fussion'"
    ):
        models.create("vgg_fussion")


def test_create_unknown_option_lists_the_choices():
    with pytest.raises(errors.UsageError, match=r"backbone_weights.*Received.*'weights'"):
        models.create("vgg_fusion", weights="none")
