"""ONNX Runtime and LiteRT beside Keras. What `colorize` writes with each is in tests/colorize."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data
import tensorflow as tf
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from keras_colorize import cli, colorize, errors, export, heads
from keras_colorize.colorizer import Colorizer, Decoding, load, pretrained
from keras_colorize.layers import resizing
from keras_colorize.layers.blocks import Upscale2x
from keras_colorize.runtimes import (
    choice,
    doubling,
    litert_files,
    onnx_files,
    portable_files,
)
from keras_colorize.runtimes.litert_runtime import LITERT
from keras_colorize.runtimes.onnx_runtime import ONNX, OnnxColorizer


@pytest.fixture(scope="module", params=list(choice.PORTABLE))
def kind(request):
    """What colors without Keras: one class after the other."""
    kind = choice.PORTABLE[request.param]
    pytest.importorskip(kind.format.runtime)
    return kind


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return load(tiny_model)


@pytest.fixture
def tiny(kind, translated):
    """The cache folder with the translated tiny model, and what colors with it."""
    return translated(kind.format.name)


@pytest.fixture
def photograph(picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture()).save("a.png")


def steps(one, other):
    return np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int))


# ---- pictures ----


@pytest.mark.parametrize("shape", [(40, 64), (101, 450), (1, 30)])
def test_portable_colors_as_keras_does(loaded, tiny, picture, shape):
    rgb, decoding = picture(*shape), Decoding(chroma=0.6)
    expected = loaded.colorize(rgb, decoding)
    assert np.ptp(expected.astype(int), axis=-1).max() > 20  # there is color to compare
    assert steps(tiny[1].colorize(rgb, decoding), expected).max() <= 1


def test_no_rebalancing_is_taken_by_classes_of_unknown_shares(kind, picture, tmp_path):
    colorizer = Colorizer("unet_plain", head="bins64")
    colorizer.save(tmp_path / "model")
    folder = portable_files.export(str(tmp_path / "model"), tmp_path / "out", kind.format)
    decoding = Decoding(rebalance=0.0)
    made = kind(folder).colorize(picture(), decoding)
    assert steps(made, load(tmp_path / "model").colorize(picture(), decoding)).max() <= 1


def test_portable_colors_16_bits_as_keras_does(loaded, tiny, picture):
    rgb = picture(30, 50).astype("uint16") * 257
    assert steps(tiny[1].colorize(rgb), loaded.colorize(rgb)).max() <= 257


@pytest.fixture(scope="module")
def square(tmp_path_factory):
    """A small Colorizer with classes, and the folder of its weights."""
    folder = tmp_path_factory.mktemp("classes")
    keras.utils.set_random_seed(0)
    # A network that takes nothing but a square, and a head that knows how rare its classes are.
    rare = np.random.default_rng(0).dirichlet(np.ones(313)).tolist()
    colorizer = Colorizer("unet_plain", heads.create("gamut313", prior=rare))
    kernel = colorizer.network.get_layer("color").kernel
    kernel.assign(1000 * kernel)  # or all of its pictures would be grey
    colorizer.save(folder / "small")
    return colorizer, folder / "small"


@pytest.fixture(scope="module")
def classes(square, kind):
    """A small Colorizer with classes, and the folder that `export` wrote of it."""
    colorizer, folder = square
    out, name = folder.parent / "out", kind.format.name
    assert export.main(["--model", str(folder), "-o", str(out), "--format", name]) == 0
    return colorizer, out / "small" / name


@pytest.mark.parametrize(
    "decoding",
    [
        Decoding(),
        Decoding(temperature=1.0, rebalance=0.4),
        Decoding("argmax", upscale="bicubic", rebalance=0.4),
    ],
)
def test_portable_decodes_classes_as_keras_does(kind, classes, picture, decoding):
    colorizer, folder = classes
    expected = colorizer.colorize(picture(), decoding)
    assert np.ptp(expected.astype(int), axis=-1).max() > 20
    different = steps(kind(folder).colorize(picture(), decoding), expected)
    # Where two classes are as probable as each other, the last digit of a logit decides.
    assert (different > 1).mean() <= (0.01 if decoding.method == "argmax" else 0)


def run_onnx(path, photograph, choices):
    feed = {name: np.array(value, "float32") for name, value in choices.items()}
    session = onnxruntime.InferenceSession(path)
    return session.run(["picture"], {"photograph": photograph, **feed})[0]


def run_litert(path, photograph, choices):
    from ai_edge_litert.interpreter import Interpreter

    own = {"chroma": 1.0, "temperature": heads.get("gamut313").temperature}
    feed = {name: np.float32(value) for name, value in (own | choices).items()}
    signature = Interpreter(str(path)).get_signature_runner()
    return signature(photograph=photograph, **feed)["picture"]


def test_portable_file_takes_photographs_of_any_size(kind, classes, picture):
    colorizer, folder = classes
    run = {ONNX: run_onnx, LITERT: run_litert}[kind.format]
    for shape, choices in [((40, 64), {}), ((33, 47), {"chroma": 0.5, "temperature": 1.0})]:
        made = run(folder / kind.format.pictures, picture(*shape), choices)
        expected = colorizer.colorize(picture(*shape), Decoding(**choices))
        assert steps(made, expected).max() <= 1


def test_portable_export_says_what_it_holds(kind, classes):
    _, folder = classes
    about = json.loads((folder / "model.json").read_text())
    assert (about["name"], about["arch"], about["head"]) == ("small", "unet_plain", "gamut313")
    files = {path.name for path in folder.iterdir()}
    assert files == {*about["signatures"], "model.json"}
    assert files == {kind.format.pictures, kind.format.network, "model.json"}


def test_onnx_file_doubles_maps_by_a_constant(translated):
    cached, _ = translated("onnx")
    (path,) = cached.rglob(ONNX.network)
    graph = onnx.load(path).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    doubling = [node for node in graph.node if node.op_type == "Resize"]
    assert len(doubling) == 3  # vgg_fusion's
    for node in doubling:  # with computed sizes, ONNX Runtime leaves its own layout for them
        assert len(node.input) == 3
        scales = onnx.numpy_helper.to_array(constants[node.input[2]])
        np.testing.assert_array_equal(scales, [1, 1, 2, 2])


@pytest.fixture(scope="module")
def int8(square, kind, tmp_path_factory):
    """The folder of the same network in int8; its `colorize` file is left empty, to save time."""
    _, weights = square
    folder, name = tmp_path_factory.mktemp("int8"), kind.format.name
    for number, rgb in enumerate(skimage_photographs()):
        Image.fromarray(rgb).save(folder / f"{number}.png")
    command = ["--model", str(weights), "-o", str(folder), "--format", name, "--int8"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portable_files, "pictures_of", lambda *_: b"")
        assert export.main([*command, "--data", str(folder)]) == 0
    return folder / "small" / f"{name}_int8"


def skimage_photographs():
    return [skimage.data.chelsea()[::3, ::3], skimage.data.coffee()[::3, ::3]]


def test_int8_is_small_and_colors_nearly_as_floats_do(kind, classes, int8):
    whole, small = ((folder / kind.format.network).stat().st_size for folder in (classes[1], int8))
    assert small < 0.4 * whole
    photograph = skimage.data.astronaut()[::3, ::3]
    made, expected = (rgb2lab(kind(folder).colorize(photograph)) for folder in (int8, classes[1]))
    assert np.hypot(*np.moveaxis(expected[..., 1:], -1, 0)).mean() > 5  # there is color to compare
    assert 0 < deltaE_ciede2000(made, expected).mean() < 3


def test_int8_says_on_how_many_photographs_it_was_calibrated(classes, int8):
    about = json.loads((int8 / "model.json").read_text())
    assert about["int8"] == {"photographs": 2}
    assert "int8" not in json.loads((classes[1] / "model.json").read_text())


def test_onnx_export_that_needs_more_than_a_photograph_fails(square, monkeypatch):
    model = onnx.helper.make_model(onnx.helper.make_graph([], "left open", [], []))
    model.graph.input.append(onnx.helper.make_tensor_value_info("constant", 1, [2, 7]))
    monkeypatch.setattr("tf2onnx.convert.from_function", lambda *_, **__: (model, None))
    with pytest.raises(errors.RunError, match=r"cannot translate unet_plain: .*constant"):
        portable_files.network_of(square[0], ONNX)


def convolution():
    """A network of one layer, as much of a Colorizer as is translated."""
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(2**11, 3)]
    return SimpleNamespace(arch="convolution", network=keras.Sequential(layers))


LIGHTNESS = tf.TensorSpec([1, None, None, 1], tf.float32, name="lightness")


@pytest.mark.parametrize(
    "layer", [keras.layers.UpSampling2D(), Upscale2x(), keras.layers.Identity()]
)
def test_portable_carries_a_free_size_that_changes_before_a_convolution(kind, layer):
    layers = [keras.Input((None, None, 1)), layer, keras.layers.Conv2D(4, 3)]
    one = SimpleNamespace(arch="one", network=keras.Sequential(layers))
    same = doubling.by_resizing(one)

    def function(lightness):
        height, width = keras.ops.shape(lightness)[1:3]
        seen = resizing.resize(lightness, (height // 2, width // 2), antialias=True)
        return {"ab": same.network(seen)}

    content = translated_to(kind.format, function, same)
    for shape in [(1, 20, 11), (1, 7, 12)]:
        lightness = np.random.default_rng(0).uniform(0, 100, (*shape, 1)).astype("float32")
        size = shape[1] // 2, shape[2] // 2
        expected = one.network(tf.image.resize(lightness, size, "area"))
        made = answer_of(kind.format, content, lightness)["ab"]
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-3)


def translated_to(format, function, colorizer, samples=()):
    translate = {ONNX: onnx_files.translate, LITERT: litert_files.translate}[format]
    with resizing.translated():
        return translate(function, colorizer, LIGHTNESS, {}, False, samples)


def answer_of(format, content, lightness):
    if format is ONNX:
        session = onnxruntime.InferenceSession(content)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {"lightness": lightness})))
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_content=content).get_signature_runner()(lightness=lightness)


def test_int8_leaves_all_but_the_network_in_floats(kind, capfd):
    layers = [keras.layers.Rescaling(0.01), keras.layers.Conv2D(4, 3, activation="relu")]
    layers.insert(0, keras.Input((None, None, 1)))
    one = SimpleNamespace(arch="one", network=keras.Sequential(layers))

    def function(lightness):
        small = resizing.resize(lightness, (9, 7), antialias=True)
        return {"ab": one.network(lightness), "small": small}

    samples = np.random.default_rng(0).uniform(0, 100, (2, 1, 20, 11, 1)).astype("float32")
    content = translated_to(kind.format, function, one, list(samples))
    assert "fully_quantize" not in "".join(capfd.readouterr())  # as TensorFlow's C++ says
    made, expected = answer_of(kind.format, content, samples[0]), function(samples[0])
    np.testing.assert_allclose(made["small"], expected["small"], rtol=1e-4)
    apart = np.abs(made["ab"] - expected["ab"]).max() / np.ptp(expected["ab"])
    assert 1e-4 < apart < 0.03  # a step of 8 bits is 0.004


def test_litert_keeps_half_kernels_half():
    one = convolution()
    whole, half = (
        litert_files.translate(lambda x: {"ab": one.network(x)}, one, LIGHTNESS, {}, half)
        for half in (False, True)
    )
    assert len(whole) - len(half) == pytest.approx(2 * 2**11 * (9 + 1), rel=0.1)


def test_litert_export_that_needs_what_the_format_lacks_fails():
    def function(lightness):
        return {"ab": keras.ops.erfinv(lightness)}

    with pytest.raises(errors.RunError, match=r"LiteRT cannot carry convolution: .*Erfinv"):
        litert_files.translate(function, convolution(), LIGHTNESS, {}, False)


def test_colorize_takes_a_folder_that_export_wrote(kind, classes, photograph):
    colorizer, folder = classes
    expected = colorizer.colorize(np.asarray(Image.open("a.png")))
    for runtime in ("auto", kind.format.name):
        command = ["a.png", "-o", f"{runtime}.png", "--model", str(folder), "--runtime", runtime]
        assert colorize.main(command) == 0
        assert steps(Image.open(f"{runtime}.png"), expected).max() <= 1


def test_colorize_needs_neither_keras_nor_tensorflow(kind, classes, photograph, tmp_path):
    program = (
        "import sys\n"
        "for name in ('keras', 'tensorflow', 'tf2onnx', 'onnx', 'h5py', 'skimage', 'matplotlib'):\n"
        "    sys.modules[name] = None  # any import of it fails\n"
        "from keras_colorize import colorize\n"
        "sys.exit(colorize.main(sys.argv[1:]))\n"
    )
    colorizer, model = classes
    if kind.format is ONNX:  # the default weights bring theirs
        colorizer, model = load(cli.DEFAULT_MODEL), cli.DEFAULT_MODEL
    command = ["a.png", "-o", "b.png", "--runtime", kind.format.name, "--model", str(model)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "XNNPACK" not in done.stderr
    assert not (tmp_path / "cache").exists()  # nor did ONNX Runtime write its identifier
    expected = colorizer.colorize(np.asarray(Image.open("a.png")))
    assert np.ptp(expected.astype(int), axis=-1).max() > 20
    assert steps(Image.open("b.png"), expected).max() <= 1


def test_default_model_brings_the_onnx_file_that_belongs_to_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no other is found
    beside = {name: pretrained.locate(name) / "onnx" for name in pretrained.list_pretrained()}
    brought = {name: folder for name, folder in beside.items() if folder.exists()}
    assert cli.DEFAULT_MODEL in brought
    for name, folder in brought.items():
        remake = f"python pretrained/write_onnx.py {name}"
        assert ONNX.find(name) == folder, f"made of other weights or choices: {remake}"
        OnnxColorizer(folder)  # refuses a file with another SHA-256
        assert sum(path.stat().st_size for path in folder.iterdir()) < 10e6


# ---- the choice ----


def test_auto_is_what_has_the_file_and_keras_elsewhere(
    kind, tiny, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tiny[0]))
    kinds = [type(choice.load(tiny_model, Decoding(), "auto"))]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kinds.append(type(choice.load(tiny_model, Decoding(), "auto")))
    assert kinds == [kind, Colorizer]


def test_file_beside_the_weights_is_found_and_one_of_other_weights_is_not(
    kind, tiny, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    folder, name = shutil.copytree(tiny_model, tmp_path / "model"), kind.format.name
    (made,) = (tiny[0] / "keras_colorize" / name).iterdir()
    shutil.copytree(made, folder / name)
    assert kind.format.find(folder) == folder / name
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"decoding": {"chroma": 1.5}}))
    assert kind.format.find(folder) is None


def test_file_of_another_format_is_made_anew(translated, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shutil.copytree(translated("onnx")[0], tmp_path, dirs_exist_ok=True)
    (about,) = tmp_path.glob("keras_colorize/onnx/*/model.json")
    assert ONNX.find(tiny_model) == about.parent
    about.write_text(json.dumps(json.loads(about.read_text()) | {"format": 99}))
    assert ONNX.find(tiny_model) is None


def test_file_that_was_altered_is_refused(kind, tiny, tmp_path):
    (made,) = (tiny[0] / "keras_colorize" / kind.format.name).iterdir()
    folder = shutil.copytree(made, tmp_path / "altered")
    content = bytearray((folder / kind.format.network).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / kind.format.network).write_bytes(content)
    with pytest.raises(errors.UsageError, match="truncated, altered or another model's"):
        kind(folder)


def test_portable_does_not_sample(kind, classes, photograph, capsys, tmp_path):
    _, folder = classes
    sample = ["--model", str(folder), "--decoding", "sample"]
    assert colorize.main(["a.png", *sample]) == 2
    assert "sample needs the runtime keras" in capsys.readouterr().err
    weights = ["--model", str(folder.parents[2] / "small"), "--decoding", "sample"]
    command = ["--format", kind.format.name, "-o", str(tmp_path / "new"), *weights]
    assert export.main(command) == 2
    said = f"must be argmax or mean for {kind.format.title}"
    assert said in capsys.readouterr().err
