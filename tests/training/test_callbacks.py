import csv
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_colorize import errors
from keras_colorize.training import callbacks
from keras_colorize.training.checkpoints import Progress


@pytest.fixture
def writer(tmp_path):
    return tf.summary.create_file_writer(str(tmp_path / "tensorboard"))


def test_stop_on_nan_names_the_step_and_the_epoch():
    stop = callbacks.StopOnNaN()
    stop.set_params({"steps": 3})
    stop.on_train_batch_end(6, {"loss": 0.5})
    with pytest.raises(errors.RunError, match=r"`kl_loss` is nan at step 8 \(epoch 3\)"):
        stop.on_train_batch_end(7, {"loss": 0.5, "kl_loss": float("nan")})


def test_progress_without_a_terminal_is_a_line_a_minute(monkeypatch, capsys):
    clock = iter([0.0, 30.0, 61.0, 90.0, 122.0])
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(clock))
    bar = callbacks.ProgressBar()
    bar.set_params({"epochs": 2, "steps": 500, "progress": Progress(step=100)})
    bar.on_train_begin()
    for step in range(100, 104):
        bar.on_train_batch_end(step, {"loss": 0.5})
    bar.on_train_end()
    # By hand: 61 seconds for 2 steps and 898 to go; 122 seconds for 4, and 896.
    assert capsys.readouterr().err == (
        "step 102 of 1,000, epoch 1/2, loss 0.5000, 7:36:29 left\n"
        "step 104 of 1,000, epoch 1/2, loss 0.5000, 7:35:28 left\n"
    )


def test_history_writes_all_epochs(tmp_path, writer):
    history = callbacks.History(tmp_path, writer)
    rows = [{"epoch": n, "step": 4 * n, "loss": 1 / n, "val_loss": 2 / n} for n in (1, 2)]
    history.set_params({"progress": Progress(step=8, history=rows)})
    history.set_model(types.SimpleNamespace(optimizer=keras.optimizers.SGD(0.1)))
    history.on_epoch_end(1, {"loss": 0.5})
    with open(tmp_path / "history.csv") as file:
        read = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert read == rows
    with Image.open(tmp_path / "curves.png") as curves:
        assert min(curves.size) > 200


def test_pictures_draw_what_the_model_makes_of_the_truth(tmp_path, writer, picture):
    truth = [picture(32, 32, seed) for seed in range(3)]
    given = []

    def paint(photographs):
        given.append(photographs)
        return np.full_like(photographs, (200, 0, 0))

    red = types.SimpleNamespace(arch="red", colorize_batch=paint)
    drawn = callbacks.Pictures(tmp_path / "samples", writer, red, truth)
    drawn.set_params({"progress": Progress(step=8)})
    drawn.on_epoch_end(1)
    np.testing.assert_array_equal(given, [truth])
    with Image.open(tmp_path / "samples" / "epoch-002.png") as grid:
        pixels = np.asarray(grid.convert("RGB"))
    assert (pixels == (200, 0, 0)).all(-1).sum() > 3 * 32 * 32
