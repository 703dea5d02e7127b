"""The verb: versions, all or nothing. What an export answers is in runtimes/test_saved_model.py."""

import hashlib
import importlib.metadata
import json
from types import SimpleNamespace

import pytest

import keras_colorize
from keras_colorize import errors, export
from keras_colorize.colorizer import pretrained
from keras_colorize.runtimes import portable_files, saved_model


@pytest.fixture
def run(tiny_model, tmp_path, monkeypatch):
    """Run the command on a model that is loaded once, writing a marker in place of the graph."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved_model, "load", lambda model: None)

    def save(colorizer_, folder, decoding, about):
        (folder / "assets").mkdir()
        (folder / "assets" / "model.json").write_text(json.dumps(about))

    monkeypatch.setattr(saved_model, "save", save)
    return lambda *arguments: export.main(["-o", "out", "--model", str(tiny_model), *arguments])


def versions(tmp_path, name="tiny"):
    return sorted(path.name for path in (tmp_path / "out" / name).iterdir() if path.is_dir())


def about(tmp_path, version):
    return json.loads((tmp_path / "out" / version / "assets" / "model.json").read_text())


def test_export_writes_the_next_version(run, tmp_path, capsys):
    assert run() == 0
    assert versions(tmp_path) == ["1"]
    assert "out/tiny/1" in capsys.readouterr().out
    (tmp_path / "out" / "tiny" / "7").mkdir()
    (tmp_path / "out" / "tiny" / "notes").mkdir()
    assert run() == 0  # a gap is a version that was withdrawn
    assert versions(tmp_path) == ["1", "7", "8", "notes"]


def test_export_keeps_a_configuration_of_the_queue_that_was_changed(run, tmp_path):
    assert run() == 0
    batching = tmp_path / "out" / "tiny" / "batching.txt"
    batching.write_text(batching.read_text().replace("value: 2 ", "value: 64 "))
    assert run() == 0
    assert "num_batch_threads { value: 64 }" in batching.read_text()


def test_export_that_fails_leaves_nothing(run, tmp_path, monkeypatch, capsys):
    def fail(colorizer_, folder, decoding, about):
        (folder / "saved_model.pb").write_text("half")
        # What a server that watches the folder sees meanwhile is no number.
        assert not any(path.name.isdecimal() for path in folder.parent.iterdir())
        raise OSError("No space left on device")

    monkeypatch.setattr(saved_model, "save", fail)
    assert run() == 1
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_export_makes_no_folder_for_a_model_that_cannot_be_loaded(run, tmp_path, monkeypatch):
    def load(model):
        raise errors.UsageError("Its SHA-256 differs.")

    monkeypatch.setattr(saved_model, "load", load)
    assert run() == 2
    assert list(tmp_path.iterdir()) == []


def test_export_is_named_after_its_weights_and_says_whose_they_are(run, tmp_path):
    names = [name for name in keras_colorize.list_pretrained() if name.startswith("lite_unet")]
    for name in names:  # one network, but not versions of one model
        assert run("--model", name) == 0
        assert versions(tmp_path, name) == ["1"]
        said = about(tmp_path, f"{name}/1")
        assert (said["name"], said["weights"], said["version"]) == (name, name, 1)
        assert (said["arch"], said["license"]) == ("lite_unet", "Apache-2.0")
        content = (pretrained.locate(name) / "model.weights.h5").read_bytes()
        assert said["weights_sha256"] == hashlib.sha256(content).hexdigest()
        assert said["versions"]["tensorflow"] == importlib.metadata.version("tensorflow")
    assert run("--chroma", "1.5", "--name", "mine") == 0
    said = about(tmp_path, "mine/1")
    assert (said["name"], said["weights"], said["license"]) == ("mine", "tiny", None)
    assert said["decoding"]["chroma"] == 1.5


def test_export_refuses_another_model_among_the_versions_of_one(run, tmp_path, capsys):
    assert run("--name", "mine") == 0
    assert run("--name", "mine", "--model", "lite_unet.natural") == 2
    message = capsys.readouterr().err
    assert "vgg_fusion with head regression, this is lite_unet with head bins64" in message
    assert versions(tmp_path, "mine") == ["1"]


@pytest.fixture
def run_portable(run, monkeypatch):
    """Run the command with empty files in place of translated graphs."""
    monkeypatch.setattr(portable_files, "load", lambda model: SimpleNamespace(size=32))
    for name in ("pictures_of", "network_of"):
        monkeypatch.setattr(portable_files, name, lambda *_: b"")

    def write(folder, contents, colorizer, about):
        folder.mkdir(exist_ok=True)
        (folder / "model.json").write_text(json.dumps(about))

    monkeypatch.setattr(portable_files, "_write", write)
    return run


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_export_replaces_files_of_the_same_model_and_refuses_those_of_another(
    run_portable, tmp_path, capsys, format
):
    command = ["--name", "mine", "--format", format]
    assert run_portable(*command) == 0
    assert run_portable(*command) == 0
    written = tmp_path / "out" / "mine" / format / "model.json"
    earlier = written.read_text()
    capsys.readouterr()
    assert run_portable(*command, "--model", "lite_unet.natural") == 2
    said = f"out/mine/{format} holds vgg_fusion with head regression, this is lite_unet with head"
    assert said in capsys.readouterr().err
    assert written.read_text() == earlier


@pytest.mark.parametrize(
    "arguments, writers",
    [
        (["--format", "onnx"], {"onnx", "tf2onnx"}),
        (["--format", "onnx", "--int8"], {"onnx", "tf2onnx", "onnxruntime"}),
        (["--format", "litert", "--int8"], set()),  # TensorFlow writes it
    ],
)
def test_export_says_which_versions_wrote_it(run_portable, tmp_path, arguments, writers):
    assert run_portable(*arguments) == 0
    (written,) = (tmp_path / "out" / "tiny").glob("*/model.json")
    versions = json.loads(written.read_text())["versions"]
    assert set(versions) == {"keras_colorize", "keras", "tensorflow", *writers}
    assert all(versions[name] == importlib.metadata.version(name) for name in writers)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--name", "my model"], "Received: name='my model'"),
        (["--name", "../up"], "Received: name='../up'"),
        (["--format", "onnxx"], "Unknown `format`. Choose from ['litert', 'onnx', 'savedmodel']"),
        (["--temperature", "0.5"], "`temperature` is for models with classes"),
        (["--int8"], "`int8` is for the formats litert and onnx"),
        (["--format", "onnx", "--data", "samples"], "on which `int8` is calibrated, and needs it"),
        (["--chroma", "-1"], "`chroma` must be a factor, at least 0"),
    ],
)
def test_export_wrong_usage_says_what_is_wrong(run, capsys, arguments, message):
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--model", "nowhere"], "or give the folder of a run or of a trained model"),
        (["--name", "a/b"], "`name` must begin with a letter or a digit"),
        (["--format", "onnx", "--decoding", "sample"], "`decoding` must be argmax or mean"),
        (["--format", "onnx", "--int8", "--data", "nowhere"], "Received: data='nowhere'"),
    ],
)
def test_export_refuses_before_keras_starts(tmp_path, monkeypatch, capsys, arguments, message):
    def start():
        raise AssertionError("Keras has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)
    assert export.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_export_needs_what_writes_onnx_files(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert export.main(["--format", "onnx"]) == 2
    said = capsys.readouterr().err
    assert (
        'pip install "keras_colorize[onnx]"' in said
        and "Missing: onnx, onnxruntime, tf2onnx." in said
    )
