"""Iizuka 2016's table of layers and its total."""

import keras
import numpy as np
import pytest
import skimage.data
import tensorflow as tf


@pytest.fixture(scope="module")
def networks():
    """The network without classes and with ten."""
    from keras_colorize import models

    keras.utils.set_random_seed(0)
    return models.create("iizuka2016"), models.create("iizuka2016", classes=10)


@pytest.fixture(scope="module")
def stages(networks):
    """Shapes of the branches' ends for a photograph of 224 × 448."""
    network, _ = networks
    names = ["mid2_relu", "global4_relu", "global_dense3_relu", "fusion_concat", "fusion_relu"]
    names += ["up1", "up2", "color", "up3"]
    outputs = {name: network.get_layer(name).output for name in names}
    branches = [node.output_tensors[0] for node in network.get_layer("low_level")._inbound_nodes]
    outputs |= {"low, mid": branches[-2], "low, global": branches[-1]}
    probe = keras.Model(network.input, outputs)
    spec = {"lightness": tf.TensorSpec((1, 224, 448, 1))}
    made = tf.function(probe).get_concrete_function(spec)
    return {name: tuple(output.shape[1:]) for name, output in made.structured_outputs.items()}


def test_iizuka2016_has_the_published_parameters(networks, count):
    network, _ = networks
    assert count(network.trainable_weights) == 42_182_818
    assert count(network.non_trainable_weights) == 12_992


def test_iizuka2016_local_features_follow_the_photograph(stages):
    assert stages["low, mid"] == (28, 56, 512)
    assert stages["mid2_relu"] == (28, 56, 256)


def test_iizuka2016_global_features_are_those_of_a_copy_of_224(stages):
    assert stages["low, global"] == (28, 28, 512)
    assert stages["global4_relu"] == (7, 7, 512)
    assert stages["global_dense3_relu"] == (256,)


def test_iizuka2016_fusion_and_colorization_have_the_published_shapes(stages):
    assert stages["fusion_concat"] == (28, 56, 512)
    assert stages["fusion_relu"] == (28, 56, 256)
    assert stages["up1"] == (56, 112, 128)
    assert stages["up2"] == (112, 224, 64)
    assert stages["color"] == (112, 224, 2)
    assert stages["up3"] == (224, 448, 2)


def test_iizuka2016_fuses_the_same_global_features_everywhere(networks):
    network, _ = networks
    fusion, described = (
        network.get_layer(n).output for n in ("fusion_concat", "global_dense3_relu")
    )
    x = skimage.data.camera()[None, ::8, ::16, None] / np.float32(2.55)  # (1, 64, 32, 1)
    fused, described = keras.Model(network.input, [fusion, described])({"lightness": x})
    assert fused.shape == (1, 8, 4, 512) and np.std(described) > 0
    everywhere = np.broadcast_to(described[:, None, None], (1, 8, 4, 256))
    np.testing.assert_array_equal(fused[..., 256:], everywhere)


def test_iizuka2016_branches_share_the_low_level_features(networks):
    network, _ = networks
    assert len(network.get_layer("low_level")._inbound_nodes) >= 2
    names = [weight.path for weight in network.weights if "low1/" in weight.path]
    assert len(names) == len(set(names)) == 2  # one kernel, one bias


def test_iizuka2016_with_classes_adds_the_classification_network(networks, count):
    network, classifier = networks
    # 512 → 256 with batch normalization → 10.
    more = (512 * 256 + 256) + 2 * 256 + (256 * 10 + 10)
    assert count(classifier.trainable_weights) == 42_182_818 + more
    assert classifier.output["class_logits"].shape == (None, 10)
    assert set(network.output) == {"color"}
