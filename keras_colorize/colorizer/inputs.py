"""What `colorize` takes and gives back: arrays, Pillow images and paths."""

import os
from collections.abc import Callable

import numpy as np
from PIL import Image

from keras_colorize import errors
from keras_colorize.data import photographs, tones

Photograph = np.ndarray | Image.Image | str | os.PathLike

_TAKEN = (
    "a path, a Pillow image, or an array (H, W), (H, W, 1) or (H, W, 3) that is not empty: uint8, "
    "uint16, or float in 0…1"
)


def opened(photograph: Photograph) -> tuple[np.ndarray, Callable[[np.ndarray], Photograph]]:
    """Return a photograph's pixels, and what makes a colored picture of the same kind.

    Args:
        photograph: As `Colorizer.colorize` takes one.

    Returns:
        `(H, W, 3)` of its own depth, gray or sRGB; and a function from the colored pixels to what
        `colorize` returns.

    Raises:
        UsageError: It is nothing of this kind.
        BadPhotograph: A file that is not a whole picture.
        OSError: A file that cannot be opened.
    """
    if isinstance(photograph, (str, os.PathLike)):
        return as_rgb(photographs.File(photograph).read().pixels), lambda colored: colored
    if isinstance(photograph, Image.Image):
        return _of_image(photograph)
    return as_rgb(photograph), lambda colored: colored


def as_rgb(photograph: np.ndarray) -> np.ndarray:
    """Check an array and return it as `(H, W, 3)`, without a copy.

    Raises:
        UsageError: Another type or shape, no pixels, or floats outside 0…1.
    """
    if not hasattr(photograph, "__array__"):  # a tensor of any backend has it, too
        raise _wrong(f"{photograph!r:.80}")
    photograph = np.asarray(photograph)
    shape = photograph.shape if photograph.ndim != 2 else (*photograph.shape, 1)
    is_float = photograph.dtype.kind == "f"
    if (
        not (is_float or photograph.dtype in (np.uint8, np.uint16))
        or len(shape) != 3
        or shape[2] not in (1, 3)
        or not photograph.size
    ):
        raise _wrong(f"{photograph.dtype} {photograph.shape}")
    if is_float:
        least, most = photograph.min(), photograph.max()
        if not (least >= 0 and most <= 1):  # nor NaN
            raise _wrong(f"{photograph.dtype} {photograph.shape}, from {least} to {most}")
    return np.broadcast_to(photograph.reshape(shape), (*shape[:2], 3))


def check_batch(photographs: np.ndarray) -> None:
    """Raise a UsageError unless these are uint8 or uint16 `(B, H, W, 3)`, with pixels."""
    if (
        photographs.dtype not in (np.uint8, np.uint16)
        or photographs.ndim != 4
        or photographs.shape[3] != 3
        or not photographs.size
    ):
        raise errors.UsageError(
            "`photographs` must be uint8 or uint16 (B, H, W, 3), and not empty. "
            f"Received: {photographs.dtype} {photographs.shape}."
        )


def _wrong(received: str) -> errors.UsageError:
    return errors.UsageError(
        f"`photograph` must be {_TAKEN}; several are given as a list. Received: {received}."
    )


def _of_image(image: Image.Image):
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        raise errors.UsageError(
            "Pillow has no color images of more than 8 bits; pass np.asarray(image) of uint16 "
            f"instead. Received: an image of mode {image.mode}."
        )
    if not image.width or not image.height:
        raise _wrong(f"an image of {image.width} × {image.height} pixels")
    turned = tones.upright(tones.of_image(image), image.getexif().get(0x0112, 1))

    def made(colored):
        if turned.alpha is not None:
            colored = np.dstack([colored, turned.alpha])
        return Image.fromarray(colored)

    return as_rgb(tones.to_srgb(turned, image.info.get("icc_profile") or b"")), made
