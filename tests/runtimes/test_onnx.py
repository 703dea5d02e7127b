"""ONNX Runtime beside Keras. What `colorize` writes with either is in tests/colorize."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from keras_colorize import cli, colorize, errors, export
from keras_colorize.colorizer import Colorizer, Decoding, load, pretrained
from keras_colorize.runtimes import choice, onnx_files, onnx_runtime


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return load(tiny_model)


@pytest.fixture
def cached(tiny_onnx, monkeypatch):
    """Let the tiny model's ONNX file be found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny_onnx[0]))


@pytest.fixture
def photograph(picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture()).save("a.png")


def steps(one, other):
    return np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int))


# ---- pictures ----


@pytest.mark.parametrize("shape", [(40, 64), (101, 450), (1, 30)])
def test_onnx_colors_as_keras_does(loaded, tiny_onnx, picture, shape):
    rgb, decoding = picture(*shape), Decoding(chroma=0.6)
    expected = loaded.colorize(rgb, decoding)
    assert np.ptp(expected.astype(int), axis=-1).max() > 20  # there is color to compare
    assert steps(tiny_onnx[1].colorize(rgb, decoding), expected).max() <= 1


def test_onnx_colors_16_bits_as_keras_does(loaded, tiny_onnx, picture):
    rgb = picture(30, 50).astype("uint16") * 257
    assert steps(tiny_onnx[1].colorize(rgb), loaded.colorize(rgb)).max() <= 257


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """A small Colorizer with classes and the folder of its ONNX files."""
    folder = tmp_path_factory.mktemp("classes")
    keras.utils.set_random_seed(0)
    colorizer = Colorizer("unet_plain", "gamut313")  # takes nothing but a square
    kernel = colorizer.network.get_layer("color").kernel
    kernel.assign(1000 * kernel)  # or all of its pictures would be grey
    colorizer.save(folder / "small")
    command = ["--model", str(folder / "small"), "-o", str(folder / "out"), "--format", "onnx"]
    assert export.main(command) == 0
    return colorizer, folder / "out" / "small" / "onnx"


@pytest.mark.parametrize(
    "decoding", [Decoding(), Decoding(temperature=1.0), Decoding("argmax", upscale="bicubic")]
)
def test_onnx_decodes_classes_as_keras_does(classes, picture, decoding):
    colorizer, folder = classes
    expected = colorizer.colorize(picture(), decoding)
    assert np.ptp(expected.astype(int), axis=-1).max() > 20
    different = steps(onnx_runtime.OnnxColorizer(folder).colorize(picture(), decoding), expected)
    # Where two classes are as probable as each other, the last digit of a logit decides.
    assert (different > 1).mean() <= (0.01 if decoding.method == "argmax" else 0)


def test_onnx_file_takes_photographs_of_any_size(classes, picture):
    colorizer, folder = classes
    session = onnxruntime.InferenceSession(folder / "colorize.onnx")
    for shape, choices in [((40, 64), {}), ((33, 47), {"chroma": 0.5, "temperature": 1.0})]:
        feed = {name: np.array(value, "float32") for name, value in choices.items()}
        (made,) = session.run(["picture"], {"photograph": picture(*shape), **feed})
        expected = colorizer.colorize(picture(*shape), Decoding(**choices))
        assert steps(made, expected).max() <= 1


def test_onnx_export_says_what_it_holds(classes):
    _, folder = classes
    about = json.loads((folder / "model.json").read_text())
    assert (about["name"], about["arch"], about["head"]) == ("small", "unet_plain", "gamut313")
    assert set(about["signatures"]) == {"colorize.onnx", "lightness_to_ab.onnx"}
    files = {path.name for path in folder.iterdir()}
    assert files == {"colorize.onnx", "lightness_to_ab.onnx", "model.json"}


def test_onnx_export_that_needs_more_than_a_photograph_fails(classes, monkeypatch):
    colorizer, folder = classes
    model = onnx.load(folder / "lightness_to_ab.onnx")
    model.graph.input.append(onnx.helper.make_tensor_value_info("constant", 1, [2, 7]))
    monkeypatch.setattr("tf2onnx.convert.from_function", lambda *_, **__: (model, None))
    with pytest.raises(errors.RunError, match=r"cannot translate unet_plain: .*constant"):
        onnx_files.network_of(colorizer)


def test_colorize_takes_a_folder_of_onnx_files(classes, photograph, tmp_path):
    colorizer, folder = classes
    assert colorize.main(["a.png", "-o", "b.png", "--model", str(folder)]) == 0
    expected = colorizer.colorize(np.asarray(Image.open("a.png")))
    assert steps(Image.open("b.png"), expected).max() <= 1


