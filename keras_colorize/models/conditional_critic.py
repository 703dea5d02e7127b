"""A discriminator that knows what it looks at, to finish a network that has been trained.

It judges color at strides 4 to 32, each cell's mean beside ImageNet features of the gray
photograph: whether a sky has a sky's color, and whether colors are as bold as in photographs. A
discriminator that sees the colored picture through such features is fooled by faint patterns.

References:
    [1] A. Sauer, K. Chitta, J. Müller, A. Geiger, "Projected GANs Converge Faster", NeurIPS 2021:
        small discriminators on a frozen network's features, one for each stride.
"""

import keras
from keras import layers, ops

from keras_colorize.layers.blocks import leaky_relu
from keras_colorize.models import backbones
from keras_colorize.models.adversary import Adversary, cross_entropy

_STRIDES = (4, 8, 16, 32)
_JUDGES_AT = 8  # the stride of the judgments
_WIDTH = 128
_AB = 25.0  # CIELAB units that count as one; about the deviation of ab in photographs


class _UnitVariance(keras.layers.Layer):
    """Scale the features of each pixel to a mean square of one."""

    def call(self, x):
        return x / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6)


def look() -> keras.Model:
    """Build what the discriminator sees through, which is not trained.

    Returns:
        A model: `[L* (B, H, W, 1), ab (B, H / 2, W / 2, 2)]` → maps at strides 4, 8, 16 and 32,
        mean color first, then features.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    ab = keras.Input((None, None, 2), name="ab")
    backbone = backbones.efficientnet_lite0("imagenet", trainable=False)
    _, *features = backbone(backbones.imagenet_lite(lightness))
    color, maps = ab / _AB, []
    for stride, found in zip(_STRIDES, features):
        color = layers.AveragePooling2D(2, name=f"stride{stride}_color")(color)
        found = _UnitVariance(name=f"stride{stride}_features")(found)
        maps.append(layers.Concatenate(name=f"stride{stride}")([color, found]))
    eye = keras.Model([lightness, ab], maps, name="eye")
    eye.trainable = False
    return eye


def discriminator(maps: list[tuple]) -> keras.Model:
    """Build the discriminator, one small network for each stride [1].

    Args:
        maps: The shapes of what `look` returns.

    Returns:
        A model: these maps → logits `(B, H / 8, W / 8, 4)`.
    """
    inputs = [keras.Input(shape[1:]) for shape in maps]
    judgments = []
    for stride, x in zip(_STRIDES, inputs):
        for number, kernel in enumerate((1, 3, 3), 1):
            name = f"stride{stride}_{number}"
            x = leaky_relu(layers.Conv2D(_WIDTH, kernel, padding="same", name=name)(x))
        x = layers.Conv2D(1, 1, name=f"stride{stride}_judge")(x)
        if stride < _JUDGES_AT:
            x = layers.AveragePooling2D(_JUDGES_AT // stride)(x)
        elif stride > _JUDGES_AT:
            x = layers.UpSampling2D(stride // _JUDGES_AT)(x)
        judgments.append(x)
    x = layers.Concatenate(dtype="float32", name="judgments")(judgments)
    return keras.Model(inputs, x, name="discriminator")


def adversary(weight: float) -> Adversary:
    """Return what finishes a network that has been trained.

    Args:
        weight: The weight of the generator's adversarial loss; that of L1 is one.
    """
    return Adversary(discriminator, cross_entropy, weight=weight, l1=1.0, look=look)
