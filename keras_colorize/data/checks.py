"""Whether a photograph can be trained on."""

import numpy as np
import tensorflow as tf

from keras_colorize.color import pixels
from keras_colorize.data.photographs import BadPhotograph, File, resized

MIN_SIDE = 32  # pixels; less than this is an icon
MIN_CHROMA = 8  # 8-bit steps between a pixel's largest and smallest channel; JPEG noise is below
# Sepia, measured on 27,668 photographs and on toned ones (docs/train.md): an even color between red
# and yellow, as faint as toning is, that lightness alone explains.
_SEPIA_HUES = 20, 110  # degrees in the plane of a* and b*
_SEPIA_CHROMA = 4, 30  # of the mean color
_SEPIA_SPREAD = 2.0  # of ab about its mean at the same L*
_SEPIA_SIDE = 32  # pixels, short side at which it is measured: the noise of JPEG is gone
_SEPIA_LEVELS = 24  # of L*, with equally many pixels
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
    if file.format in ("JPEG", "MPO") and (doubt := file.read().doubt):
        raise BadPhotograph(doubt)  # of damage, TensorFlow writes to standard error, if at all
    rgb = _decode(encoded)
    if not _has_color(rgb):
        raise BadPhotograph("no color to learn from")
    if _is_sepia(rgb):
        raise BadPhotograph("sepia or of one tint: no color to learn from")
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


def _is_sepia(rgb: np.ndarray) -> bool:
    """Tell whether a photograph has one warm tint, which depends on its lightness alone."""
    whole = pixels.to_lab(resized(rgb, _SEPIA_SIDE / min(rgb.shape[:2]))).reshape(-1, 3)
    a, b = whole[:, 1:].mean(axis=0)
    hue, chroma = np.degrees(np.arctan2(b, a)), np.hypot(a, b)
    if not (_SEPIA_HUES[0] < hue < _SEPIA_HUES[1] and _SEPIA_CHROMA[0] < chroma < _SEPIA_CHROMA[1]):
        return False
    by_lightness = whole[np.argsort(whole[:, 0]), 1:]
    alike = by_lightness[: len(whole) // _SEPIA_LEVELS * _SEPIA_LEVELS]
    alike = alike.reshape(_SEPIA_LEVELS, -1, 2)
    apart = alike - alike.mean(axis=1, keepdims=True)
    return bool(np.mean(apart**2) * 2 < _SEPIA_SPREAD**2)
