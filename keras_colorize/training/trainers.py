"""Ways of training: each is a Keras model around a Colorizer's network."""

import dataclasses

import keras
from keras import ops

from keras_colorize.colorizer import Colorizer
from keras_colorize.models import conditional_critic
from keras_colorize.training import optimizers, precision
from keras_colorize.training.gan import GanTrainer
from keras_colorize.training.recipe import Recipe

_ALPHA = 1 / 300  # Iizuka 2016, equation 4: the share of the classification loss


class Divergence(keras.losses.Loss):
    """The Kullback-Leibler divergence of a diagonal normal distribution from N(0, 1).

    Kingma and Welling 2014, appendix B. It is the mean over the latent values, as a color loss is
    the mean over the picture's, so that the balance of the two depends on neither's size.
    """

    def call(self, mean, log_variance):
        terms = ops.square(mean) + ops.exp(log_variance) - log_variance - 1.0
        return ops.mean(terms, axis=(1, 2, 3)) / 2


class Variational(keras.Model):
    """A network whose latent distribution, `z_mean` and `z_log_var`, is pulled toward N(0, 1).

    Kingma and Welling 2014, equation 10: β times the divergence is added to the loss; the logs call
    it `kl_loss`.

    Args:
        inputs: The network's.
        outputs: The network's.
        kl: β.
    """

    def __init__(self, inputs, outputs, kl: float):
        super().__init__(inputs, outputs)
        self._beta = kl
        self._divergence = Divergence()  # Keras scales it for several devices
        self._log = keras.metrics.Mean(name="kl_loss")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        color = super().compute_loss(x, y, y_pred, sample_weight, training)
        latent = y_pred["z_mean"], y_pred["z_log_var"]
        self._log.update_state(self._divergence.call(*latent))
        return color + self._beta * self._divergence(*latent)


def make(recipe: Recipe, colorizer: Colorizer) -> keras.Model:
    """Return the model whose `train_step` trains a Colorizer's network.

    It shares the network's layers, so that the network itself stays without optimizer, loss or
    discriminator, as it is shipped. What it learns beside color follows from the network's outputs.
    """
    network, adversary = colorizer.network, colorizer.adversary
    if recipe.adversarial:
        adversary = conditional_critic.adversary(recipe.adversarial)
    if adversary:
        return GanTrainer(network, colorizer.head, adversary)
    if "z_mean" in network.output:
        return Variational(network.input, network.output, recipe.kl)
    return keras.Model(network.input, network.output)


def prepare(
    trainer: keras.Model, colorizer: Colorizer, recipe: Recipe, lr: float, steps: int
) -> None:
    """Compile a trainer for one phase.

    Args:
        trainer: What `make` returned.
        colorizer: The Colorizer whose network it trains.
        recipe: Names the optimizer.
        lr: The phase's learning rate; a discriminator's keeps its proportion to it.
        steps: How many steps the phase has.
    """
    backbone = []
    if recipe.encoder_lr:
        backbone = colorizer.network.get_layer("backbone").trainable_variables

    def optimizer(recipe, lr, backbone=()):
        return precision.scaled(optimizers.make(recipe, lr, steps, backbone), recipe.precision)

    if isinstance(trainer, GanTrainer):
        rate = recipe.discriminator_lr / recipe.lr or trainer.adversary.rate
        plain = dataclasses.replace(recipe, ema=0.0, encoder_lr=0.0)
        trainer.compile(optimizer(recipe, lr, backbone), optimizer(plain, rate * lr))
        return
    losses, shares, metrics = {"color": colorizer.head.loss}, {"color": 1.0}, None
    if "class_logits" in colorizer.network.output:
        losses["class_logits"] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        shares["class_logits"] = _ALPHA
        metrics = {"class_logits": ["accuracy"]}
    trainer.compile(optimizer(recipe, lr, backbone), losses, loss_weights=shares, metrics=metrics)
