"""Pictures of more than 8 bits, in formats of which Pillow gives 8.

References:
    [1] PNG: W3C, third edition, §11.2.1.    [2] JPEG 2000: ITU-T T.800, §A.5.1 and §I.5.3.3.
    [3] AVIF: AV1 codec ISO media file format binding, 1.2, §2.3.3 (av1C).
"""

import io
import re

import imagecodecs
import numpy as np
from PIL import Image

from keras_colorize.data import record
from keras_colorize.data.tones import Samples, doubt, scaled

_CODESTREAM = b"\xff\x4f\xff\x51"  # the markers SOC and SIZ [2]
# Width, height and the largest value of a binary PPM, with comments between them.
_PPM = re.compile(rb"P6" + 3 * rb"\s+(?:#[^\n]*\n\s*)*(\d+)" + rb"\s")
_SYCC = b"colr\x01\0\0\0\0\0\x12"  # the color space of JPEG 2000 that is not RGB [2]


def read(data: bytes, image: Image.Image) -> Samples | None:
    """Decode a picture of more than 8 bits.

    Args:
        data: The content of a PNG, PPM, JPEG 2000, AVIF or HEIC file, or of any other.
        image: The same, opened by Pillow.

    Returns:
        Samples of 16 bits, not turned upright; None where Pillow loses nothing.
    """
    if image.format == "PNG" and data[24] == 16:
        record.check_png(data)  # of damage, libpng tells standard error
        return _samples(imagecodecs.png_decode(record.pixels_only(data)), 16)
    if image.format == "PPM" and image.mode == "RGB" and (ppm := _PPM.match(data)):
        width, height, largest = map(int, ppm.groups())
        if largest > 255:
            values = np.frombuffer(data, ">u2", 3 * width * height, ppm.end())
            values = np.rint(values.clip(0, largest) * np.float32(65535 / largest))
            return _samples(values.astype("uint16").reshape(height, width, 3), 16)
    if image.mode not in ("L", "LA", "RGB", "RGBA"):  # others have all of their bits
        return None
    if image.format == "JPEG2000":
        at = data.find(_CODESTREAM) + 42
        bits = data[at] + 1  # signed samples have the highest bit set
        if 8 < bits <= 16 and _SYCC not in data[:at]:
            return _samples(imagecodecs.jpeg2k_decode(data), bits)
    elif image.format == "AVIF":
        at = data.find(b"av1C") + 6
        bits = 8 + 2 * bool(data[at] & 0x40) + 2 * bool(data[at] & 0x20)
        if bits > 8:
            return _samples(imagecodecs.avif_decode(data), bits)
    elif image.format == "HEIF" and image.info["bit_depth"] > 8:
        import pillow_heif  # it has opened the image

        whole = pillow_heif.open_heif(
            io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False
        )
        return _samples(np.asarray(whole), image.info["bit_depth"])
    return None


def _samples(values: np.ndarray, bits: int) -> Samples:
    stored = values[..., None] if values.ndim == 2 else values
    values, doubted = scaled(stored, bits), doubt(stored, bits)
    alpha = values[..., -1] if values.shape[2] in (2, 4) else None
    if values.shape[2] <= 2:
        return Samples(values[..., 0], "gray", alpha, doubted)
    return Samples(values[..., :3], "rgb", alpha, doubted)
