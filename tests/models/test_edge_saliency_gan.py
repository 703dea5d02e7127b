"""[edge-saliency]'s own network: stated sizes, edges as OpenCV finds them, ResNet-18."""

import sys

import cv2
import keras
import numpy as np
import pytest
import skimage.color
import skimage.data
import tensorflow as tf

from keras_colorize import errors, models
from keras_colorize.models import backbones
from keras_colorize.models.backbones import resnet


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return models.create("edge_saliency_gan", backbone_weights="none")


def test_exported_network_finds_the_edges_from_lightness_alone(network, tmp_path):
    whole = (skimage.data.camera(), skimage.data.page(), skimage.data.text())
    grays = np.stack([cv2.resize(p, (64, 64), interpolation=cv2.INTER_AREA) for p in whole])
    keras.Model(network.input, network.get_layer("edges").output).export(tmp_path, verbose=False)
    lightness = skimage.color.rgb2lab(np.repeat(grays[..., None], 3, -1))[..., :1]
    exported = tf.saved_model.load(tmp_path)
    found = np.asarray(exported.serve({"lightness": lightness.astype("float32")}))[..., 0]
    truth = np.stack([cv2.Canny(gray, 100, 200) for gray in grays])
    assert truth.any()
    np.testing.assert_array_equal(found > 0.5, truth > 0)


# ---- sizes ----


def test_edge_saliency_gan_sizes_are_the_stated_ones(network):
    def size(name):
        return network.get_layer(name).output.shape[1:]

    assert size("gray_and_edges") == (64, 64, 2)
    assert [size(f"down{i}")[0] for i in range(1, 8)] == [64, 32, 16, 8, 4, 2, 1]
    assert network.get_layer("backbone").output.shape[1:] == (None, None, 512)
    assert size("down6") == (2, 2, 512)
    assert size("junction") == (2, 2, 512 + 512)
    assert network.output["color"].shape[1:] == (64, 64, 3)  # four channels in all
    assert network.output["saliency"].shape[1:] == (64, 64, 1)


def test_edge_saliency_gan_has_the_parameters_of_its_widths(network, count):
    # scgan's 23,530,307; 49·64 more for the edges' channel, 9·512·512 each for the 512 channels
    # more that layer down7 and, through the skip, layer up2 see; 9·128 + 1 for the saliency map.
    trained = 23_530_307 + 49 * 64 + 2 * 9 * 512 * 512 + 9 * 128 + 1
    assert count(network.trainable_weights) == trained
    moving = 2 * (64 + 4 * 64 + 5 * (128 + 256 + 512))
    assert count(network.non_trainable_weights) == 11_176_512 + moving


def test_edge_saliency_gan_discriminator_judges_14_by_14():
    discriminator = models.get("edge_saliency_gan").adversary.discriminator(3)
    inputs = [(None, 64, 64, 1), (None, 64, 64, 3)]
    assert discriminator.compute_output_shape(inputs) == (None, 14, 14, 1)
    stages = [discriminator.get_layer(f"conv{i}").output for i in range(1, 7)]
    shapes = keras.Model(discriminator.input, stages).compute_output_shape(inputs)
    assert [shape[1] for shape in shapes] == [32, 16, 16, 16, 15, 14]


def test_features_are_averaged_over_areas(network):
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 64, 64, 1)).astype("float32")
    probed = [network.get_layer(name).output for name in ("junction", "gray")]
    probe = keras.Model(network.input, probed)
    junction, grey = (np.asarray(x) for x in probe({"lightness": lightness}))
    seen = backbones.imagenet_rgb(tf.image.resize(grey, (224, 224)))
    features = np.asarray(network.get_layer("backbone")(seen))[0]
    assert features.shape == (7, 7, 512)
    # A pixel of 2 × 2 covers 3½ of 7; in doubled pixels that is 7 of 14.
    doubled = features.repeat(2, 0).repeat(2, 1)
    expected = doubled.reshape(2, 7, 2, 7, 512).mean((1, 3))
    np.testing.assert_allclose(junction[0, ..., 512:], expected, rtol=1e-3, atol=1e-4)


# ---- ResNet-18 ----


def test_resnet18_has_the_published_parameters_and_shape(count):
    backbone = backbones.resnet18("none", trainable=True)
    assert count(backbone.trainable_weights) == 11_176_512
    assert backbone.compute_output_shape((1, 224, 224, 3)) == (1, 7, 7, 512)


def test_resnet18_takes_the_weights_of_keras_hub(monkeypatch):
    hub = pytest.importorskip("keras_hub", reason="extra `hub`").models
    keras.utils.set_random_seed(1)
    theirs = hub.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[2, 2, 2, 2],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        use_pre_activation=False,
    )
    for variable in theirs.weights:  # not the ones and zeros of untrained batch norm
        variable.assign(variable + keras.random.uniform(variable.shape, 0.0, 0.02))
    monkeypatch.setattr(hub.Backbone, "from_preset", lambda name: theirs)
    ours = backbones.resnet18("imagenet")
    pictures = np.random.default_rng(0).normal(size=(1, 96, 64, 3)).astype("float32")
    np.testing.assert_allclose(ours(pictures), theirs(pictures), rtol=1e-4, atol=1e-4)


def test_resnet18_without_keras_hub_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(errors.WeightsUnavailable, match=r"keras_colorize\[hub\].*'none'"):
        backbones.resnet18("imagenet")


def test_copy_weights_refuses_another_network():
    def network(*names):
        inputs = x = keras.Input((3,))
        for name in names:
            x = keras.layers.Dense(3, name=name)(x)
        return keras.Model(inputs, x)

    with pytest.raises(ValueError, match="layers that"):
        resnet.copy_weights(network("a", "b"), network("a"))
    with pytest.raises(ValueError, match="No such layer: c"):
        resnet.copy_weights(network("a", "b"), network("a", "c"))


def test_imagenet_rgb_is_the_usual_normalization():
    grey = np.full((1, 1, 1, 1), 100 / 255, "float32")
    expected = keras.applications.imagenet_utils.preprocess_input(
        np.full((1, 1, 1, 3), 100.0), mode="torch"
    )
    np.testing.assert_allclose(backbones.imagenet_rgb(grey), expected, rtol=1e-5)
