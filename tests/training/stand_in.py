"""A network of a few hundred weights, so that a worker costs little more than its imports; and the
same against a discriminator.

`TRAIN` is a program for `processes`: `train` with this network among the others, and with a strike
at KILL_AT, if it is set: the step at which the process is killed as `kill -9` does it.
"""

import dataclasses
import os
import signal
import sys

import keras

from keras_colorize import models
from keras_colorize.models.adversary import Adversary, cross_entropy


def stand_in(head):
    lightness = keras.Input((None, None, 1), name="lightness")
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(lightness / 100.0)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model({"lightness": lightness}, {"color": head.output(x, kernel_size=3)})


def discriminator(channels):
    pair = [keras.Input((None, None, 1)), keras.Input((None, None, channels))]
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(keras.layers.Concatenate()(pair))
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(pair, keras.layers.Conv2D(1, 3)(x))


def stand_in_gan(head):
    return stand_in(head)


ADVERSARY = Adversary(discriminator, cross_entropy, weight=1.0, l1=1.0)


def register():
    """Make both known by their names."""
    plain = models.Architecture("stand_in", size=16, stride=1, module="stand_in")
    gan = dataclasses.replace(plain, name="stand_in_gan", is_gan=True)
    models.ARCHITECTURES.update({plain.name: plain, gan.name: gan})


class Strike(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == int(os.environ["KILL_AT"]):
            os.kill(os.getpid(), signal.SIGKILL)


def main():
    from keras_colorize import train
    from keras_colorize.training import callbacks

    register()
    if "KILL_AT" in os.environ:
        callbacks.StopOnNaN = Strike
    sys.exit(train.main(sys.argv[1:]))


TRAIN = "import stand_in; stand_in.main()"
TWO_DEVICES = """
import tensorflow as tf
cpus = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpus[0], two)
"""
