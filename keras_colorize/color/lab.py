"""sRGB ↔ CIELAB under D65, in `keras.ops`: for every backend, eager, compiled or inside tf.data.

White point and matrix are those of scikit-image (D65, 2° observer), so that figures agree with the
field's usual tool. Colours are worked on as separate planes, because a compiler that fuses stacked
channels computes each root once per channel that reads it.

References:
    [1] IEC 61966-2-1:1999, sRGB.
    [2] CIE 15:2004, Colorimetry, §8.2.1 (CIELAB).
"""

import cv2
import numpy as np
from keras import backend, ops

_XYZ_FROM_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
# The division by the white point is folded into the matrix: linear RGB ↔ X/Xn, Y/Yn, Z/Zn.
_XYZ_FROM_LINEAR = _XYZ_FROM_RGB / _WHITE[:, None]
_LINEAR_FROM_XYZ = np.linalg.inv(_XYZ_FROM_LINEAR)

_LEVELS = np.arange(256) / 255.0
# 8-bit sRGB to linear light: 256 exact values instead of a power for each pixel.
LINEAR_OF_8BIT = np.where(
    _LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92
).astype("float32")

# f(X/Xn), f(Y/Yn), f(Z/Zn), 1 → L*, a*, b* [2]
_LAB_FROM_F = np.array(
    [[0, 116, 0, -16], [500, -500, 0, 0], [0, 200, -200, 0]],
    "float32",
)
_KNEE = 0.008856  # where CIELAB's f() turns from a line into a cube root [2]
_MARGIN = 3e-5  # linear light: a tenth of an 8-bit step at the dark end, where steps are smallest
_TINY = 1e-9  # keeps a logarithm off zero in the branch that `where` discards


def _power(x, exponent):
    # exp(log) takes half the time of `power` on a CPU and is as exact as float32 needs.
    return ops.exp(exponent * ops.log(ops.maximum(x, _TINY)))


def _cube_root(x):
    # x^(1/3) = s · s^(1/3) with s = x^(1/4). A parabola gives s^(1/3) to 0.7 % for s in 0.3…1, and
    # one Halley step cubes that error: float32's last digits, for the price of two square roots.
    s = ops.sqrt(ops.sqrt(ops.maximum(x, _TINY)))
    y = s * (0.46228582 + s * (0.78385409 - s * 0.24925222))
    cube = y * y * y
    return y * (cube + 2.0 * x) / (2.0 * cube + x)


def _planes(x):
    return x[..., 0], x[..., 1], x[..., 2]


def _multiply(matrix, planes):
    p, q, r = planes
    return [float(m[0]) * p + float(m[1]) * q + float(m[2]) * r for m in matrix]


def rgb_to_lab(rgb):
    """Convert sRGB to CIELAB.

    Args:
        rgb: `(..., 3)`, sRGB in 0…1; or uint8 in 0…255, as scikit-image has it.

    Returns:
        float32 `(..., 3)`: L* in 0…100, a* and b* in CIELAB units (sRGB spans −86…98 and −108…95).
    """
    if backend.standardize_dtype(getattr(rgb, "dtype", "float32")) == "uint8":
        linear = [ops.take(LINEAR_OF_8BIT, ops.cast(c, "int32")) for c in _planes(rgb)]
    else:
        linear = [
            ops.where(c > 0.04045, _power((c + 0.055) / 1.055, 2.4), c / 12.92)
            for c in _planes(ops.cast(rgb, "float32"))
        ]
    fx, fy, fz = (
        ops.where(t > _KNEE, _cube_root(t), 7.787 * t + 16.0 / 116.0)
        for t in _multiply(_XYZ_FROM_LINEAR, linear)
    )
    return ops.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], axis=-1)


def lightness_of(luminance):
    """Convert Y/Yn in 0…1 to L* in 0…100 [2]."""
    f = ops.where(luminance > _KNEE, _cube_root(luminance), 7.787 * luminance + 16.0 / 116.0)
    return 116.0 * f - 16.0


def of_8bit(rgb: np.ndarray) -> np.ndarray:
    """Convert an 8-bit picture outside any graph: `rgb_to_lab` in NumPy and OpenCV.

    Args:
        rgb: uint8 `(H, W, 3)`, sRGB.

    Returns:
        float32 `(H, W, 3)`: L*, a*, b*.
    """
    xyz = cv2.transform(cv2.LUT(rgb, LINEAR_OF_8BIT), _XYZ_FROM_LINEAR.astype("float32"))
    f = np.where(xyz > _KNEE, np.cbrt(xyz), 7.787 * xyz + np.float32(16.0 / 116.0))
    return cv2.transform(f, _LAB_FROM_F)


def _linear_rgb(lightness, a, b):
    fy = (lightness + 16.0) / 116.0
    fx = fy + a / 500.0
    # A strongly blue pixel can ask for negative Z; scikit-image clips it, and so do we.
    fz = ops.maximum(fy - b / 200.0, 0.0)
    xyz = [ops.where(f > 0.2068966, f * f * f, (f - 16.0 / 116.0) / 7.787) for f in (fx, fy, fz)]
    return _multiply(_LINEAR_FROM_XYZ, xyz)


def lab_to_rgb(lab):
    """Convert CIELAB to sRGB, clipping what sRGB cannot show.

    Args:
        lab: `(..., 3)`, L* in 0…100, a* and b* in CIELAB units.

    Returns:
        float32 `(..., 3)`, sRGB in 0…1.
    """
    rgb = [
        ops.where(c > 0.0031308, 1.055 * _power(c, 1.0 / 2.4) - 0.055, 12.92 * c)
        for c in _linear_rgb(*_planes(ops.cast(lab, "float32")))
    ]
    return ops.clip(ops.stack(rgb, axis=-1), 0.0, 1.0)


def _excess(lab):
    """Return how far outside sRGB a colour lies, in linear light; negative inside."""
    planes = _linear_rgb(*_planes(lab))
    red, green, blue = (ops.maximum(-plane, plane - 1.0) for plane in planes)
    return ops.maximum(ops.maximum(red, green), blue) - _MARGIN


def fit_gamut(lab, steps: int = 6):
    """Reduce chroma, at constant L* and hue, where sRGB cannot show a colour.

    Clipping RGB changes lightness (a yellow predicted on white turns darker). A colorizer must keep
    the photograph's own lightness, so the chroma gives way instead. The largest chroma that fits is
    found by bisection, and within the last interval by a straight line: so the answer does not jump
    where two processors round differently. Colours inside the gamut come back unchanged.

    Args:
        lab: `(..., 3)`, L* in 0…100, a* and b* in CIELAB units.
        steps: Bisection steps; the chroma found is well within 2^−steps of the largest that fits.

    Returns:
        float32 `(..., 3)`.
    """
    lab = ops.cast(lab, "float32")
    lightness, a, b = _planes(lab)

    def scaled(scale):
        return ops.stack([lightness, scale * a, scale * b], axis=-1)

    outside = _excess(lab)
    low, high = ops.zeros_like(lightness), ops.ones_like(lightness)
    below, above = _excess(scaled(low)), outside
    for _ in range(steps):
        middle = (low + high) / 2
        excess = _excess(scaled(middle))
        fits = excess <= 0
        low, below = ops.where(fits, middle, low), ops.where(fits, excess, below)
        high, above = ops.where(fits, high, middle), ops.where(fits, above, excess)
    fraction = ops.clip(below / ops.minimum(below - above, -_TINY), 0.0, 1.0)
    return scaled(ops.where(outside <= 0, 1.0, low + fraction * (high - low)))
