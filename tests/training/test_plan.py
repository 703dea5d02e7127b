"""What train refuses and tells before TensorFlow starts."""

import tomllib

import pytest
import tensorflow_datasets as tfds

from keras_colorize import train
from keras_colorize.training import recipe as recipes


def run(*argv):
    return train.main([str(argument) for argument in argv])


@pytest.fixture
def no_tensorflow(tmp_path, monkeypatch):
    """Work in a folder of its own, and fail if TensorFlow is started."""

    def start():
        raise AssertionError("TensorFlow has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--size", "30"], "`size` must be a multiple of 8 for vgg_fusion. Received: size=30."),
        (["--arch", "unet_vae", "--size", "64"], "`size` must be 150 for unet_vae"),
        (["--head", "gammut"], "'rgb', 'sigmoid']. Received: head='gammut'."),
        (["--data", "empty"], "There are no photographs in the folder"),
        (["--val-data", "empty/*.png"], "No photograph matches. Received: val_data="),
        (["--backbone-weights", "nope.h5"], "Received: backbone_weights='nope.h5'."),
        (["--model", "vgg_fusion"], "vgg_fusion is an architecture"),
        (
            ["--recipe", "resnet50_unet_model3"],
            "Received: data='data/people'. docs/data.md#images-of-groups says where",
        ),
        (["--recipe", "resnet50_unet_model3", "--data", "mine"], "Received: data='mine'.\n"),
    ],
)
def test_train_refuses_before_tensorflow_starts(argv, message, tmp_path, no_tensorflow, capsys):
    (tmp_path / "empty").mkdir()
    assert run("-o", tmp_path / "run", *argv) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_train_names_the_section_when_tfds_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("keras_colorize.downloads.unreachable", lambda address: "no network")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "tfds"))
    assert run("-o", tmp_path / "run", "--recipe", "vgg_fusion_regression") == 2
    said = capsys.readouterr().err
    assert "no network" in said and "docs/data.md#ms-coco says where" in said


def test_train_dry_run_prints_the_recipe_its_photographs_and_cost(
    tmp_path, monkeypatch, no_tensorflow, capsys
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    assert run("--recipe", "vgg_fusion_regression", "--dry-run") == 0
    printed, told = capsys.readouterr().out.split("\n\n")
    told = " ".join(told.split())
    asked = recipes.build(recipes.RECIPES.read("vgg_fusion_regression"))
    assert recipes.build(tomllib.loads(printed)) == recipes.resolve(asked)
    assert f"tfds:coco/2017:train[:70000], not yet in {tmp_path / 'tfds'}" in told
    # The paper's 70,000 photographs in 4 epochs, 8 at a time.
    assert "4 epochs of 8,750 steps of 8 photographs at 224², 280,000 photographs" in told
    assert "docs/data.md#ms-coco" in told and "a PSNR of 34 dB" in told
    assert run("--recipe", "scgan", "--dry-run") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"MISSING: there is none in {tmp_path}/data/tiny-imagenet-8/train" in told
    assert list(tmp_path.iterdir()) == []
