"""examples/train_on_jax.py, in a process where TensorFlow cannot be imported."""

import json
import os
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import h5py
import numpy as np
import pytest
import stand_in
from PIL import Image

import keras_colorize
from keras_colorize import models

EXAMPLES = Path(__file__).parents[2] / "examples"

PROGRAM = """
    import contextlib, io, json, sys
    sys.modules["tensorflow"] = None  # any import of it fails
    import jax, keras, numpy as np
    import stand_in, train_on_jax

    # ---- windows: of a slope, so that a crop tells its window and its place ----
    slope = np.zeros((200, 64, 64, 3), "uint8")
    slope[..., 0], slope[..., 1] = np.arange(64), np.arange(64)[:, None]
    crops = 255 * np.array(train_on_jax.windows(slope, jax.random.key(0), 16, 0.5))
    mirrored = crops[:, 8, 8, 0] > crops[:, 8, 9, 0]
    assert 70 <= mirrored.sum() <= 130
    crops[mirrored] = crops[mirrored][:, :, ::-1]
    inner = crops[:, 2:-2, 2:-2]
    wide, high = inner[:, :, -1, 0] - inner[:, :, 0, 0], inner[:, -1, :, 1] - inner[:, 0, :, 1]
    windows = wide.mean(axis=1) * 16 / 11
    np.testing.assert_allclose(high.mean(axis=1) * 16 / 11, windows, atol=0.4)
    assert 31.5 <= windows.min() < 34 and 54 < windows.max() <= 56.5
    for middle in inner[:, 5:7, 5:7, :2].mean(axis=(1, 2)).T:  # the window never leaves the picture
        room = (64 - windows) / 2 + 0.4
        assert (np.abs(middle - 31.5) <= room).all() and np.abs(middle - 31.5).max() > 10

    # ---- what is refused: exit codes, and what is said ----
    for argv in ([], ["--arch", "unet_vae"]):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            try:
                code = train_on_jax.main(["none*.tar", *argv])
            except SystemExit as stopped:
                code = stopped.code
        print("Refused", json.dumps([code, said.getvalue()]))

    # ---- a run, and the same in two parts ----
    stand_in.register()
    train_on_jax.CHUNK = 2
    argv = ["photos.tar", "--val", "photos.tar", "--arch", "stand_in", "--size", "16"]
    argv += ["--batch-size", "4", "--steps", "6"]
    train_on_jax.main([*argv, "-o", "whole"])
    train_on_jax.main([*argv, "-o", "parts", "--seconds", "0"])
    train_on_jax.main([*argv, "-o", "parts"])
"""


def weights(folder):
    values = []
    with h5py.File(folder / "model" / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: values.append(item[()]) if hasattr(item, "dtype") else None
        )
    return values


@pytest.fixture(scope="module")
def folder(tmp_path_factory, picture):
    """Where `PROGRAM` has worked; `said.txt` is what it said."""
    folder = tmp_path_factory.mktemp("jax")
    with tarfile.open(folder / "photos.tar", "w") as shard:
        for seed in range(7):
            Image.fromarray(picture(30, 40, seed)).save(folder / f"{seed}.png")
            shard.add(folder / f"{seed}.png", f"{seed}.png")
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # they take longer than what they save
        "PYTHONPATH": os.pathsep.join([str(EXAMPLES), *sys.path]),
        # What the first run has compiled, the others take.
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (folder / "said.txt").write_text(done.stdout)
    return folder


def lines(folder, word):
    return [
        line for line in (folder / "said.txt").read_text().splitlines() if line.startswith(word)
    ]


def test_train_on_jax_stops_goes_on_and_leaves_a_colorizer(folder, monkeypatch):
    assert lines(folder, "From") == ["From step 0 to 6.", "From step 0 to 6.", "From step 2 to 6."]
    whole, parts = weights(folder / "whole"), weights(folder / "parts")
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    monkeypatch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
    stand_in.register()
    colorizer = keras_colorize.load(folder / "whole" / "model")
    assert len(colorizer.trained_on) == 7
    assert np.ptp(colorizer.predict_ab(np.full((1, 16, 16, 1), 50, "float32"))) > 0


def test_train_on_jax_refuses_what_it_cannot_train_on(folder):
    nothing, size = (json.loads(line.removeprefix("Refused")) for line in lines(folder, "Refused"))
    # A text is what `sys.exit` says on standard error, with the exit code 1.
    assert nothing == ["There are no photographs in 'none*.tar'.", ""]
    code, said = size  # before it reads
    assert code == 2 and len(said.splitlines()) == 1
    assert "error: `size` must be 150 for unet_vae. Received: size=64." in said
