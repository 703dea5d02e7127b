"""Whether a photograph can be trained on."""

import numpy as np
import tensorflow as tf

from keras_colorize.data.photographs import BadPhotograph, File

MIN_SIDE = 32  # pixels; less than this is an icon
MIN_CHROMA = 8  # 8-bit steps between a pixel's largest and smallest channel; JPEG noise is below
_FORMATS = {"JPEG", "MPO", "PNG", "GIF", "BMP", "WEBP"}  # what TensorFlow decodes


def check(encoded: bytes) -> int:
    """Check a photograph with the decoder that training uses.

    Args:
        encoded: The bytes of the file.

    Returns:
        Its EXIF orientation, 1…8.

    Raises:
        BadPhotograph: It cannot be used; the message says why.
    """
    file = File(encoded)
    if file.format not in _FORMATS:
        raise BadPhotograph(f"{file.format} cannot be trained on; convert it to PNG or JPEG")
    width, height = file.size
    if min(file.size) < MIN_SIDE:
        raise BadPhotograph(f"{width}×{height} is under {MIN_SIDE} pixels")
    if not _has_color(_decode(encoded)):
        raise BadPhotograph("no color to learn from")
    return file.orientation


def _decode(encoded: bytes) -> np.ndarray:
    try:
        return tf.io.decode_image(encoded, channels=3, expand_animations=False).numpy()
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        # TensorFlow wraps the decoder's words: "{{function_node …}} WORDS [Op:…]".
        reason = str(error.message).split("[Op:")[0].split("{{node")[0].split("}} ")[-1]
        reason = reason.strip().splitlines()[-1]
        raise BadPhotograph(f"truncated or damaged ({reason})") from None


def _has_color(rgb: np.ndarray) -> bool:
    # Zhang 2016 gives no gradient to photographs without any |ab| > 5; a few stray pixels of JPEG
    # noise do not count as color.
    some = rgb[::4, ::4].astype("int16")
    chroma = some.max(axis=-1) - some.min(axis=-1)
    return bool(np.mean(chroma > MIN_CHROMA) > 0.001)
