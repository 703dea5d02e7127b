"""Optimizers, the course of their learning rates, and averages of the weights, on any backend."""

import contextlib
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from keras_colorize.training.recipe import Recipe

_MOMENTUM = 0.9  # for sgd, the usual value; no paper states one


def make(
    recipe: Recipe, lr: float, steps: int, backbone: Iterable[keras.Variable] = ()
) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer.

    Args:
        recipe: Names the optimizer, its constants and its schedule.
        lr: The highest learning rate.
        steps: How many steps the schedule covers.
        backbone: Variables that learn at the recipe's `encoder_lr`, where it has one.
    """
    optimizer = _make(recipe, learning_rate(lr, recipe.schedule, steps))
    if recipe.encoder_lr:
        _slow_down(optimizer, recipe.encoder_lr / recipe.lr, backbone)
    return optimizer


def _make(recipe, rate):
    more = {"weight_decay": recipe.weight_decay or None}
    if recipe.ema:
        more |= {"use_ema": True, "ema_momentum": recipe.ema}
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, _MOMENTUM, nesterov=True, **more)
    if recipe.optimizer == "adadelta":
        return keras.optimizers.Adadelta(rate, **more)
    return keras.optimizers.Adam(rate, recipe.beta_1, recipe.beta_2, **more)


def _slow_down(optimizer, share, variables):
    """Let these variables learn at a share of the optimizer's rate, whatever that is at a step."""
    # The update may be given a copy of a variable, one for each device; Keras knows which is which.
    slow, update = {optimizer._var_key(variable) for variable in variables}, optimizer.update_step

    def update_step(gradient, variable, learning_rate):
        rate = learning_rate * share if optimizer._var_key(variable) in slow else learning_rate
        update(gradient, variable, rate)

    optimizer.update_step = update_step


def use_average(trainer) -> None:
    """Replace a trainer's weights by their moving averages, if it keeps any.

    Args:
        trainer: A model with its `optimizer`; or anything else with an `optimizer` and the
            `network` whose weights it averages, as a GAN's trainer has them.
    """
    trainer.optimizer.finalize_variable_values(_averaged(trainer))


@contextlib.contextmanager
def averaged(trainer) -> Iterator[None]:
    """Do what `use_average` does, for the time of a block."""
    held = [np.array(weight) for weight in _averaged(trainer)]
    use_average(trainer)
    try:
        yield
    finally:
        for weight, value in zip(_averaged(trainer), held, strict=True):
            weight.assign(value)


def _averaged(trainer):
    optimizer = getattr(trainer.optimizer, "inner_optimizer", trainer.optimizer)
    # In a GAN only the generator is averaged.
    return getattr(trainer, "network", trainer).trainable_variables if optimizer.use_ema else []


def learning_rate(
    lr: float, schedule: str, steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the course of a learning rate.

    Args:
        lr: Its highest value.
        schedule: `constant`; `step`, a tenth in the second half; or `cosine`, down to 0 after a
            warm-up over the first twentieth.
        steps: How many steps it covers.
    """
    if schedule == "cosine":
        warmup = max(1, steps // 20)
        return keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - warmup), warmup_target=lr, warmup_steps=warmup
        )
    # A schedule even for a constant: a number would become a variable, and a checkpoint would bring
    # the old one back to a run that goes on with another rate.
    later = lr if schedule == "constant" else lr / 10
    return keras.optimizers.schedules.PiecewiseConstantDecay([max(1, steps // 2)], [lr, later])
