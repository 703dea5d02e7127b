"""sRGB ↔ CIELAB under D65, for NumPy arrays and for the tensors of every Keras backend.

The functions compute with NumPy if they get an array, and with `keras.ops` if they get a tensor:
eager, compiled, or inside tf.data. White point and matrix are those of scikit-image (D65, 2°
observer), so that numbers agree with the field's usual tool. Channels are computed as planes: in
NumPy as one array `(3, …)`, in Keras as a list of three tensors. Stacked tensors would be slower: a
compiler fuses them, and then computes each root three times.

References:
    [1] IEC 61966-2-1:1999, sRGB.
    [2] CIE 15:2004, Colorimetry, §8.2.1 (CIELAB).
"""

import numpy as np

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
_F_FROM_LAB = np.array([[1 / 116, 1 / 500, 0], [1 / 116, 0, 0], [1 / 116, 0, -1 / 200]])
_BLACK = 16 / 116  # CIELAB's f(0) [2], which the matrix lacks
LUMINANCE = _XYZ_FROM_LINEAR[1:2]  # Y/Yn of red, green and blue


def _linear_light(levels: int) -> np.ndarray:
    values = np.arange(levels) / (levels - 1.0)
    curve = ((values + 0.055) / 1.055) ** 2.4
    return np.where(values > 0.04045, curve, values / 12.92).astype("float32")


# sRGB of 8 or 16 bits → linear light [1]: exact values instead of a power for each pixel.
LINEAR = {"uint8": _linear_light(2**8), "uint16": _linear_light(2**16)}
_KNEE = 0.008856  # where CIELAB's f() turns from a line into a cube root [2]
_MARGIN = 3e-5  # linear light: a tenth of an 8-bit step at the dark end, where steps are smallest
_BISECTIONS = 6  # of chroma, whose relative error is then well below 2⁻⁶
_OF_NUMPY = np.ndarray, np.generic, int, float
_TINY = 1e-9  # keeps a logarithm off zero in the branch that `where` discards


def namespace(*values):
    """Return the module whose functions take these: NumPy for arrays and numbers, `keras.ops`."""
    for value in values:
        if not isinstance(value, _OF_NUMPY):
            from keras import ops  # a program that has arrays alone must not wait for Keras

            return ops
    return np


def _power(x, exponent):
    # exp(log) takes half the time of `power` on a CPU and is exact enough for float32.
    xp = namespace(x)
    return xp.exp(exponent * xp.log(xp.maximum(x, _TINY)))


def _cube_root(x):
    xp = namespace(x)
    if xp is np:
        return np.cbrt(x)
    # x^(1/3) = s · s^(1/3) with s = x^(1/4). A parabola gives s^(1/3) to 0.7 % for s in 0.3…1, and
    # one Halley step cubes that error, to the last digits of float32. It costs two square roots.
    s = xp.sqrt(xp.sqrt(xp.maximum(x, _TINY)))
    y = s * (0.46228582 + s * (0.78385409 - s * 0.24925222))
    cube = y * y * y
    return y * (cube + 2.0 * x) / (2.0 * cube + x)


def _f(t):
    """CIELAB's f() [2]: a cube root above the knee, a line below."""
    return namespace(t).where(t > _KNEE, _cube_root(t), 7.787 * t + 16.0 / 116.0)


def _cube(f):
    """Undo `_f`, given without f(0): a cube, and below the knee the line that touches it there."""
    # In-place operators save NumPy half of the time; to tensors they are the usual ones.
    above = namespace(f).maximum(f, 0.2068966 - _BLACK)
    f -= above
    f *= 1 / 7.787
    above += _BLACK
    cube = above * above
    cube *= above
    cube += f
    return cube


def float32(x):
    """Return numbers or a tensor as float32."""
    xp = namespace(x)
    return np.asarray(x, "float32") if xp is np else xp.cast(x, "float32")


def linear_light(rgb):
    """Return red, green and blue as linear light [1]: three planes, `rgb` as for `rgb_to_lab`."""
    xp = namespace(rgb)
    kind = str(rgb.dtype) if xp is np else xp.dtype(rgb)
    if kind in LINEAR:
        levels = rgb if xp is np else xp.cast(rgb, "int32")
        return _each(lambda plane: xp.take(LINEAR[kind], plane), _planes(levels))

    def undo_gamma(c):
        return xp.where(c > 0.04045, _power((c + 0.055) / 1.055, 2.4), c / 12.92)

    return _each(undo_gamma, _planes(float32(rgb)))


def _planes(x):
    return np.moveaxis(x, -1, 0) if namespace(x) is np else [x[..., 0], x[..., 1], x[..., 2]]


def _gathered(planes: list):
    return np.stack(planes) if namespace(*planes) is np else planes


def _each(function, planes):
    """Apply a function to three planes."""
    return function(planes) if isinstance(planes, np.ndarray) else [function(p) for p in planes]


