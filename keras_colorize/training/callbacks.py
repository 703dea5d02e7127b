"""Callbacks of a run: progress, pictures, history, and the stop on NaN."""

import math
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_colorize import files, plots
from keras_colorize.color import pixels
from keras_colorize.colorizer import Colorizer
from keras_colorize.data import photographs
from keras_colorize.errors import RunError

_SECONDS_A_LINE = 60


class StopOnNaN(keras.callbacks.Callback):
    """Stop at the step whose loss is not finite, and name it."""

    def on_train_batch_end(self, batch, logs=None):
        for name, value in logs.items():
            if not math.isfinite(value):
                raise RunError(
                    f"`{name}` is {value} at step {batch + 1} (epoch "
                    f"{batch // self.params['steps'] + 1}). Lower --lr; the run goes on from its "
                    "last checkpoint."
                )


class ProgressBar(keras.callbacks.Callback):
    """Show the step, the loss and the time left: a bar, or without a terminal a line a minute."""

    def on_train_begin(self, logs=None):
        self._first = self.params["progress"].step
        self._began = self._told = time.monotonic()
        self._bar = tqdm(
            total=self.params["epochs"] * self.params["steps"],
            initial=self._first,
            unit="step",
            desc="train",
            dynamic_ncols=True,
            mininterval=0.2,
            disable=None,
        )

    def on_train_batch_end(self, batch, logs=None):
        epochs, steps = self.params["epochs"], self.params["steps"]
        state = f"epoch {batch // steps + 1}/{epochs}, loss {logs['loss']:.4f}"
        self._bar.set_postfix_str(state, refresh=False)
        self._bar.update()
        now, done, total = time.monotonic(), batch + 1, epochs * steps
        if self._bar.disable and now - self._told > _SECONDS_A_LINE:
            self._told = now
            seconds = (now - self._began) / (done - self._first) * (total - done)
            left = tqdm.format_interval(seconds)
            print(f"step {done:,} of {total:,}, {state}, {left} left", file=sys.stderr, flush=True)

    def on_train_end(self, logs=None):
        self._bar.close()


class History(keras.callbacks.Callback):
    """Write `history.csv`, `curves.png` and TensorBoard's scalars after each epoch."""

    def __init__(self, folder: Path, writer: tf.summary.SummaryWriter):
        super().__init__()
        self._folder = folder
        self._writer = writer

    def on_epoch_end(self, epoch, logs=None):
        history = self.params["progress"].history
        files.write_csv(self._folder / "history.csv", history[-1].keys(), history)
        photographs.write(self._folder / "curves.png", plots.curves(history))
        with self._writer.as_default(step=history[-1]["step"]):
            for name, value in logs.items():
                tf.summary.scalar(name, value)
            tf.summary.scalar("learning_rate", float(self.model.optimizer.learning_rate))


class Pictures(keras.callbacks.Callback):
    """Draw grey, prediction and truth of a few photographs after each epoch.

    Args:
        folder: Gets `epoch-001.png` and so on.
        writer: Gets the same grids for TensorBoard.
        colorizer: The Colorizer that is trained.
        shown: Photographs, uint8 `(S, S, 3)`, of one size.
    """

    def __init__(
        self,
        folder: Path,
        writer: tf.summary.SummaryWriter,
        colorizer: Colorizer,
        shown: list[np.ndarray],
    ):
        super().__init__()
        self._folder = folder
        self._writer = writer
        self._colorizer = colorizer
        self._truth = np.stack(shown)
        self._grey = pixels.to_grey(self._truth)

    def on_epoch_end(self, epoch, logs=None):
        made = self._colorizer.colorize_batch(self._truth)
        grid = plots.grid({"grey": self._grey, self._colorizer.arch: made, "truth": self._truth})
        self._folder.mkdir(exist_ok=True)
        photographs.write(self._folder / f"epoch-{epoch + 1:03d}.png", grid)
        with self._writer.as_default(step=self.params["progress"].step):
            tf.summary.image("photographs", grid[None])
