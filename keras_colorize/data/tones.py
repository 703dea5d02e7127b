"""Stored samples of any kind → sRGB of 8 or 16 bits.

Samples are an array `(H, W, C)` and the color model that they are in; what they mean follows from
the bits of each, the photometric interpretation and an embedded profile.

References:
    [1] TIFF 6.0, Adobe 1992, §8 (photometric interpretation) and §16 (CMYK).
    [2] ICC.1:2022, §7.2.6 (the color space of a profile).
"""

from dataclasses import dataclass, replace

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

from keras_colorize.color import lab
from keras_colorize.errors import BadPhotograph

_BAND = 2**22  # samples converted at a time
_WHITES = (1.0, 255.0, 65535.0)
_OF_SENSORS = (1023.0, 4095.0, 16383.0)  # 10, 12 and 14 bits
_SPACES = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}  # as a profile names its own [2]


@dataclass(frozen=True)
class Samples:
    """A decoded picture.

    Attributes:
        values: uint8 or uint16, `(H, W)` if gray, else `(H, W, C)`.
        model: `gray`, `rgb` or `cmyk` (0 is no ink).
        alpha: Opacity, `(H, W)` of the same type; None if the picture is opaque.
        doubt: What may be wrong: with white, as `doubt` says, or with data that look damaged.
    """

    values: np.ndarray
    model: str
    alpha: np.ndarray | None = None
    doubt: str = ""


def of_image(image: Image.Image) -> Samples:
    """Decode a Pillow image of any mode."""
    mode = image.mode
    if mode == "F" or mode.startswith("I"):
        stored, bits = np.asarray(image), 16
        if mode == "I":  # readers scale to 16 bits, nearly all
            fits = stored.size and stored.min() >= 0 and stored.max() <= 65535
            stored, bits = (stored.astype("uint16"), 16) if fits else (stored, 32)
        return Samples(scaled(stored, bits), "gray", doubt=doubt(stored, bits))
    if mode == "CMYK":
        return Samples(np.asarray(image), "cmyk")
    gray = mode in ("1", "L", "LA", "La")
    model = "gray" if gray else "rgb"
    if not image.has_transparency_data:
        return Samples(np.asarray(image.convert("L" if gray else "RGB")), model)
    whole = np.asarray((image.convert("LA") if gray else image).convert("RGBA"))
    return Samples(whole[..., 0] if gray else whole[..., :3], model, whole[..., 3])


def upright(samples: Samples, orientation: int) -> Samples:
    """Undo an EXIF orientation, 1 to 8: transpose from 5 on, then mirror."""

    def turned(values):
        if values is None:
            return None
        if orientation >= 5:
            values = values.swapaxes(0, 1)
        if orientation in (2, 3, 6, 7):
            values = values[:, ::-1]
        if orientation in (3, 4, 7, 8):
            values = values[::-1]
        return np.ascontiguousarray(values)

    return replace(samples, values=turned(samples.values), alpha=turned(samples.alpha))


def scaled(values: np.ndarray, bits: int) -> np.ndarray:
    """Scale samples of any type to uint16 over their whole range; those of 8 bits stay uint8.

    Integers of 32 bits and floats are often used for less: where nearly all values are within a
    smaller range (of 8, 10, 12, 14 or 16 bits; floats: from 0 to 1), that is theirs. Outliers
    beyond it, such as hot pixels, are clipped; NaN becomes black.

    Args:
        values: Any shape; integers or floats.
        bits: Bits of each integer sample, which may be fewer than its type has.

    Returns:
        uint16 or uint8, the same shape.

    Raises:
        BadPhotograph: Negative integers; no finite values; floats beyond 65535.
    """
    if values.dtype == np.bool_:
        return values.astype("uint16") * np.uint16(65535)
    if values.dtype.kind not in "uif":
        raise BadPhotograph(f"{values.dtype} samples are not read")
    if values.dtype.kind == "i" and values.size and values.min() < 0:
        raise BadPhotograph(f"{bits}-bit samples with negative values are not read")
    if values.dtype == np.uint8 and bits == 8:
        return values
    top = _white(values, bits)
    if top == 65535 and values.dtype == np.uint16:
        return values
    out = np.empty(values.shape, "uint16")
    for source, target in _bands(values, out):
        source = np.nan_to_num(source.astype("float64"), nan=0.0, posinf=top, neginf=0.0)
        target[...] = np.rint(source.clip(0, top) * (65535.0 / top))
    return out


