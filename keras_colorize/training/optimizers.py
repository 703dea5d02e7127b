"""Optimizers, the course of their learning rates, and averages of the weights."""

import contextlib
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from keras_colorize.training import precision
from keras_colorize.training.recipe import Recipe

_MOMENTUM = 0.9  # of sgd: the usual value, no source states one


def make(
    recipe: Recipe, lr: float, steps: int, backbone: Iterable[keras.Variable] = ()
) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer; in float16, one that scales the loss.

    Args:
        recipe: Names the optimizer, its constants and its schedule.
        lr: The highest learning rate.
        steps: For which the schedule is laid out.
        backbone: What learns at the recipe's `encoder_lr`, where it has one.
    """
    optimizer = _make(recipe, learning_rate(lr, recipe.schedule, steps))
    if recipe.encoder_lr:
        _slow_down(optimizer, recipe.encoder_lr / recipe.lr, backbone)
    return precision.LossScaleOptimizer(optimizer) if recipe.precision == "float16" else optimizer


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
    """Let these variables learn at a share of the optimizer's rate, whatever that is by then."""
    # A backend gives the optimizer its own variables, or each device's; Keras knows which is which.
    slow, update = {optimizer._var_key(variable) for variable in variables}, optimizer.update_step

    def update_step(gradient, variable, learning_rate):
        rate = learning_rate * share if optimizer._var_key(variable) in slow else learning_rate
        update(gradient, variable, rate)

    optimizer.update_step = update_step


def use_average(trainer: keras.Model) -> None:
    """Put the moving averages of a trainer's weights, if it keeps any, in the weights' place."""
    trainer.optimizer.finalize_variable_values(_averaged(trainer))


@contextlib.contextmanager
def averaged(trainer: keras.Model) -> Iterator[None]:
    """Do in this block what `use_average` does."""
    held = [np.array(weight) for weight in _averaged(trainer)]
    use_average(trainer)
    try:
        yield
    finally:
        for weight, value in zip(_averaged(trainer), held, strict=True):
            weight.assign(value)


def _averaged(trainer):
    optimizer = getattr(trainer.optimizer, "inner_optimizer", trainer.optimizer)
    # Of a GAN the generator alone is averaged.
    return getattr(trainer, "network", trainer).trainable_variables if optimizer.use_ema else []


def learning_rate(lr: float, schedule: str, steps: int):
    """Return a constant; a tenth in the second half; or a warm-up and a cosine."""
    if schedule == "cosine":
        warmup = max(1, steps // 20)
        return keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - warmup), warmup_target=lr, warmup_steps=warmup
        )
    # A schedule even for a constant: a number would become a variable, and a checkpoint would bring
    # the old one back to a run that goes on with another rate.
    later = lr if schedule == "constant" else lr / 10
    return keras.optimizers.schedules.PiecewiseConstantDecay([max(1, steps // 2)], [lr, later])
