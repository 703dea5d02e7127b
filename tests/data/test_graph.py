import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_colorize.data.graph import to_8bit, upright


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_upright_turns_as_pillow_does(picture, dtype):
    turn = tf.function(upright, [tf.TensorSpec((None, None, 3)), tf.TensorSpec((), dtype)])
    for orientation in range(1, 9):
        image = Image.fromarray(picture(3, 5))
        image.getexif()[0x0112] = orientation
        expected = np.asarray(ImageOps.exif_transpose(image))
        turned = turn(picture(3, 5).astype("float32"), tf.constant(orientation, dtype))
        np.testing.assert_array_equal(turned, expected)


def test_16_bits_are_rounded_to_8():
    # 128 = 0.498 of a step, 129 = 0.502.
    assert to_8bit(tf.constant([0, 128, 129, 65535], tf.uint16)).numpy().tolist() == [0, 0, 1, 255]
