"""A trained network and everything needed to use it on a photograph."""

from keras_colorize.colorizer.contract import Colorizer
from keras_colorize.colorizer.decoding import Decoding
from keras_colorize.colorizer.pretrained import PRETRAINED, list_pretrained, load, locate

__all__ = ["PRETRAINED", "Colorizer", "Decoding", "list_pretrained", "load", "locate"]
