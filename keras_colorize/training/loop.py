"""The one training loop.

Keras's `fit` cannot resume inside an epoch, and in Keras 3 it cannot train on several machines
(keras issue 20585). This loop runs the public `train_step` of any compiled Keras model under any
tf.distribute strategy, and drives ordinary Keras callbacks. A GAN is a model with a `train_step` of
its own.
"""

import contextlib
import signal
import threading
import time
import types
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.training import distribution, optimizers
from keras_colorize.training.checkpoints import Checkpoints, Progress

_CHECKPOINT_SECONDS = 60.0


def state_of(trainer: keras.Model) -> list:
    """Return every variable that training `trainer` changes."""
    used = getattr(trainer, "optimizers", [trainer.optimizer])  # a GAN has two, already built
    if len(used) == 1:
        trainer.optimizer.build(trainer.trainable_variables)
    return [*trainer.variables, *(v for optimizer in used for v in optimizer.variables)]


def fit(
    trainer: keras.Model,
    strategy: tf.distribute.Strategy,
    batches: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset | None,
    epochs: int,
    steps_per_epoch: int,
    checkpoints: Checkpoints,
    callbacks: list[keras.callbacks.Callback],
) -> Progress:
    """Train from the last checkpoint, if there is one, to the end.

    Args:
        trainer: A compiled model; the logs of its `train_step` are averaged over each epoch.
        strategy: The strategy in whose scope the trainer was built.
        batches: A function from a step to endless batches from that step on; where there are
            several workers, to this one's part of each batch.
        validation: One pass over the validation photographs, for `test_step`.
        epochs: The number of epochs in all.
        steps_per_epoch: The number of steps in an epoch.
        checkpoints: Checkpoints of the trainer's state, written every minute and after each epoch.
        callbacks: Their steps and epochs count from 0 over the whole run. Each worker has its own.

    Returns:
        The finished run's progress, history included.

    Raises:
        RunError: A checkpoint cannot be read or written, or a callback stopped the run.
        Interrupted: Ctrl-C or SIGTERM; a checkpoint holds every step done.
    """
    distribution.synchronize_batch_norm(strategy, trainer)
    progress = checkpoints.restore()
    total = epochs * steps_per_epoch
    train_step = _over_replicas(strategy, trainer.train_step)
    test_step = _over_replicas(strategy, trainer.test_step)
    handlers = keras.callbacks.CallbackList(callbacks, model=trainer)
    handlers.set_params({"epochs": epochs, "steps": steps_per_epoch, "progress": progress})
    handlers.on_train_begin()
    with _stop_signals() as stop:
        began, saved = time.monotonic() - progress.seconds, time.monotonic()
        iterator = (
            _start(trainer, strategy, batches, progress.step) if progress.step < total else ()
        )
        while progress.step < total:
            epoch, within = divmod(progress.step, steps_per_epoch)
            if within == 0:
                progress.sums = {}
                handlers.on_epoch_begin(epoch)
            trainer.reset_metrics()  # so that the logs are those of this step alone
            logs = {name: float(value) for name, value in train_step(next(iterator)).items()}
            for name, value in logs.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + value
            handlers.on_train_batch_end(progress.step, logs)
            progress.step += 1
            ended = progress.step % steps_per_epoch == 0
            if ended:
                logs = {name: value / steps_per_epoch for name, value in progress.sums.items()}
                with optimizers.averaged(trainer):
                    if validation is not None:
                        logs |= _validate(trainer, test_step, validation)
                    progress.seconds = time.monotonic() - began
                    row = {"epoch": epoch + 1, "step": progress.step}
                    row |= {"seconds": round(progress.seconds, 1), **logs}
                    progress.history.append(row)
                    handlers.on_epoch_end(epoch, logs)
            progress.seconds = time.monotonic() - began
            # A signal to one worker stops all of them, at the same step.
            stopped = distribution.any_worker(strategy, stop.signal is not None)
            if ended or stopped or time.monotonic() - saved > _CHECKPOINT_SECONDS:
                checkpoints.save(progress)
                saved = time.monotonic()
            if stopped and progress.step < total:
                raise errors.Interrupted(stop.signal or signal.SIGTERM)
    handlers.on_train_end()
    optimizers.use_average(trainer)
    return progress


def _start(trainer, strategy, batches, step):
    """Return the distributed batches from a step on."""
    iterator = iter(distribution.distribute(strategy, batches(step)))
    if strategy.num_replicas_in_sync == 1:
        return iterator
    # Keras makes some metrics at their first use, and cannot do so while it traces a function for
    # several devices.
    strategy.run(trainer.test_step, args=(next(iterator),))
    return iter(distribution.distribute(strategy, batches(step)))


def _over_replicas(strategy, step):
    """Return a function that takes a step on all replicas and returns the mean of their logs."""

    @tf.function
    def run(batch):
        logs = strategy.run(step, args=(batch,))
        return {k: strategy.reduce("MEAN", v, axis=None) for k, v in logs.items()}

    return run


def _validate(trainer, test_step, validation) -> dict[str, float]:
    # The last batch may not divide among the devices, so one device takes every batch whole.
    trainer.reset_metrics()
    logs = {}
    for batch in validation:
        logs = test_step(batch)  # a running mean over photographs
    return {f"val_{name}": float(value) for name, value in logs.items()}


@contextlib.contextmanager
def _stop_signals() -> Iterator[types.SimpleNamespace]:
    """Note the first Ctrl-C or SIGTERM, so that the step can end; a second one acts at once."""
    stop = types.SimpleNamespace(signal=None)
    before = {}

    def handle(number, frame):
        stop.signal = number
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
