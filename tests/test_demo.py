import importlib.util

from keras_colorize import cli, demo


def test_demo_without_gradio_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert demo.main([]) == cli.WRONG_USAGE
    assert 'pip install "keras_colorize[demo]"' in capsys.readouterr().err


def test_demo_of_an_unknown_model_is_wrong_usage(capsys):
    assert demo.main(["--model", "nothing"]) == cli.WRONG_USAGE
    assert "lite_unet.natural" in capsys.readouterr().err
