"""The verbs' common part: wrong usage is told in one line."""

import sys

import pytest

from keras_colorize import cli


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["colorize", "a.jpg", "--chrome", "1.4"], "--chrome 1.4. Did you mean --chroma?"),
        (["train", "--recpie=scgan"], "--recpie=scgan. Did you mean --recipe?"),
        (["evaluate", "--nothing-alike"], "--nothing-alike. `keras-colorize evaluate --help`"),
        (["colorize"], "required: IN. `keras-colorize colorize --help` says what there is."),
        (["colorise", "a.jpg"], "'colorize'"),
    ],
)
def test_wrong_usage_is_told_in_one_line(arguments, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    lines = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert len(lines) == 1 and told in lines[0]


def test_without_a_verb_the_verbs_are_listed(capsys):
    assert cli.main([]) == 2
    said = capsys.readouterr().err
    assert all(f"    {verb} " in said for verb in cli.VERBS)


@pytest.mark.parametrize("arguments", [["evaluate"], ["export"], ["train", "--arch", "unet_vae"]])
def test_verbs_without_keras_say_what_to_install(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "keras", None)  # an import fails
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.endswith(
        "error: This needs Keras and TensorFlow: `pip install keras_colorize`. Missing: keras.\n"
    )
    assert said.count("\n") == 1
