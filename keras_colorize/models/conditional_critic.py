import keras
from keras import layers, ops

from keras_colorize.layers.blocks import leaky_relu
from keras_colorize.models import backbones
from keras_colorize.models.adversary import Adversary, cross_entropy

_STRIDES = (4, 8, 16, 32)
_AB = 25.0
_WIDTH = 64


class _UnitLength(keras.layers.Layer):
    def call(self, x):
        scale = float(x.shape[-1]) ** 0.5
        return scale * x / ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-6)


def look(size=None) -> keras.Model:
    """`[L*, ab]`→ maps of semantics and pooled color at strides 4…32."""
    lightness = keras.Input((None, None, 1), name="lightness")
    ab = keras.Input((None, None, 2), name="ab")
    backbone = backbones.efficientnet_lite0("imagenet", trainable=False)
    _, *maps = backbone(backbones.imagenet_lite(lightness))
    seen = []
    x = ab / _AB  # at stride 2
    for stride, features in zip(_STRIDES, maps):
        x = layers.AveragePooling2D(2)(x)
        seen.append(layers.Concatenate()([x, _UnitLength()(features)]))
    eye = keras.Model([lightness, ab], seen, name="eye")
    eye.trainable = False
    return eye


def discriminator(maps) -> keras.Model:
    inputs = [keras.Input(shape[1:]) for shape in maps]
    judgments = []
    for stride, x in zip(_STRIDES, inputs):
        for number, size in ((1, 1), (2, 3), (3, 3)):
            x = leaky_relu(
                layers.Conv2D(_WIDTH, size, padding="same", name=f"s{stride}_{number}")(x)
            )
        x = layers.Conv2D(1, 1, name=f"s{stride}_judge")(x)
        if stride < 8:
            x = layers.AveragePooling2D(8 // stride)(x)
        elif stride > 8:
            x = layers.UpSampling2D(stride // 8)(x)
        judgments.append(x)
    x = layers.Concatenate(dtype="float32", name="judgments")(judgments)
    return keras.Model(inputs, x, name="discriminator")


def adversary(features, adversarial):
    return Adversary(discriminator, cross_entropy, weight=adversarial, l1=1.0, look=look)