def doubt(values: np.ndarray, bits: int) -> str:
    """Say what white is taken for where that may be wrong.

    Args:
        values: Samples as stored, as for `scaled`.
        bits: Bits of each integer sample.

    Returns:
        Nothing where it is certain, or where samples come near to it.
    """
    if values.dtype.itemsize < 2:
        return ""
    white, large = _white(values, bits), _large(values)
    if _is_guessed(values, bits):
        doubted = white in _OF_SENSORS or 2 * large < white
    else:
        doubted = 16 * large < white  # perhaps 12 bits of 16
    return f"samples reach {large:,.6g}; white is taken to be {white:,.0f}" if doubted else ""


def _is_guessed(values, bits) -> bool:
    return values.dtype.kind == "f" or bits > 16


def _white(values: np.ndarray, bits: int) -> float:
    signed = values.dtype.kind == "i"
    largest = float(2 ** (bits - signed) - 1)
    if not _is_guessed(values, bits):
        return largest
    large, is_float = _large(values), values.dtype.kind == "f"
    for white in sorted(_WHITES + _OF_SENSORS):
        # A little more than white is a rounding or a filter's overshoot.
        if large <= (1.01 * white if is_float else white) and (is_float or white > 1):
            return white
    if is_float:
        raise BadPhotograph(f"floating-point samples up to {large:.6g} have no known white")
    return largest


def _large(values: np.ndarray) -> float:
    """Return the value that all but one in a thousand stay below."""
    some = values.reshape(-1)[:: max(1, values.size // 2**20)]
    some = some[np.isfinite(some)] if values.dtype.kind == "f" else some
    if not some.size:
        raise BadPhotograph("floating-point samples without a finite value")
    return float(np.quantile(some.astype("float64"), 0.999, method="lower"))


def to_srgb(samples: Samples, profile: bytes = b"", gamma: float | None = None) -> np.ndarray:
    """Convert samples to sRGB through their profile, or as is usual without one.

    A profile of another color model and a damaged one are passed over.

    Args:
        samples: A decoded picture.
        profile: An ICC profile, or nothing.
        gamma: The power of linear light that samples are, if that is known instead.

    Returns:
        The samples' type: `(H, W)` if gray, else `(H, W, 3)`.
    """
    if profile and _SPACES.get(profile[16:20]) == samples.model:
        try:
            return _through(samples.values, samples.model, profile)
        except (imagecodecs.CmsError, ValueError):
            pass
    if samples.model == "cmyk":
        return _without_inks(samples.values)
    if gamma:
        top = np.iinfo(samples.values.dtype).max
        linear = (np.arange(top + 1) / top) ** (1 / gamma)
        levels = np.rint(top * lab.encode([linear] * 3)[:, 0])
        return levels.astype(samples.values.dtype)[samples.values]
    return samples.values


def _through(samples, model, profile):
    if model == "gray":  # a function of one variable: convert each level once
        levels = np.arange(np.iinfo(samples.dtype).max + 1, dtype=samples.dtype)
        table = _transform(levels[None, :, None], model, profile)[0, :, 1]
        return np.ascontiguousarray(table)[samples]
    out = np.empty((*samples.shape[:2], 3), samples.dtype)
    for source, target in _bands(samples, out):
        target[...] = _transform(np.ascontiguousarray(source), model, profile)
    return out


def _transform(samples, model, profile):
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return imagecodecs.cms_transform(
        samples,
        profile,
        target,
        colorspace=model,
        outcolorspace="rgb",
        outdtype=samples.dtype,
        # Of gray, lcms's own table is coarse: half a unit of L* off in the dark. This is slow.
        flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE if model == "gray" else None,
    ).reshape(*samples.shape[:2], 3)


def _without_inks(samples):
    """Return paper where there is no ink: (1 − C)(1 − K), and so on [1, §16]."""
    out = np.empty((*samples.shape[:2], 3), samples.dtype)
    top = np.iinfo(samples.dtype).max
    for source, target in _bands(samples, out):
        paper = top - source.astype("float32")
        target[...] = np.rint(paper[..., :3] * paper[..., 3:] / top)
    return out


def to_8bit(values: np.ndarray) -> np.ndarray:
    """Round uint16 to uint8 over the whole range; uint8 is returned as it is."""
    if values.dtype == np.uint8:
        return values
    # (v + 128) // 257 is round(v / 257), without floats.
    out = np.empty(values.shape, "uint8")
    for source, target in _bands(values, out):
        target[...] = (source.astype("uint32") + 128) // 257
    return out


def _bands(source: np.ndarray, target: np.ndarray):
    """Yield bands of rows of two arrays, so that temporary copies stay small."""
    rows = max(1, _BAND // max(1, source[:1].size))
    for row in range(0, len(source), rows):
        yield source[row : row + rows], target[row : row + rows]
