"""What training and an exported model do to decoded photographs inside a TensorFlow graph."""

import tensorflow as tf


def upright(picture, orientation):
    """Turn a picture as its EXIF orientation says (Exif 2.32, §4.6.4, tag 0x0112).

    Args:
        picture: `(H, W, C)`.
        orientation: int `()`, 1…8.

    Returns:
        `(H, W, C)`, or `(W, H, C)` for the orientations that lie on a side.
    """

    def when(orientations, turn, picture):
        asked = tf.reduce_any(tf.equal(orientation, tf.constant(orientations, orientation.dtype)))
        return tf.cond(asked, lambda: turn(picture), lambda: picture)

    picture = when([5, 6, 7, 8], lambda x: tf.transpose(x, (1, 0, 2)), picture)
    picture = when([2, 3, 6, 7], lambda x: tf.reverse(x, [1]), picture)
    return when([3, 4, 7, 8], lambda x: tf.reverse(x, [0]), picture)


def to_8bit(deep):
    """Round 16 bits to 8, as `photographs.read` does; TensorFlow's decoders would cut them off.

    Args:
        deep: uint16, of any shape.

    Returns:
        uint8 of the same shape.
    """
    return tf.cast(tf.round(tf.cast(deep, tf.float32) / 257.0), tf.uint8)
