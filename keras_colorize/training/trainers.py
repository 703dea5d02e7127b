"""Ways of training: each is a compiled Keras model around a Colorizer's network."""

import keras

from keras_colorize.colorizer import Colorizer


def make(colorizer: Colorizer, optimizer: keras.optimizers.Optimizer) -> keras.Model:
    """Return the model whose `train_step` trains a Colorizer's network.

    It is built around the same layers, so that the network stays what is shipped, without optimizer
    or loss.
    """
    network = colorizer.network
    trainer = keras.Model(network.input, network.output)
    trainer.compile(optimizer, loss={"color": colorizer.head.loss})
    return trainer
