"""The verb: versions, all or nothing. What an export answers is in test_serving.py."""

import pytest

from keras_colorize import export
from keras_colorize.runtimes import saved_model


@pytest.fixture
def run(tiny_model, tmp_path, monkeypatch):
    """Run the command on a model that is loaded once, writing a marker in place of the graph."""
    monkeypatch.chdir(tmp_path)
    loaded = saved_model.load(tiny_model)
    monkeypatch.setattr(saved_model, "load", lambda name: loaded)

    def save(colorizer_, folder, decoding):
        (folder / "variables").mkdir()
        (folder / "variables" / "data").write_text(str(decoding))

    monkeypatch.setattr(saved_model, "save", save)
    return lambda *arguments: export.main(["-o", "out", *arguments])


def versions(tmp_path):
    return sorted(path.name for path in (tmp_path / "out" / "vgg_fusion").iterdir())


def test_export_writes_the_next_version(run, tmp_path, capsys):
    assert run() == 0
    assert versions(tmp_path) == ["1"]
    assert "out/vgg_fusion/1" in capsys.readouterr().out
    (tmp_path / "out" / "vgg_fusion" / "7").mkdir()
    (tmp_path / "out" / "vgg_fusion" / "notes").mkdir()
    assert run() == 0  # a gap is a version that was withdrawn
    assert versions(tmp_path) == ["1", "7", "8", "notes"]


def test_export_that_fails_leaves_no_version(run, tmp_path, monkeypatch, capsys):
    def fail(colorizer_, folder, decoding):
        (folder / "saved_model.pb").write_text("half")
        # What a server that watches the folder sees meanwhile is no number.
        assert not any(path.name.isdecimal() for path in folder.parent.iterdir())
        raise OSError("No space left on device")

    monkeypatch.setattr(saved_model, "save", fail)
    assert run() == 1
    assert "No space left" in capsys.readouterr().err
    assert versions(tmp_path) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--format", "onnxx"], "Unknown `format`. Choose from ['savedmodel']"),
        (["--temperature", "0.5"], "Head regression predicts one color"),
        (["--chroma", "-1"], "`chroma` must be a factor, at least 0. Received: chroma=-1.0"),
    ],
)
def test_export_wrong_usage_says_what_is_wrong(run, capsys, arguments, message):
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_export_without_a_model_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert export.main(["--model", "nowhere"]) == 2
    assert "a folder that training wrote" in capsys.readouterr().err
