"""Which model colors, and which is refused."""

import json
import shutil

import numpy as np
import pytest
from folders import files_in
from PIL import Image

from keras_colorize import colorize, colorizer
from keras_colorize.errors import UsageError
from keras_colorize.runtimes.color_files import color_files

# ---- the model ----


@pytest.fixture
def altered(tiny_model, tmp_path):
    """A copy of the model, and a way to alter its configuration."""
    folder = tmp_path / "altered"
    shutil.copytree(tiny_model, folder)

    def alter(**values):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))
        return folder

    return alter


def test_colorize_missing_model(keras_run, grey, capsys):
    grey("a.png")
    assert keras_run("a.png", model="no/such/model") == 2
    assert "model='no/such/model'" in capsys.readouterr().err


def test_colorize_takes_weights_of_the_package_unless_told(grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey("a.png")
    assert colorize.main(["a.png"]) == 0
    made = np.asarray(Image.open("colorized/a.png")).astype(int)
    assert np.abs(made[..., 0] - made[..., 2]).max() > 3  # red and blue differ: no longer grey


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_colorize_incomplete_model(keras_run, grey, altered, capsys, name):
    grey("a.png")
    folder = altered()
    (folder / name).unlink()
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert f"{name} is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, said",
    [
        (["--model", "nope"], "model='nope'"),
        (["--chroma", "2000"], "at least 0 and at most 10. Received: chroma=2000.0"),
        (["--chroma", "-1"], "Received: chroma=-1.0"),
        (["--seed", "-1"], "Received: seed=-1"),
        (["--decoding", "mode"], "['argmax', 'mean', 'sample']. Received: decoding='mode'"),
        (
            ["--model", "unet_vae.photos26k", "--temperature", "0.5"],
            "models with classes, and unet_vae.photos26k has none: it predicts one color",
        ),
        (["-o", "a.png/out"], "`out` cannot be written to"),
        (["--reference", "none.png"], "`reference` cannot be read"),
        (["--vivid", "vgg_fusion"], "vgg_fusion is an architecture"),
        (["-o", "out.xyz"], "`out` looks like a file, and pictures are not written as .xyz"),
    ],
)
def test_colorize_refuses_before_keras_starts(grey, tmp_path, monkeypatch, capsys, options, said):
    def start():
        raise AssertionError("Keras has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)
    grey("a.png")
    assert colorize.main(["a.png", "-o", "out", *options]) == 2
    assert said in capsys.readouterr().err
    assert files_in(tmp_path) == ["a.png"] and not (tmp_path / "out").exists()


def test_colorize_makes_no_folder_before_the_model_is_loaded(keras_run, grey, altered, tmp_path):
    grey("a.png")
    folder = altered(weights_sha256="0" * 64)
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert not (tmp_path / "out").exists()


def test_colorize_help_lists_the_models(capsys):
    with pytest.raises(SystemExit):
        colorize.main(["--help"])
    said = capsys.readouterr().out.split("models that come with the package:")[1]
    assert [line.split()[0] for line in said.strip().splitlines()] == colorizer.list_pretrained()
    assert all(len(line.split()) > 1 for line in said.strip().splitlines())


def test_colorize_run_folder(keras_run, grey, tiny_model, tmp_path):
    grey("a.png")
    shutil.copytree(tiny_model, tmp_path / "run" / "model")
    assert keras_run("a.png", "-o", "out", model=tmp_path / "run") == 0


@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_colorize_altered_weights(keras_run, grey, altered, capsys, tmp_path, damage):
    grey("a.png")
    folder = altered()
    weights = folder / "model.weights.h5"
    content = bytearray(weights.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        del content[len(content) // 2 :]
    weights.write_bytes(content)
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert "truncated, altered or another model's" in capsys.readouterr().err
    assert files_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    "values, reason",
    [
        ({"arch": "no_such_network"}, "no_such_network"),
        ({"head": {"name": "no_such_head"}}, "no_such_head"),
        ({"options": {"no_such_option": 1}}, "no_such_option"),
        ({"format": 99}, "format 99"),
        ({"parameters": 1}, "does not fit vgg_fusion"),
        ({"weights_sha256": "0" * 64}, "differs from 0000"),
        ({"size": "large"}, "cannot be read"),
        ({"size": 33}, "multiple of"),
    ],
)
def test_colorize_config_of_another_model(keras_run, grey, altered, capsys, values, reason):
    grey("a.png")
    assert keras_run("a.png", "-o", "out", model=altered(**values)) == 2
    assert reason in capsys.readouterr().err


def test_colorize_config_that_is_no_json(keras_run, grey, altered, capsys):
    grey("a.png")
    folder = altered()
    (folder / "config.json").write_text("{")
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert "config.json cannot be read" in capsys.readouterr().err


def test_color_files_returns_the_failed(tiny_model, grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey("a.png")
    (tmp_path / "b.png").touch()
    outcome = color_files(["a.png", "b.png"], "out", str(tiny_model))
    assert outcome.failed == [("b.png", "empty file")]
    with pytest.raises(UsageError, match="no such file"):
        color_files(["gone.png"], "out", str(tiny_model))
