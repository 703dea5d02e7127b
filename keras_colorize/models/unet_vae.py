"""[enhancing] "Enhancing Image Colorization Architectures", slides, "UNet-VAE Hybrid"."""

import keras
from keras import layers, ops

from keras_colorize import errors
from keras_colorize.layers.blocks import Resize

_KERNELS = {3: (4, 6), 4: (3, 3)}  # levels → kernel sizes of encoders and decoders
_WIDTH = 64
_RELU = {"activation": "relu", "kernel_initializer": "he_normal"}


class Sample(keras.layers.Layer):
    """Sample from N(mean, exp(log variance)) in training; return the mean in inference.

    Kingma and Welling 2014, §2.4: the reparameterization trick. The seed is a variable, so that a
    resumed run draws what an uninterrupted run would have drawn.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self._seed = keras.random.SeedGenerator()

    def call(self, mean, log_variance, training=False):
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self._seed)
        return mean + ops.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, mean_shape, log_variance_shape):
        return mean_shape


def unet_vae(head, levels: int = 3):
    """Predict the whole picture with a U-Net whose bottom is a variational autoencoder.

    [enhancing], "UNet-VAE Hybrid Architecture": the slides list the shapes of the stages for three
    levels, and mention a variant with four. They say that the decoders have K=6 and S=1, but only
    transposed convolutions with K=6 and S=2 give the listed shapes ((17 − 1)·2 + 6 = 38, then 80
    and 164), so these are built here. The listed widths of the decoders' inputs are 128, 128 and
    64. They imply a skip from the last encoder to the first decoder, one from the encoder before to
    the second decoder, and none to the third. The second skip is resized from 36 to 38 pixels, the
    "interpolation in skip connections". Four levels follow the same pattern (K=3, S=2 in both
    halves; 74, 36, 17, 8 and back 17, 35, 71, 143).

    Chosen, since the slides do not say: ReLU with He's initialization; 1×1 convolutions for the
    mean and the log variance, the latter starting at zero, a variance of one; a last 1×1
    convolution, resized bilinearly to 150.

    The skip from the last encoder bypasses the VAE at the same size, so the decoder can ignore the
    sample. The divergence in a run's history shows how much it uses the sample.

    Args:
        head: The head, which owns the output layer.
        levels: 3 or 4.

    Returns:
        A functional model: `{"lightness": L* (B, 150, 150, 1)}` →
        `{"color": (B, 150, 150, …), "z_mean": …, "z_log_var": …}`, the latter two
        `(B, 17, 17, 64)`, or `(B, 8, 8, 64)` with four levels.

    Raises:
        UsageError: Another number of levels.
    """
    if levels not in _KERNELS:
        raise errors.unknown("levels", levels, _KERNELS)
    down, up = _KERNELS[levels]
    lightness = keras.Input((150, 150, 1), name="lightness")
    x = (lightness - 50.0) / 50.0

    # ---- encoders ----
    skips = []
    for i in range(1, levels + 1):
        x = layers.Conv2D(_WIDTH, down, 2, name=f"encoder{i}", **_RELU)(x)  # 74, 36, 17
        skips.append(x)

    # ---- VAE ----
    mean = layers.Conv2D(_WIDTH, 1, dtype="float32", name="z_mean")(x)  # (17, 17, 64)
    log_variance = layers.Conv2D(
        _WIDTH, 1, kernel_initializer="zeros", dtype="float32", name="z_log_var"
    )(x)
    x = Sample(name="z")(mean, log_variance)

    # ---- decoders ----
    for i in range(1, levels + 1):
        if i < levels:
            skip = Resize(*x.shape[1:3], name=f"skip{i}")(skips.pop())
            x = layers.Concatenate(name=f"concat{i}")([x, skip])  # (17, 17, 128), (38, 38, 128)
        x = layers.Conv2DTranspose(_WIDTH, up, 2, name=f"decoder{i}", **_RELU)(x)  # 38, 80, 164

    # ---- final ----
    color = head.output(x, kernel_size=1)  # (164, 164, 3) for rgb
    color = Resize(150, 150, dtype="float32", name="final")(color)
    outputs = {"color": color, "z_mean": mean, "z_log_var": log_variance}
    return keras.Model({"lightness": lightness}, outputs, name="unet_vae")