def test_colorize_needs_neither_keras_nor_tensorflow(photograph, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nor has it ever had them
    program = (
        "import sys\n"
        "for name in ('keras', 'tensorflow', 'tf2onnx', 'onnx', 'h5py', 'skimage', 'matplotlib'):\n"
        "    sys.modules[name] = None  # any import of it fails\n"
        "from keras_colorize import colorize\n"
        "sys.exit(colorize.main(sys.argv[1:]))\n"
    )
    arguments = ["a.png", "-o", "b.png"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "cache").exists()  # nor did ONNX Runtime write its identifier
    expected = load(cli.DEFAULT_MODEL).colorize(np.asarray(Image.open("a.png")))
    assert np.ptp(expected.astype(int), axis=-1).max() > 20
    assert steps(Image.open("b.png"), expected).max() <= 1


def test_default_model_brings_the_onnx_file_that_belongs_to_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no other is found
    beside = {name: pretrained.locate(name) / "onnx" for name in pretrained.list_pretrained()}
    brought = {name: folder for name, folder in beside.items() if folder.exists()}
    assert cli.DEFAULT_MODEL in brought
    for name, folder in brought.items():
        remake = f"python pretrained/write_onnx.py {name}"
        assert onnx_runtime.find(name) == folder, f"made of other weights or choices: {remake}"
        onnx_runtime.OnnxColorizer(folder)  # refuses a file with another SHA-256
        assert sum(path.stat().st_size for path in folder.iterdir()) < 10e6


# ---- the choice ----


def test_auto_is_onnx_where_the_file_is_and_keras_elsewhere(
    cached, tiny_model, tmp_path, monkeypatch
):
    kinds = [type(choice.load(tiny_model, Decoding(), "auto")).__name__]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kinds.append(type(choice.load(tiny_model, Decoding(), "auto")).__name__)
    assert kinds == ["OnnxColorizer", "Colorizer"]


def test_onnx_file_beside_the_weights_is_found_and_one_of_other_weights_is_not(
    tiny_onnx, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (made,) = (tiny_onnx[0] / "keras_colorize" / "onnx").iterdir()
    shutil.copytree(made, folder / "onnx")
    assert onnx_runtime.find(folder) == folder / "onnx"
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"decoding": {"chroma": 1.5}}))
    assert onnx_runtime.find(folder) is None


def test_onnx_file_of_another_format_is_made_anew(tiny_onnx, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shutil.copytree(tiny_onnx[0], tmp_path, dirs_exist_ok=True)
    (about,) = tmp_path.glob("keras_colorize/onnx/*/model.json")
    assert onnx_runtime.find(tiny_model) == about.parent
    about.write_text(json.dumps(json.loads(about.read_text()) | {"format": 99}))
    assert onnx_runtime.find(tiny_model) is None


def test_onnx_file_that_was_altered_is_refused(tiny_onnx, tmp_path):
    (made,) = (tiny_onnx[0] / "keras_colorize" / "onnx").iterdir()
    folder = shutil.copytree(made, tmp_path / "onnx")
    content = bytearray((folder / "lightness_to_ab.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "lightness_to_ab.onnx").write_bytes(content)
    with pytest.raises(errors.UsageError, match="truncated, altered or another model's"):
        onnx_runtime.OnnxColorizer(folder)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--runtime", "tpu"], "Unknown `runtime`. Choose from ['auto', 'keras', 'onnx']"),
        (["--temperature", "1"], "`temperature` is for models with classes"),
    ],
)
def test_runtime_that_cannot_color_is_told(
    photograph, tiny_model, monkeypatch, capsys, arguments, message
):
    assert colorize.main(["a.png", "--model", str(tiny_model), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_runtime_that_is_not_installed_is_told(photograph, tiny_model, monkeypatch, capsys):
    monkeypatch.setattr(onnx_runtime, "is_installed", lambda: False)
    command = ["a.png", "--model", str(tiny_model), "--runtime", "onnx"]
    assert colorize.main(command) == 2
    assert 'pip install "keras_colorize[onnx]"' in capsys.readouterr().err


def test_onnx_does_not_sample(classes, photograph, capsys, tmp_path):
    _, folder = classes
    sample = ["--model", str(folder), "--decoding", "sample"]
    assert colorize.main(["a.png", *sample]) == 2
    assert "sample needs the runtime keras" in capsys.readouterr().err
    weights = ["--model", str(folder.parents[2] / "small"), "--decoding", "sample"]
    assert export.main(["--format", "onnx", "-o", str(tmp_path / "new"), *weights]) == 2
    assert "must be argmax or mean for ONNX" in capsys.readouterr().err
