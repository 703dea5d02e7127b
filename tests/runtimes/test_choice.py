"""What is told before anything colors: a runtime or Keras that is missing, another's folder."""

import importlib.util
import json

import pytest
from PIL import Image

from keras_colorize import cli, colorize, export
from keras_colorize.colorizer import pretrained
from keras_colorize.runtimes.litert_runtime import LITERT
from keras_colorize.runtimes.onnx_runtime import ONNX


@pytest.fixture
def without(monkeypatch):
    """Let packages seem not to be installed."""
    find = importlib.util.find_spec

    def hide(*names):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name in names else find(name)
        )

    return hide


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run `colorize`, which refuses before Keras starts; return what it says."""

    def start():
        raise AssertionError("Keras has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)
    Image.new("L", (8, 8)).save("a.png")

    def run(*arguments):
        assert colorize.main(["a.png", "-o", "out", *arguments]) == 2
        return capsys.readouterr().err

    return run


@pytest.fixture
def exported(tmp_path):
    """Make a folder as `export` writes it, with an empty network."""

    def make(format, below):
        folder = tmp_path / below
        folder.mkdir()
        (folder / format.network).touch()
        about = json.loads((pretrained.locate(cli.DEFAULT_MODEL) / "onnx/model.json").read_text())
        about["sha256"] = {format.network: ""}
        (folder / "model.json").write_text(json.dumps(about))
        return below

    return make


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--runtime", "keras"], "`runtime` keras needs Keras, which is not installed"),
        (["--decoding", "sample"], "`decoding` sample needs Keras, which is not installed"),
        (["--hint", "1,1,#b03a2e"], "Hints, references, a second model, more than two variants"),
        (["--reference", "a.png"], "Hints, references, a second model, more than two variants"),
        (["--variants", "3"], "and films need Keras, which is not installed: `pip install keras_c"),
        (["--model", "unet_vae.photos26k"], "`model` must be one with an ONNX file beside its"),
    ],
)
def test_colorize_without_keras_says_what_needs_it(without, refused, arguments, message):
    without("keras")
    assert message in refused(*arguments)


def test_colorize_without_keras_and_runtimes_says_what_to_install(without, refused):
    without("keras", "onnxruntime", "ai_edge_litert")
    said = refused()
    assert "Neither Keras, ONNX Runtime nor LiteRT is installed" in said
    assert 'pip install "keras_colorize[onnx]"' in said


@pytest.mark.parametrize(
    "format, other", [(ONNX, "litert"), (LITERT, "onnx"), (ONNX, "keras"), (LITERT, "keras")]
)
def test_colorize_tells_which_runtime_an_exported_folder_needs(refused, exported, format, other):
    folder = exported(format, f"{format.name}_int8")
    said = refused("--model", folder, "--runtime", other)
    assert f"a folder of {format.title} files, which only `runtime` {format.name} runs" in said


@pytest.mark.parametrize("format", [ONNX, LITERT])
def test_colorize_tells_what_an_exported_folder_needs(without, refused, exported, format):
    without(format.runtime)
    said = refused("--model", exported(format, f"{format.name}_int8"))
    assert f"a folder of {format.title} files" in said
    assert f'pip install "keras_colorize[{format.name}]"' in said


def test_export_refuses_a_folder_that_it_wrote(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert export.main(["--model", exported(ONNX, "onnx")]) == 2
    assert "ONNX or LiteRT files, which only `colorize` takes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["--runtime", "tpu"],
            "Unknown `runtime`. Choose from ['auto', 'keras', 'litert', 'onnx']",
        ),
        (["--temperature", "1"], "`temperature` is for models with classes"),
    ],
)
def test_runtime_that_cannot_color_is_told(refused, tiny_model, arguments, message):
    assert message in refused("--model", str(tiny_model), *arguments)


@pytest.mark.parametrize("format", [ONNX, LITERT])
def test_runtime_that_is_not_installed_is_told(without, refused, tiny_model, format):
    without(format.runtime)
    said = refused("--model", str(tiny_model), "--runtime", format.name)
    assert f'pip install "keras_colorize[{format.name}]"' in said
