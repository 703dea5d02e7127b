"""Heads that predict one color for each pixel."""

import keras
from keras import ops

from keras_colorize import errors
from keras_colorize.color.lab import lab_to_rgb, rgb_to_lab
from keras_colorize.heads.base import Head, subsample

AB_SCALE = 110.0  # sRGB's a* and b* lie within ±108; 110 is the field's usual round figure
LOSSES = ("huber", "l2")
_DELTA = 0.1  # where Huber's loss becomes linear, in a head's own units: 10 or 11 of CIELAB


class _OneColor(Head):
    """A head that predicts one color for each pixel.

    Args:
        loss: `l2`, the papers'; or `huber`, squared for small errors and linear for large ones, so
            that a color which nobody could guess counts less.
    """

    _activation = "tanh"

    def __init__(self, loss: str = "l2"):
        if loss not in LOSSES:
            raise errors.unknown("loss", loss, LOSSES)
        self._loss = loss

    def loss(self, lab, color):
        """Return the error of each pixel, squared or Huber's, in the head's own units."""
        target = self.target(lab, color)
        if self._loss == "huber":  # P. J. Huber 1964; Keras has half the square
            return 2 * keras.losses.huber(target, color, _DELTA)
        return keras.losses.mean_squared_error(target, color)

    def target(self, lab, color):
        """Return what `color` should be, in the head's own units."""
        raise NotImplementedError

    def config(self) -> dict:
        return {"name": self.name, "loss": self._loss}


class Regression(_OneColor):
    """Two tanh channels, ab scaled to [-1, 1], and the L2 loss.

    [vgg-fusion] "minimize the L2 distance between the generated colours and the ground truth".
    Out-of-range ab cannot occur: tanh bounds it to ±110.
    """

    name = "regression"
    _channels = 2

    def target(self, lab, color):
        """Return ab scaled to [-1, 1], at the size of `color`."""
        return subsample(lab, color)[..., 1:] / AB_SCALE

    def decode(self, color, method=None, temperature=None, seed=0):
        """Turn the network's output `(B, H, W, 2)` into ab `(B, H, W, 2)` in CIELAB units."""
        return AB_SCALE * color


class Sigmoid(_OneColor):
    """Two sigmoid channels, ab normalized to [0, 1], and the L2 loss.

    [comparative] after Iizuka 2016, §3.4: "a sigmoid transfer function", ab "normalised ... to lie
    in the [0, 1] range". Chosen, since the range is not stated: ±100, as their code decodes it. Of
    a photograph's colors only the bluest lie beyond; they are cut off.
    """

    name = "sigmoid"
    _SCALE = 100.0
    _channels, _activation = 2, "sigmoid"

    def target(self, lab, color):
        """Return ab normalized to [0, 1], at the size of `color`."""
        return ops.clip(subsample(lab, color)[..., 1:] / self._SCALE, -1.0, 1.0) / 2 + 0.5

    def decode(self, color, method=None, temperature=None, seed=0):
        """Turn the network's output `(B, H, W, 2)` into ab `(B, H, W, 2)` in CIELAB units."""
        return self._SCALE * (2 * color - 1)


class Rgb(_OneColor):
    """Three tanh channels, sRGB scaled to [-1, 1], and the L2 loss.

    [enhancing] and [edge-saliency] predict the whole picture. What they say of lightness is
    discarded when it is decoded: the photograph's own is known.
    """

    name = "rgb"
    _channels = 3

    def target(self, lab, color):
        """Return sRGB scaled to [-1, 1], at the size of `color`."""
        return 2 * lab_to_rgb(subsample(lab, color)) - 1

    def decode(self, color, method=None, temperature=None, seed=0):
        """Turn the network's output `(B, H, W, 3)` into ab `(B, H, W, 2)` in CIELAB units."""
        return rgb_to_lab(ops.cast(color, "float32") / 2 + 0.5)[..., 1:]
