"""Backbones trained on ImageNet, whose features networks tap."""

from keras_colorize.models.backbones.base import imagenet_bgr, imagenet_rgb, unlock
from keras_colorize.models.backbones.efficientnet_lite import (
    efficientnet_lite0,
    imagenet_lite,
)
from keras_colorize.models.backbones.resnet import resnet18, resnet50
from keras_colorize.models.backbones.vgg16 import vgg16

__all__ = [
    "efficientnet_lite0",
    "imagenet_bgr",
    "imagenet_lite",
    "imagenet_rgb",
    "resnet18",
    "resnet50",
    "unlock",
    "vgg16",
]
