"""The phases of a run: training, and fine-tuning if the recipe asks for it.

[unet-resnet] §3: "first, we froze the ResNet50 layers and only trained the upsampling layers and
the final layers. Then we unfroze the ResNet50 layers and performed a finetuning".
"""

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from keras_colorize.colorizer import Colorizer
from keras_colorize.models import backbones
from keras_colorize.training import distribution, loop, precision, trainers
from keras_colorize.training.checkpoints import Checkpoints, Progress
from keras_colorize.training.recipe import Recipe


def fit(
    recipe: Recipe,
    colorizer: Colorizer,
    strategy: tf.distribute.Strategy,
    batches: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset | None,
    steps: int,
    folder: Path,
    callbacks: list[keras.callbacks.Callback],
) -> Progress:
    """Train a Colorizer to the end, from its last checkpoint in either phase.

    Fine-tuning unlocks the backbone, except for its batch normalization, whose statistics over
    ImageNet are better than those of small batches. It has a new optimizer at a lower rate.

    Args:
        recipe: Epochs and rates of the phases, and the optimizer.
        colorizer: What is trained, built in the strategy's scope.
        strategy: A strategy of tf.distribute.
        batches: As for `loop.fit`.
        validation: As for `loop.fit`.
        steps: The number of steps in an epoch.
        folder: The folder for checkpoints; those of fine-tuning are in `finetune` in it.
        callbacks: As for `loop.fit`.

    Returns:
        The finished run's progress.
    """
    with strategy.scope(), precision.policy(recipe.precision):
        trainer = trainers.make(recipe, colorizer)

    def phase(folder, epochs, last, lr, progress):
        with strategy.scope():
            trainers.prepare(trainer, colorizer, recipe, lr, epochs * steps)
            checkpoints = Checkpoints(folder, loop.state_of(trainer))
        checkpoints.begin(progress)
        return loop.fit(trainer, strategy, batches, validation, last, steps, checkpoints, callbacks)

    finetune = folder / "finetune"
    progress = Progress()
    trained = any(finetune.glob("step-*")) if distribution.is_chief(strategy) else None
    if not distribution.from_chief(strategy, trained):
        progress = phase(folder, recipe.epochs, recipe.epochs, recipe.lr, progress)
    if recipe.finetune_epochs:
        backbones.unlock(colorizer.network)
        epochs = recipe.finetune_epochs
        lr = recipe.finetune_lr or recipe.lr / 10
        progress = phase(finetune, epochs, recipe.epochs + epochs, lr, progress)
    return progress
