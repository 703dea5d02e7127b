"""Heads: how a network says colour, and how that is turned back into ab.

A head owns the output layer, the loss with its target encoding, and the decoding. Networks know
nothing of ab; the rest of the package knows nothing of tanh or classes.
"""

import keras
from keras import ops

from keras_colorize import errors

AB_SCALE = 110.0  # sRGB's a* and b* lie within ±108; 110 is the usual round figure (Zhang 2016)


class Regression:
    """Two tanh channels, ab scaled to [-1, 1], and the L2 loss.

    [vgg-fusion] "minimize the L2 distance between the generated colours and the ground truth".
    Out-of-range ab cannot occur: tanh bounds it to ±110.
    """

    name = "regression"

    def output(self, features, kernel_size: int):
        """Apply the output layer.

        Args:
            features: `(B, H, W, C)`, the network's last feature map.
            kernel_size: Size of the output convolution, as the paper has it.

        Returns:
            `(B, H, W, 2)` in [-1, 1].
        """
        # float32 whatever the policy: half precision has too few steps for smooth skies.
        conv = keras.layers.Conv2D(
            2, kernel_size, padding="same", activation="tanh", dtype="float32", name="color"
        )
        return conv(features)

    def loss(self, lab, color):
        """Return the squared error of scaled ab for each pixel; Keras takes the mean.

        Args:
            lab: float32 `(B, H, W, 3)`, the photograph in CIELAB.
            color: `(B, H, W, 2)`, the network's output.

        Returns:
            `(B, H, W)`.
        """
        return ops.mean(ops.square(lab[..., 1:] / AB_SCALE - color), axis=-1)

    def decode(self, color):
        """Turn the network's output `(B, H, W, 2)` into ab `(B, H, W, 2)` in CIELAB units."""
        return AB_SCALE * color

    def config(self) -> dict:
        """Return what `heads.create` needs to build this head again, as JSON types."""
        return {"name": self.name}


_HEADS = {Regression.name: Regression}


def list_heads() -> list[str]:
    """Return the names that `create` takes."""
    return sorted(_HEADS)


def create(name: str, **constants) -> Regression:
    """Build a head by name; `constants` are those of its `config()`."""
    if name not in _HEADS:
        raise errors.unknown("head", name, _HEADS)
    return _HEADS[name](**constants)