def _multiply(matrix, planes):
    if isinstance(planes, np.ndarray):
        flat = planes.reshape(3, -1)
        return (matrix.astype(planes.dtype) @ flat).reshape(-1, *planes.shape[1:])
    return [sum(float(m) * p for m, p in zip(row, planes) if m) for row in matrix]


def rgb_to_lab(rgb):
    """Convert sRGB to CIELAB.

    Args:
        rgb: `(..., 3)`, sRGB in 0…1; or uint8 in 0…255; or uint16 in 0…65535.

    Returns:
        float32 `(..., 3)`: L* in 0…100, a* and b* in CIELAB units (sRGB spans −86…98 and −108…95).

    Example:
        >>> rgb_to_lab(np.array([[255, 0, 0]], "uint8")).round(1)
        array([[53.2, 80.1, 67.2]], dtype=float32)
    """
    fx, fy, fz = _each(_f, _multiply(_XYZ_FROM_LINEAR, linear_light(rgb)))
    stack = namespace(fy).stack
    return stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], axis=-1)


def rgb_to_lightness(rgb):
    """Convert sRGB to L* alone, for a third of the work.

    Args:
        rgb: `(..., 3)`, as for `rgb_to_lab`.

    Returns:
        float32 `(..., 1)`: L* in 0…100.
    """
    (luminance,) = _multiply(LUMINANCE, linear_light(rgb))
    # LiteRT has no new axis after an ellipsis.
    return namespace(luminance).expand_dims(lightness_of(luminance), -1)


def lightness_of(luminance):
    """Convert Y/Yn in 0…1 to L* in 0…100 [2]."""
    return 116.0 * _f(luminance) - 16.0


def linear_rgb(planes):
    """Convert CIELAB to linear light: planes L*, a*, b* → planes red, green, blue."""
    f = _multiply(_F_FROM_LAB, planes)
    # A strongly blue pixel can ask for negative Z; scikit-image clips it, and so do we.
    f[2] = namespace(f[2]).maximum(f[2], -_BLACK)
    return _multiply(_LINEAR_FROM_XYZ, _each(_cube, f))


def lab_to_rgb(lab):
    """Convert CIELAB to sRGB, clipping what sRGB cannot show.

    Args:
        lab: `(..., 3)`, L* in 0…100, a* and b* in CIELAB units.

    Returns:
        float32 `(..., 3)`, sRGB in 0…1.
    """
    return encode(linear_rgb(_planes(float32(lab))))


def encode(linear):
    """Turn planes of linear light into sRGB [1], `(..., 3)`, clipping what it cannot show."""
    xp = namespace(*linear)
    rgb = [xp.where(c > 0.0031308, 1.055 * _power(c, 1.0 / 2.4) - 0.055, 12.92 * c) for c in linear]
    return xp.clip(xp.stack(rgb, axis=-1), 0.0, 1.0)


def outside_gamut(linear: np.ndarray) -> np.ndarray:
    """Tell which colors sRGB cannot show: planes of linear light → bool `(...)`."""
    return ((linear < -_MARGIN) | (linear > 1 + _MARGIN)).any(axis=0)


def _excess(linear):
    """Return how far outside sRGB a color lies, in linear light; negative inside."""
    xp = namespace(*linear)
    red, green, blue = linear
    most = xp.maximum(xp.maximum(red, green), blue)
    least = xp.minimum(xp.minimum(red, green), blue)
    return xp.maximum(most - 1.0, -least) - _MARGIN


def fit_gamut(lab):
    """Reduce chroma, at constant L* and hue, where sRGB cannot show a color.

    Clipping RGB would change the lightness: a yellow predicted on white becomes darker. A colorizer
    must keep the photograph's lightness, so chroma is reduced instead. Colors inside the gamut are
    unchanged.

    Args:
        lab: `(..., 3)`, L* in 0…100, a* and b* in CIELAB units.

    Returns:
        float32 `(..., 3)`.
    """
    return namespace(lab).stack(list(fit_planes(_planes(float32(lab)))), axis=-1)


def fit_planes(planes):
    """Reduce chroma as `fit_gamut` does, of planes L*, a*, b*.

    The largest chroma that fits is found by bisection, and by linear interpolation within the last
    interval, so that the result does not jump where two processors round differently.
    """
    lightness, a, b = planes
    xp = namespace(lightness)

    def scaled(scale):
        return _gathered([lightness, scale * a, scale * b])

    def excess_of(scale):
        return _excess(linear_rgb(scaled(scale)))

    low, step = xp.zeros_like(lightness), 1.0
    for _ in range(_BISECTIONS):
        step /= 2
        low += step * float32(excess_of(low + step) <= 0)
    below, above = excess_of(low), excess_of(low + step)
    fraction = xp.clip(below / xp.minimum(below - above, -_TINY), 0.0, 1.0)
    return scaled(xp.where(excess_of(1.0) <= 0, 1.0, low + step * fraction))
