"""[comparative], third network: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image
Translation with Conditional Adversarial Networks", CVPR 2017."""

import keras
from keras import layers

from keras_colorize.layers.blocks import leaky_relu
from keras_colorize.models.adversary import Adversary, cross_entropy

_DOWN = (64, 128, 256, 512, 512, 512, 512, 512)
_MOMENTUM = 0.9  # of batch normalization, as in the authors' PyTorch code


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _norm(x, name):
    return layers.BatchNormalization(momentum=_MOMENTUM, epsilon=1e-5, name=name)(x)


class _CutTo(keras.layers.Layer):
    """Crop a map to the size of its skip; with odd sizes it is a pixel larger."""

    def call(self, x, skip):
        shape = keras.ops.shape(skip)
        return x[:, : shape[1], : shape[2]]

    def compute_output_spec(self, x, skip):
        return keras.KerasTensor((*skip.shape[:3], x.shape[3]), x.dtype)


def discriminator(channels: int) -> keras.Model:
    """Build the 70 × 70 PatchGAN: 256 → 128, 64, 32, 31 and 30 × 30 logits.

    Isola 2017, §6.1.2: C64-C128-C256-C512 on input and output, without batch normalization on the
    first, LeakyReLU 0.2, then one channel. Each judgment depends on 70 × 70 pixels.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    color = keras.Input((None, None, channels), name="color")
    x = layers.Concatenate()([lightness / 50.0 - 1.0, color])
    for i, (filters, stride) in enumerate([(64, 2), (128, 2), (256, 2), (512, 1)], 1):
        options = {"use_bias": i == 1, "kernel_initializer": _normal(), "name": f"conv{i}"}
        x = layers.Conv2D(filters, 4, stride, **options)(layers.ZeroPadding2D(1)(x))
        x = leaky_relu(x if i == 1 else _norm(x, f"bn{i}"))
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(1, 4, kernel_initializer=_normal(), dtype="float32", name="conv5")(x)
    return keras.Model([lightness, color], x, name="discriminator")


ADVERSARY = Adversary(discriminator, cross_entropy, weight=1.0, l1=100.0)


def pix2pix(head):
    """Translate L* to ab with a U-Net that a PatchGAN judges.

    Isola 2017, §6.1.1: C64-C128-C256-C512-C512-C512-C512-C512 down, CD512-CD512-CD512-C512-C256-
    C128-C64 up with skips, 4×4 convolutions of stride 2, N(0, 0.02), tanh; cross-entropy
    + 100·L1, Adam 2e-4, β₁ 0.5. As in the authors' code, the innermost layer, which is a single
    pixel at 256, has no batch normalization.

    Chosen: in inference there is no dropout, and batch normalization uses its moving statistics, so
    that a photograph has one coloring; the authors keep dropout and batch statistics. Sizes that
    are not multiples of 256 are accepted, and an odd map is cropped to its skip. Below 128 pixels
    the innermost maps are single pixels, which batch normalization normalizes over the batch only.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 8 →
        `{"color": (B, H, W, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = lightness / 50.0 - 1.0

    # ---- down ----
    maps = []
    for i, filters in enumerate(_DOWN, 1):
        bare = i in (1, len(_DOWN))  # a bias instead of batch normalization
        options = {"use_bias": bare, "kernel_initializer": _normal(), "name": f"down{i}"}
        x = layers.Conv2D(filters, 4, 2, padding="same", **options)(x)
        x = leaky_relu(x if bare else _norm(x, f"down{i}_bn"))
        maps.append(x)  # at 256: 128, 64, 32, 16, 8, 4, 2; (1, 1, 512)

    # ---- up ----
    for i, filters in enumerate(_DOWN[-2::-1], 1):
        skip = maps[-1 - i]
        options = {"use_bias": False, "kernel_initializer": _normal(), "name": f"up{i}"}
        x = layers.Conv2DTranspose(filters, 4, 2, padding="same", **options)(x)
        x = _CutTo(name=f"up{i}_cut")(x, skip)  # 2, 4, 8, 16, 32, 64; (128, 128, 64)
        x = _norm(x, f"up{i}_bn")
        if i <= 3:
            x = layers.Dropout(0.5, name=f"up{i}_dropout")(x)
        x = layers.ReLU(name=f"up{i}_relu")(x)
        x = layers.Concatenate(name=f"up{i}_concat")([x, skip])
    color = head.output(x, 4, 2, _normal())  # (256, 256, 2) for regression
    return keras.Model({"lightness": lightness}, {"color": color}, name="pix2pix")
