"""[edge-saliency] I. Sarkar, S. Banerjee, S. Agarwal, "Image Colorization", 2022, baseline 1: the
main colorization network of Y. Zhao et al., "SCGAN", 2020."""

import keras
from keras import layers, ops

from keras_colorize.color.lab import lab_to_rgb
from keras_colorize.layers.blocks import leaky_relu
from keras_colorize.models.adversary import Adversary, critic

SIZE = 64
_WIDTHS = (64, 128, 256, 512, 512, 512, 512)  # of the seven downsampling layers


class Gray(keras.layers.Layer):
    """Turn L* into gray values: those of the 8-bit gray photograph with this L*, divided by 255.

    A gray photograph is recovered exactly, so the network sees what the paper's network saw,
    instead of L*.

    Args:
        lightness: L* `(B, H, W, 1)` in 0…100.

    Returns:
        float32 `(B, H, W, 1)` in 0…1, whole 255ths.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision has fewer than 256 levels

    def call(self, lightness):
        nothing = ops.zeros_like(lightness)
        rgb = lab_to_rgb(ops.concatenate([lightness, nothing, nothing], axis=-1))
        return ops.round(255.0 * rgb[..., 1:2]) / 255.0

    def compute_output_spec(self, lightness):
        return keras.KerasTensor(lightness.shape, "float32")


def down(x, number: int):
    """Apply downsampling layer 1…7; 64 pixels become 64, 32, 16, 8, 4, 2 and 1."""
    kernel, stride = (7, 1) if number == 1 else (3, 2)
    filters = _WIDTHS[number - 1]
    x = layers.Conv2D(filters, kernel, stride, padding="same", name=f"down{number}")(x)
    return leaky_relu(x)


def up(x, skips):
    """Apply upsampling layers 1…6, each joined by its skip; the seventh is the head's.

    Args:
        x: `(B, 1, 1, C)`, the output of the last downsampling layer.
        skips: The outputs of the first six downsampling layers.

    Returns:
        `(B, 64, 64, 128)`.
    """
    for i, skip in enumerate(reversed(skips), 1):
        x = layers.UpSampling2D(2, name=f"up{i}_nearest")(x)
        x = layers.Conv2D(_WIDTHS[6 - i], 3, padding="same", name=f"up{i}")(x)
        x = layers.Concatenate(name=f"up{i}_concat")([leaky_relu(x), skip])
    return x


def patch_discriminator(channels: int, strides: tuple[int, ...]) -> keras.Model:
    """Build a PatchGAN discriminator of six convolutions with sigmoid judgments.

    [edge-saliency] §4 and §5.1 state six convolutions, LeakyReLU, sigmoid and the size of the
    output. Chosen: the kernel sizes of SCGAN, and widths of 32 to 128. With SCGAN's own widths, 64
    to 512, a discriminator of 30 × 30 would cost twice as much as the network that it judges.

    Args:
        channels: Channels of the picture that is judged together with the gray one.
        strides: Strides of the first four convolutions.

    Returns:
        `[L*, color]` → `(B, h, w, 1)` in 0…1.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    color = keras.Input((None, None, channels), name="color")
    x = layers.Concatenate()([2.0 * Gray()(lightness) - 1.0, color])
    for i, (filters, stride) in enumerate(zip((32, 64, 128, 128), strides), 1):
        x = layers.Conv2D(filters, 3, stride, padding="same", name=f"conv{i}")(x)
        x = leaky_relu(x)
    x = layers.Conv2D(128, 4, name="conv5")(layers.ZeroPadding2D(1)(x))
    x = leaky_relu(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(1, 4, activation="sigmoid", dtype="float32", name="conv6")(x)
    return keras.Model([lightness, color], x, name="discriminator")


def discriminator(channels: int) -> keras.Model:
    """Build the discriminator: 64 → 32, 32, 32, 32, 31 and the stated 30 × 30."""
    return patch_discriminator(channels, strides=(2, 1, 1, 1))


ADVERSARY = Adversary(discriminator, critic, weight=0.05, l1=1.0, rate=1e-3 / 2e-4)


def scgan(head):
    """Predict the whole picture from gray with a U-Net that a discriminator judges.

    [edge-saliency] §5.1. Stated: seven downsampling and seven upsampling convolutions with skips,
    LeakyReLU, tanh; G = L1 − 0.05·mean D(fake), D = mean D(fake) − mean D(real); Adam, 2e-4 and
    1e-3. The initialization is "Xavier", which is stated for the paper's own network and is Keras's
    default. Chosen, where the paper does not say: 64 pixels, the size of tiny ImageNet; the widths
    and kernels of SCGAN's encoder and decoder, whose nearest-neighbor upsampling makes no
    checkerboards; no normalization, since none is mentioned and the innermost map is a single
    pixel; a slope of 0.2.

    Returns:
        A functional model: `{"lightness": L* (B, 64, 64, 1)}` → `{"color": (B, 64, 64, …)}`.
    """
    lightness = keras.Input((SIZE, SIZE, 1), name="lightness")
    x = 2.0 * Gray()(lightness) - 1.0

    # ---- seven down ----
    maps = []
    for i in range(1, 8):
        x = down(x, i)  # 64, 32, 16, 8, 4, 2; (1, 1, 512)
        maps.append(x)

    # ---- seven up, the last of which is the head's ----
    x = up(x, maps[:-1])  # 2, 4, 8, 16, 32; (64, 64, 128)
    color = head.output(x, 3, kernel_initializer="glorot_uniform")  # (64, 64, 3) for rgb
    return keras.Model({"lightness": lightness}, {"color": color}, name="scgan")
