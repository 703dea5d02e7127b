"""Photographs as old film, paper and scanners would have left them.

Old photographs are none that a network trained on today's has seen: film that was blind to red and
burnt by blue skies, faded blacks, yellowed whites, grain, soft lenses, scans saved as JPEG. Here
lightness alone is degraded; the colors to be found stay as they are.
"""

import cv2
import numpy as np
import tensorflow as tf

from keras_colorize.color import lab

_BLOCK = 8  # pixels, of JPEG
# What the eye, and panchromatic film, make of linear red, green and blue (IEC 61966-2-1); and what
# orthochromatic film does, all but blind to red. Chosen: films differ, so shares are drawn.
_EYE, _ORTHOCHROMATIC = (0.2127, 0.7152, 0.0722), (0.05, 0.40, 0.55)


def draw(size: int, share: float, key) -> dict[str, tf.Tensor]:
    """Draw what happens to one photograph.

    Args:
        size: Its side, pixels.
        share: The share of photographs to which anything happens.
        key: int64 `(2,)`: nothing but it decides.

    Returns:
        The arguments of `age`, of one photograph.
    """
    whether, how, where = tf.unstack(tf.random.experimental.stateless_split(key, 3))
    return {
        "aged": tf.random.stateless_uniform((), seed=whether) < share,
        "amounts": tf.random.stateless_uniform((9,), seed=how),
        "grain": tf.random.stateless_normal((size, size, 1), seed=where),
    }


@tf.function(jit_compile=True)
def age(rgb, lightness, aged, amounts, grain):
    """Degrade the lightness of a batch.

    In the order of its making: the film's sensitivity to colors, the lens, exposure and fading,
    grain, and for half of them JPEG.

    Args:
        rgb: uint8 `(B, H, W, 3)`, sRGB.
        lightness: L* `(B, H, W, 1)` in 0…100.
        aged: bool `(B,)`: which.
        amounts: `(B, 9)` in 0…1: how much of each.
        grain: `(B, H, W, 1)`, of a normal distribution.

    Returns:
        L* float32 `(B, H, W, 1)` in 0…100; as given where not `aged`.
    """
    blind, soft, gamma, black, white, coarse, rough, blocky, quality = (
        amount[:, None, None, None] for amount in tf.unstack(amounts, axis=1)
    )
    blind = tf.nn.relu(2 * blind - 1)  # half of the films see as the eye does
    sensitivity = [eye + blind * (film - eye) for eye, film in zip(_EYE, _ORTHOCHROMATIC)]
    planes = (plane[..., None] for plane in lab.linear_light(rgb))
    x = lab.lightness_of(sum(weight * plane for weight, plane in zip(sensitivity, planes))) / 100

    x += (1.4 * soft - 0.4) * (_blur(x) - x)  # from somewhat sharpened to quite blurred
    x = tf.clip_by_value(x, 0.0, 1.0) ** tf.exp(gamma - 0.5)
    black, white = 0.3 * black - 0.1, 0.8 + 0.3 * white
    x = black + (white - black) * x
    grain += coarse * 2 * (_blur(grain) - grain / 2)
    x = tf.clip_by_value(x + 0.06 * rough**2 * grain, 0.0, 1.0)
    x = tf.where(blocky < 0.5, _jpeg(x, 0.3 + 1.5 * quality**2), x)
    return tf.where(aged[:, None, None, None], 100 * x, lightness)


def _blur(x):
    """Average each pixel with its neighbors, 1 : 2 : 1 in rows and columns."""
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    x = (x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]) / 4
    return (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4


# JPEG's table for lightness (ITU-T T.81, table K.1), and the cosines of its transform (A.3.3).
_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    "float32",
)
_COSINES = cv2.dct(np.eye(_BLOCK), flags=cv2.DCT_ROWS).T.astype("float32")


def _jpeg(x, coarseness):
    """Round the cosines of each block of 8² as JPEG does.

    Args:
        x: `(B, H, W, 1)` in 0…1.
        coarseness: `(B, 1, 1, 1)`, times table K.1: 1 is quality 50.
    """
    height, width = x.shape[1:3]
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    rest = [[0, 0], [0, _BLOCK * rows - height], [0, _BLOCK * columns - width], [0, 0]]
    whole = tf.pad(x, rest, "SYMMETRIC")
    blocks = 255 * tf.reshape(whole, (-1, rows, _BLOCK, columns, _BLOCK)) - 128
    cosines = tf.einsum("brycx,vy,ux->brcvu", blocks, _COSINES, _COSINES)
    steps = _TABLE * coarseness[..., None]
    rounded = tf.round(cosines / steps) * steps
    blocks = tf.einsum("brcvu,vy,ux->brycx", rounded, _COSINES, _COSINES)
    whole = tf.reshape(blocks, tf.shape(whole))[:, :height, :width]
    return tf.clip_by_value((whole + 128) / 255, 0.0, 1.0)
