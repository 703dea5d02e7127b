"""Where ImageNet's weights are looked for, and what happens where they cannot be had."""

import shutil

import h5py
import keras
import numpy as np
import pytest

from keras_colorize import errors, models
from keras_colorize.models import backbones
from keras_colorize.training import recipe as recipes

READ = [recipes.RECIPES.read(name) for name in recipes.RECIPES.names()]
ON_IMAGENET = sorted({keys["arch"] for keys in READ if keys.get("backbone_weights") == "imagenet"})
FILES = {
    "VGG16": "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",  # as Keras names them
    "ResNet50": "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder of Keras with fabricated files of the right shapes, all ones."""
    home = tmp_path_factory.mktemp("keras")
    (home / "models").mkdir()
    for name, file in FILES.items():
        network = getattr(keras.applications, name)(include_top=False, weights=None)
        write_as_keras_does(network, home / "models" / file)
    small = backbones.resnet18("none")
    for weight in small.weights:
        weight.assign(np.ones(weight.shape))
    small.save_weights(home / "models" / "resnet18.weights.h5")
    yield home
    shutil.rmtree(home)  # 200 MB


def write_as_keras_does(network, path):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [weight.name for weight in layer.weights]
            for weight in layer.weights:
                group[weight.name] = np.ones(weight.shape, "float32")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras_colorize.downloads.unreachable", lambda address: "no network")
    return tmp_path / "models"


@pytest.mark.parametrize("arch", ON_IMAGENET)
def test_imagenet_weights_are_found_where_a_person_puts_them(kept, arch, offline, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(kept))
    backbone = models.create(arch, backbone_weights="imagenet").get_layer("backbone")
    # Those of EfficientNet-Lite0 come with the package.
    is_ones = [np.all(np.asarray(weight) == 1) for weight in backbone.weights]
    assert not any(is_ones) if arch == "lite_unet" else all(is_ones)


def test_imagenet_weights_that_cannot_be_had_name_the_place(offline):
    with pytest.raises(errors.WeightsUnavailable) as told:
        models.create("vgg_fusion", backbone_weights="imagenet")
    place = f"put the file {FILES['VGG16']} into {offline}"
    assert "no network" in str(told.value) and place in str(told.value)
    assert told.value.__suppress_context__  # nothing of Keras's traceback


def test_imagenet_weights_that_are_damaged_are_named(offline):
    offline.mkdir()
    (offline / FILES["VGG16"]).write_bytes(b"half of")
    with pytest.raises(errors.WeightsUnavailable, match=f"{offline}/{FILES['VGG16']}: .*open"):
        models.create("vgg_fusion", backbone_weights="imagenet")


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}])
def test_create_starts_afresh_where_there_are_no_imagenet_weights(offline, options):
    reason = "batch normalization" if options else "no network"
    with pytest.warns(UserWarning, match=f"vgg_fusion starts from random weights.*{reason}"):
        network = models.create("vgg_fusion", **options)
    assert network.get_layer("backbone").trainable  # locked, it would be of no use
