"""[vgg-fusion]'s published numbers."""

import keras
import numpy as np
import pytest

from keras_colorize import errors, models


def test_vgg_fusion_has_the_published_parameters(build, count):
    model = build("vgg_fusion")
    assert count(model.trainable_weights) == 1_158_466
    assert count(model.non_trainable_weights) == 7_637_056


def test_vgg_fusion_with_64_classes_trains_36_414_more(build, count):
    model = build("vgg_fusion", head="bins64")
    # 3·3·32·128 + 128 in place of 3·3·32·2 + 2.
    assert count(model.trainable_weights) == 1_194_880


def test_vgg_fusion_unlocked_trains_all_but_the_moving_statistics(build, count):
    model = build("vgg_fusion", trainable_backbone=True)
    assert count(model.trainable_weights) == 8_793_730
    assert count(model.non_trainable_weights) == 2 * 896


def test_vgg_fusion_feeds_vgg16_what_it_was_trained_on(build):
    model = build("vgg_fusion")
    probe = keras.Model(
        model.input, model.get_layer("backbone")._inbound_nodes[-1].input_tensors[0]
    )
    for lightness, grey in [(0.0, 0.0), (100.0, 255.0)]:
        inputs = {"lightness": np.full((1, 8, 8, 1), lightness, "float32")}
        got = np.asarray(probe(inputs))[0, 0, 0]
        expected = keras.applications.vgg16.preprocess_input(np.full((1, 1, 1, 3), grey))[0, 0, 0]
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_vgg_fusion_without_weights_starts_from_he_normal_kernels(build):
    backbone = build("vgg_fusion").get_layer("backbone")
    kernel = backbone.get_layer("block3_conv2").kernel
    # He et al. 2015: a standard deviation of √(2 / fan in).
    np.testing.assert_allclose(np.std(kernel), np.sqrt(2 / (3 * 3 * 256)), rtol=0.02)


def test_vgg_fusion_with_batch_norm_has_the_features_of_vgg16_bn(build, count):
    model = build("vgg_fusion", trainable_backbone=True, batch_norm=True)
    # VGG16's ten convolutions have 2,688 filters: a scale and a shift for each, where each had a
    # bias, and two moving statistics.
    filters = 2 * 64 + 2 * 128 + 3 * 256 + 3 * 512
    assert count(model.trainable_weights) == 8_793_730 + filters
    assert count(model.non_trainable_weights) == 2 * 896 + 2 * filters
    low, mid, high = model.get_layer("backbone")(np.ones((1, 16, 16, 3), "float32"))
    assert [low.shape, mid.shape, high.shape] == [(1, 8, 8, 128), (1, 4, 4, 256), (1, 2, 2, 512)]
    assert min(np.min(tap) for tap in (low, mid, high)) == 0  # after ReLU, as VGG16's own


def test_vgg_fusion_with_batch_norm_refuses_imagenet_weights():
    with pytest.raises(errors.UsageError, match=r"`batch_norm` is for .* trained from scratch"):
        models.create("vgg_fusion", batch_norm=True, backbone_weights="imagenet")


def test_vgg_fusion_takes_a_weights_file(build, tmp_path):
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
