"""The command, run in a folder of its own."""

import pytest
from PIL import Image

from keras_colorize import colorize, colorizer
from keras_colorize.runtimes import choice


@pytest.fixture(scope="session")
def loaded(tiny_model):
    return colorizer.load(tiny_model)


@pytest.fixture
def keras_run(tiny_model, loaded, tmp_path, monkeypatch):
    """Run the command in a folder of its own; return its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load = colorizer.load

    def load_once(name):  # the tiny model takes a second each time, others are loaded indeed
        return loaded if name == str(tiny_model) else load(name)

    monkeypatch.setattr(colorizer, "load", load_once)

    def call(*arguments, model=tiny_model):
        return colorize.main([*map(str, arguments), "--model", str(model)])

    return call


@pytest.fixture
def run_in(keras_run, translated, monkeypatch):
    """Return what runs the command with the tiny model in one runtime."""

    def prepare(runtime):
        if runtime == "keras":
            return keras_run
        cached, colors = translated(runtime)

        def opened(folder):
            return colors

        opened.format = colors.format
        monkeypatch.setitem(choice.PORTABLE, runtime, opened)
        monkeypatch.setenv("XDG_CACHE_HOME", str(cached))
        monkeypatch.setattr(colorizer, "load", None)  # Keras is not asked
        return lambda *arguments: keras_run(*arguments, "--runtime", runtime)

    return prepare


@pytest.fixture(params=["keras", *choice.PORTABLE])
def run(request, run_in):
    """Run the command with the tiny model in each runtime."""
    return run_in(request.param)


@pytest.fixture(params=list(choice.PORTABLE))
def light_run(request, run_in):
    """Run the command with the tiny model in each runtime that needs no Keras."""
    return run_in(request.param)


@pytest.fixture
def grey(picture, tmp_path):
    """Write a grey photograph and return its pixels."""

    def make(name, height=40, width=64, seed=0, **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = picture(height, width, seed)[..., 0]
        Image.fromarray(pixels).save(path, **options)
        return pixels

    return make
