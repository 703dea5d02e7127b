"""Backbones trained on ImageNet, whose features networks tap."""

from keras_colorize.models.backbones.base import imagenet_bgr as imagenet_bgr
from keras_colorize.models.backbones.base import imagenet_rgb as imagenet_rgb
from keras_colorize.models.backbones.base import unlock as unlock
from keras_colorize.models.backbones.efficientnet_lite import (
    efficientnet_lite0 as efficientnet_lite0,
)
from keras_colorize.models.backbones.efficientnet_lite import imagenet_lite as imagenet_lite
from keras_colorize.models.backbones.resnet import resnet18 as resnet18
from keras_colorize.models.backbones.resnet import resnet50 as resnet50
from keras_colorize.models.backbones.vgg16 import vgg16 as vgg16
