"""[unet-resnet] A. Ardenghi, R. C. Giampetrucci, R. Minardi, "Image Colorization Project", 2024."""

import keras
from keras import layers

from keras_colorize.layers.blocks import MOMENTUM
from keras_colorize.models import backbones


def resnet50_unet(head, backbone_weights: str = "imagenet", trainable_backbone: bool = False):
    """Decode ResNet50's features with pix2pix upsample blocks and skips.

    [unet-resnet] §3: ResNet50 on L repeated to three channels, and a learned decoder of *pix2pix*
    layers. Chosen, since the paper lists no layers: skips at strides 2, 4, 8 and 16, and the blocks
    of TensorFlow's segmentation tutorial (3×3 transposed convolution without bias, batch
    normalization, ReLU; 512, 256, 128, 64). Unlocked, it has 37,620,866 trainable and 55,040
    non-trainable parameters with two channels, or 37,898,739 trainable ones with 243 classes.

    Args:
        head: The head, which owns the output layer.
        backbone_weights: `"imagenet"`, `"none"` or a file; see `backbones.resnet50`.
        trainable_backbone: Whether ResNet50 is trained too, as in the paper's fine-tuning.

    Returns:
        A functional model: `{"lightness": L* (B, H, W, 1)}`, H and W multiples of 32 →
        `{"color": (B, H, W, …)}`.
    """
    lightness = keras.Input((None, None, 1), name="lightness")

    # ---- encoder ----
    taps = ["conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out"]
    taps.append("conv5_block3_out")
    backbone = backbones.resnet50(taps, backbone_weights, trainable_backbone)
    *skips, x = backbone(backbones.imagenet_bgr(lightness))  # 112, 56, 28, 14; (7, 7, 2048)

    # ---- decoder ----
    for i, filters in enumerate([512, 256, 128, 64], 1):
        x = layers.Conv2DTranspose(
            filters,
            3,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name=f"up{i}_conv",
        )(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"up{i}_bn")(x)
        x = layers.ReLU(name=f"up{i}_relu")(x)
        x = layers.Concatenate(name=f"up{i}_concat")([x, skips.pop()])  # 14, 28, 56, 112
    color = head.output(x, kernel_size=3, strides=2)  # (224, 224, 2) for regression
    return keras.Model({"lightness": lightness}, {"color": color}, name="resnet50_unet")
