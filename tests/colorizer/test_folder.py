"""A trained model's folder: what it brings back, and what is refused."""

import hashlib
import json
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import skimage.color
import skimage.data

import keras_colorize
from keras_colorize import errors
from keras_colorize.colorizer import Colorizer, Decoding

# Written by release 0.1.0 before networks took a dict: unet_plain in half precision, with coarse
# random kernels, and what that release made of every 32nd pixel of a photograph.
OLD = Path(__file__).parent / "folder_0_1_0"


def test_a_folder_of_the_previous_release_loads_and_colors_alike():
    colorizer = keras_colorize.load(OLD)
    assert colorizer.trained_on == {"0123456789abcdef"}
    expected = np.array(json.loads((OLD / "expected.json").read_text()))
    assert np.std(expected, axis=-1).mean() > 3  # there is color to compare
    made = colorizer.colorize(skimage.data.camera()[::4, ::4])[::32, ::32]
    assert np.abs(made.astype(int) - expected).max() <= 1


def test_save_and_load_give_the_same_pictures(tmp_path):
    colorizer = Colorizer("vgg_fusion", size=24, backbone_weights="none")
    colorizer.trained_on = frozenset({"0123456789abcdef"})
    colorizer.save(tmp_path / "model")
    loaded = keras_colorize.load(tmp_path / "model")
    assert (loaded.arch, loaded.size, loaded.head.name) == ("vgg_fusion", 24, "regression")
    assert loaded.trained_on == colorizer.trained_on
    photograph = skimage.data.camera()[:100, :120]
    np.testing.assert_array_equal(loaded.colorize(photograph), colorizer.colorize(photograph))


# ---- folders that do not fit ----


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def edit_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def redo_checksum(folder):
    content = (folder / "model.weights.h5").read_bytes()
    edit_config(folder, weights_sha256=hashlib.sha256(content).hexdigest())


def test_load_altered_weights_is_an_error(folder):
    path = folder / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.UsageError, match="SHA-256"):
        keras_colorize.load(folder)


@pytest.mark.parametrize(
    "how", ["one array gone", "one array more", "one array misshapen", "a group renamed"]
)
def test_load_never_accepts_weights_in_part(folder, how):
    with h5py.File(folder / "model.weights.h5", "r+") as file:
        arrays = []
        file.visititems(lambda name, item: arrays.append(name) if hasattr(item, "dtype") else None)
        last = arrays[-1]
        if how == "one array gone":
            del file[last]
        elif how == "a group renamed":
            file.move(last.split("/vars")[0], "layers/somebody_else")
        elif how == "one array more":
            file[last + "0"] = np.zeros(3)
        else:
            values = file[last][()]
            del file[last]
            file[last] = values.reshape(*values.shape, 1)
    redo_checksum(folder)
    with pytest.raises(errors.UsageError, match="does not fit vgg_fusion"):
        keras_colorize.load(folder)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"arch": "vgg"}, "Unknown `arch`"),
        ({"head": {"name": "gammut"}}, "Unknown `head`"),
        ({"head": 3}, "cannot be read"),
        ({"head": {"name": "gamut", "bins": 9}}, "cannot be read"),
        ({"format": 99}, "format 99"),
        ({"options": {"levels": 4}}, "Unknown `option of vgg_fusion`"),
        ({"size": "big"}, "cannot be read"),
    ],
)
def test_load_wrong_config_names_what_is_wrong(folder, changes, message):
    edit_config(folder, **changes)
    with pytest.raises(errors.UsageError, match=message):
        keras_colorize.load(folder)


def test_load_of_an_unfinished_run_says_so(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(errors.UsageError, match=r"a run that has not finished"):
        keras_colorize.load(tmp_path)


def test_folder_keeps_the_decoding_that_suits_its_weights(tmp_path, picture):
    colorizer = Colorizer("vgg_fusion", "bins64", size=32, backbone_weights="none")
    colorizer.decoding = Decoding("mean", 0.6, chroma=1.5, upscale="guided")
    expected = colorizer.colorize(picture(40, 60))
    colorizer.save(tmp_path / "model")
    again = keras_colorize.load(tmp_path / "model")
    assert again.decoding == colorizer.decoding
    np.testing.assert_array_equal(again.colorize(picture(40, 60)), expected)
    again.decoding = Decoding()
    assert np.abs(again.colorize(picture(40, 60)).astype(int) - expected).max() > 0


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_load_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(errors.UsageError, match=f"{name} is missing"):
        keras_colorize.load(folder)


def test_load_broken_json_is_an_error(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(errors.UsageError, match=r"config.json cannot be read"):
        keras_colorize.load(folder)


def test_save_in_half_precision_is_half_the_size_and_looks_the_same(tmp_path):
    keras.utils.set_random_seed(0)
    colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
    colorizer.save(tmp_path / "whole")
    colorizer.save(tmp_path / "half", half=True)
    sizes = {
        name: (tmp_path / name / "model.weights.h5").stat().st_size for name in ("whole", "half")
    }
    assert sizes["half"] < 0.52 * sizes["whole"]
    photograph = skimage.data.chelsea()[::4, ::4]
    whole, half = (keras_colorize.load(tmp_path / name) for name in sizes)
    assert half.network.get_layer("color").kernel.dtype == "float32"
    lightness = skimage.color.rgb2lab(photograph)[None, ..., :1].astype("float32")
    expected = whole.predict_ab(lightness)
    difference = np.abs(half.predict_ab(lightness) - expected)
    # Half precision has 11 bits: 5e-4 of each kernel, through some twenty layers.
    assert 0 < difference.mean() < 0.01 * expected.std()


def test_save_in_half_precision_refuses_what_does_not_fit(tmp_path):
    colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
    kernel = colorizer.network.get_layer("color").kernel
    kernel.assign(kernel + 70_000.0)
    with pytest.raises(errors.RunError, match="too large for half precision"):
        colorizer.save(tmp_path / "half", half=True)
    assert not (tmp_path / "half").exists()
