import fcntl
import functools
import gc
import os
from fractions import Fraction

import keras
import numpy as np
import pytest


def pytest_collection_finish():
    """Spare garbage collections what was imported: going through it takes each a quarter second."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _give_memory_back():
    """Forget the graphs of one module's networks before the next builds its own."""
    yield
    keras.backend.clear_session()


@pytest.fixture(autouse=True)
def _internet(monkeypatch):
    """Let everything seem to be within reach: what is mocked further down is asked for."""
    monkeypatch.setattr("keras_colorize.downloads.unreachable", lambda address: "")


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return a folder of this name; whichever worker is the first to ask makes it, for all."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name, make):
        folder = base / name
        with open(base / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                make(made := tmp_path_factory.mktemp(name))
                made.rename(folder)
        return folder

    return get


@pytest.fixture(scope="session")
def tiny_model(once):
    """The folder of a Colorizer with random weights that works at 32 pixels."""
    from keras_colorize import colorizer

    def make(folder):
        keras.utils.set_random_seed(0)  # a failure here must be one everywhere
        tiny = colorizer.Colorizer("vgg_fusion", size=32, backbone_weights="none")
        kernel = tiny.network.get_layer("color").kernel
        kernel.assign(100 * kernel)  # or all of its pictures would be grey
        tiny.save(folder / "tiny")

    return once("models", make) / "tiny"


@pytest.fixture(scope="session")
def translated(tiny_model, once):
    """Translate the tiny model for a runtime: a cache folder that has it, and what colors with it.

    Each is made once.
    """
    from keras_colorize.runtimes import choice, portable_files

    @functools.cache
    def make(runtime):
        kind = choice.PORTABLE[runtime]
        pytest.importorskip(kind.format.runtime)
        with pytest.MonkeyPatch.context() as patch:

            def translate(folder):
                patch.setenv("XDG_CACHE_HOME", str(folder))
                portable_files.cache(tiny_model, kind.format)

            cached = once(f"cache-{runtime}", translate)
            patch.setenv("XDG_CACHE_HOME", str(cached))
            return cached, kind(kind.format.find(tiny_model))

    return make


@pytest.fixture(scope="session")
def picture():
    """Make a smooth picture, different everywhere, in all colors: uint8 `(H, W, 3)`."""

    def make(height=40, width=64, seed=0):
        row, column = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        turn = np.random.default_rng(seed).uniform(0, 1, 3)
        waves = [np.sin(2 * np.pi * (t + row * (1 + t) + column * 0.7)) for t in turn]
        return np.rint(127.5 + 127.5 * np.stack(waves, -1)).astype("uint8")

    return make


@pytest.fixture
def film(picture, tmp_path):
    """Write a gray film whose picture shifts, with sound, and return its path."""
    import av

    clock = Fraction(1, 600)
    # A variable frame rate.
    usual = 0, 20, 40, 70, 100, 130, 200, 220, 240, 300, 320, 340

    def make(
        name="a.mp4",
        height=48,
        width=64,
        turned=0,
        pixel_shape=1,
        times=usual,
        sound=True,
        **options,
    ):
        path = tmp_path / name
        large = picture(height, 2 * width)[..., :1].repeat(3, -1)
        codec = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
        with av.open(str(path), "w", options=options) as container:
            container.metadata["title"] = "Harbor"
            stream = container.add_stream(codec, rate=20, options={"crf": "5"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.sample_aspect_ratio = pixel_shape
            stream.time_base = stream.codec_context.time_base = clock
            if turned:
                stream.set_display_rotation(turned)
            if sound:
                heard = container.add_stream("aac", rate=16000, layout="mono")
            for number, time in enumerate(times):
                shown = np.ascontiguousarray(large[:, 2 * number : 2 * number + width])
                frame = av.VideoFrame.from_ndarray(shown, "rgb24")
                frame.pts, frame.time_base = time, clock
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
            for number in range(10 if sound else 0):
                wave = 9000 * np.sin(np.arange(1024) / 9)
                frame = av.AudioFrame.from_ndarray(wave.astype("int16")[None], "s16", "mono")
                frame.sample_rate, frame.pts = 16000, 1024 * number
                frame.time_base = Fraction(1, 16000)
                container.mux(heard.encode(frame))
            if sound:
                container.mux(heard.encode())
        return path

    return make


@pytest.fixture
def build():
    """Build an architecture with fixed random weights, its backbone's too."""
    from keras_colorize import models

    def build(arch, **options):
        if "backbone_weights" in models.get(arch).options:
            options.setdefault("backbone_weights", "none")
        keras.utils.set_random_seed(0)  # a failure here must be one everywhere
        return models.create(arch, **options)

    return build


@pytest.fixture
def count():
    """Count the parameters in a list of weights."""
    return lambda weights: sum(int(np.prod(weight.shape)) for weight in weights)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium; without one on the machine the test is skipped."""
    import chromium

    path = chromium.find()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    opened = chromium.Browser(path, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()
