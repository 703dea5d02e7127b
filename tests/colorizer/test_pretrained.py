"""The trained models that come with the package, and what a wheel brings along."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import skimage.color
import skimage.data

import keras_colorize
from keras_colorize import cli, errors
from keras_colorize.color import pixels
from keras_colorize.colorizer import PRETRAINED
from keras_colorize.evaluation import metrics

ROOT = Path(__file__).parents[2]
ALL = pytest.mark.parametrize("name", keras_colorize.list_pretrained())


def test_default_model_comes_with_the_package():
    assert cli.DEFAULT_MODEL in keras_colorize.list_pretrained()


@ALL
def test_pretrained_brings_color_to_a_photograph(name):
    truth = skimage.data.chelsea()[::2, ::2]
    made = keras_colorize.load(name).colorize(pixels.to_grey(truth))
    # A ginger cat: warmer than grey everywhere, and nearer to the truth.
    assert metrics.colorfulness(made) > 5
    assert metrics.psnr(made, truth) > metrics.psnr(pixels.to_grey(truth), truth)


@ALL
def test_pretrained_has_a_model_card_and_kernels_of_half_precision(name):
    folder = PRETRAINED.find(name).parent
    card = (folder / "README.md").read_text(encoding="utf-8")
    for heading in ("Paper", "Recipe", "Photographs", "Measured", "Limits", "SHA-256", "In short"):
        assert f"**{heading}" in card, heading
    kinds = set()
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(
            lambda _, item: (
                kinds.add((item.ndim > 1, str(item.dtype)))
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    assert kinds == {(True, "float16"), (False, "float32")}


def colors_of_coffee(model, height, paper=0):
    """Return the colors that a photograph within paper gets, at any size: ab `(200, 300, 2)`."""
    size = height * 3 // 2, height
    photograph = cv2.resize(skimage.data.coffee(), size, interpolation=cv2.INTER_CUBIC)
    scan = cv2.copyMakeBorder(photograph, *[paper] * 4, cv2.BORDER_CONSTANT, value=[245] * 3)
    colored = model.colorize(pixels.to_grey(scan))
    colored = colored[paper : paper + size[1], paper : paper + size[0]]
    reduced = cv2.resize(colored, (300, 200), interpolation=cv2.INTER_AREA)
    return skimage.color.rgb2lab(reduced)[..., 1:]


def test_colors_do_not_depend_on_the_number_of_pixels_or_on_paper_around():
    model = keras_colorize.load(cli.DEFAULT_MODEL)
    first = colors_of_coffee(model, 450)  # 0.3 megapixels, a mean chroma of 14
    for height in (820, 1630, 2830):  # 1, 4 and 12 megapixels
        apart = np.linalg.norm(colors_of_coffee(model, height) - first, axis=-1).mean()
        assert apart < 1, (height, apart)
    for height in (450, 820):
        scan = colors_of_coffee(model, height, paper=height // 10)
        apart = np.linalg.norm(scan - first, axis=-1).mean()
        assert apart < 1.5, (height, apart)  # 3.7 where the network sees the paper


def test_pretrained_weigh_at_most_80_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "pretrained").rglob("*")) < 80e6


def test_load_altered_weights_says_so(tmp_path):
    folder = tmp_path / "altered"
    shutil.copytree(PRETRAINED.find(cli.DEFAULT_MODEL).parent, folder)
    with open(folder / "model.weights.h5", "r+b") as file:
        file.seek(-100, 2)
        file.write(b"x")
    with pytest.raises(errors.UsageError, match=r"is not the file that config\.json describes"):
        keras_colorize.load(folder)


def test_load_unknown_name_lists_the_choices_and_says_what_they_are():
    with pytest.raises(errors.UsageError) as told:
        keras_colorize.load("nope")
    first, *lines = str(told.value).splitlines()
    choices = f"Choose from {keras_colorize.list_pretrained()}, or give the folder"
    assert choices in first and first.endswith("Received: model='nope'.")
    assert [line.split()[0] for line in lines] == keras_colorize.list_pretrained()


@pytest.mark.parametrize(
    "make, message",
    [
        (["run.json"], "a run that has not finished"),
        (["saved_model.pb"], "a SavedModel, which servers run"),
        (["vgg_fusion/2/saved_model.pb"], "a SavedModel, which servers run"),
        (["config.json"], "model.weights.h5 is missing"),
        (["model.weights.h5"], "config.json is missing"),
    ],
)
def test_load_of_another_folder_says_what_it_is(tmp_path, make, message):
    for name in make:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    with pytest.raises(errors.UsageError, match=f"{message}.*Received: model='{tmp_path}'"):
        keras_colorize.load(tmp_path)
    with pytest.raises(errors.UsageError, match="`model` is a folder, and this is a file"):
        keras_colorize.load(next(path for path in tmp_path.rglob("*") if path.is_file()))


def test_load_of_an_architecture_names_its_trained_models():
    with pytest.raises(errors.UsageError) as told:
        keras_colorize.load("lite_unet")
    assert "lite_unet is an architecture. Choose from its trained models" in str(told.value)
    named = {name for name in keras_colorize.list_pretrained() if name in str(told.value)}
    assert "lite_unet.natural" in named and all(name.startswith("lite_unet.") for name in named)
    with pytest.raises(errors.UsageError, match="None that is trained comes with the package"):
        keras_colorize.load("pix2pix")


def test_wheel_brings_weights_recipes_protocols_and_pages(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "runs"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), copy]
    subprocess.run(command, check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    for folder, inside, pattern in (
        ("pretrained", "weights", "*/*"),
        ("pretrained", "weights", "*/onnx/*"),
        ("train", "recipes", "*.toml"),
        ("eval", "protocols", "*.toml"),
        ("keras_colorize/evaluation/pages", "evaluation/pages", "*.js"),
        ("keras_colorize/evaluation/pages", "evaluation/pages", "*.html"),
    ):
        here = {
            path.relative_to(ROOT / folder).as_posix()
            for path in (ROOT / folder).glob(pattern)
            if path.is_file()
        }
        assert here and {f"keras_colorize/{inside}/{name}" for name in here} <= names


def test_a_folder_with_a_bundled_name_does_not_hide_the_model(tmp_path, monkeypatch):
    (tmp_path / cli.DEFAULT_MODEL).mkdir()  # as `colorize -o NAME` would
    monkeypatch.chdir(tmp_path)
    assert keras_colorize.load(cli.DEFAULT_MODEL).arch == cli.DEFAULT_MODEL.split(".")[0]
    with pytest.raises(errors.UsageError, match=r"config.json is missing"):
        keras_colorize.load(f"./{cli.DEFAULT_MODEL}")
