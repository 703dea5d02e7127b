"""Reading and writing single photographs, and finding them in folders and globs."""

import glob
import io
import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from keras_colorize import errors, files

SUFFIXES = frozenset(
    f".{name}"
    for name in ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "ppm")
)
MAX_PIXELS = 100_000_000  # a scan of 10,000 × 10,000; larger claims are taken for attacks
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns; ours is checked before decoding

# What each suffix is saved with. JPEG: no chroma subsampling, since chroma is what we made.
_SAVE = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".png": {"format": "PNG"},
    ".webp": {"format": "WEBP", "quality": 95},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".bmp": {"format": "BMP"},
}
_SAVE |= {".jpeg": _SAVE[".jpg"], ".jpe": _SAVE[".jpg"], ".jfif": _SAVE[".jpg"]}
_SAVE |= {".tiff": _SAVE[".tif"]}

# Of EXIF's first directory, what tells of the photograph: description, camera, software, dates,
# people, rights, rating, and the directories of exposure and GPS. The rest tells how the pixels are
# stored (in a TIFF: strips, bits, profile), no longer true of what we write. Nor is orientation.
_EXIF_FOLDERS = frozenset({0x8769, 0x8825})
_KEPT_EXIF = frozenset(
    {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749, 0x8298}
    | set(range(0x9C9B, 0x9CA0))
    | _EXIF_FOLDERS
)


class BadPhotograph(ValueError):
    """A file that is no photograph we can use; the message says why, without the file's name."""


def open_header(source: str | os.PathLike | bytes) -> Image.Image:
    """Open a photograph without decoding it, and check its size.

    Raises:
        BadPhotograph: Empty, no picture, or more than `MAX_PIXELS`.
    """
    if isinstance(source, bytes):
        if not source:
            raise BadPhotograph("empty file")
        source = io.BytesIO(source)
    elif os.path.getsize(source) == 0:
        raise BadPhotograph("empty file")
    try:
        image = Image.open(source)
    except UnidentifiedImageError:
        raise BadPhotograph("not a picture") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged byte leads to
        raise BadPhotograph(f"unreadable header ({error})") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise BadPhotograph(f"{width}×{height} is more than {MAX_PIXELS:,} pixels")
    return image


def read(source: str | os.PathLike | bytes) -> np.ndarray:
    """Read a photograph upright, as uint8 sRGB `(H, W, 3)`.

    The first frame of an animation; 16-bit reduced to 8; CMYK and palettes converted; an embedded
    color profile applied; transparency dropped.

    Raises:
        BadPhotograph: Not a whole picture, or too large.
        OSError: The file cannot be opened.
    """
    return _rgb(open_header(source))


def read_with_extras(source: str | os.PathLike) -> tuple[np.ndarray, dict]:
    """Read as `read` does, with what `write` should keep: transparency, EXIF, resolution."""
    image = open_header(source)
    rgb = _rgb(image)
    extras = {}
    if max(image.info.get("dpi", (0,))) > 1:  # a TIFF without a resolution claims 1
        extras["dpi"] = image.info["dpi"]
    exif = image.getexif()
    for tag in set(exif) - _KEPT_EXIF:
        del exif[tag]
    if exif:
        extras["exif"] = exif
    if image.has_transparency_data:
        alpha = ImageOps.exif_transpose(image.convert("RGBA")).getchannel("A")
        extras["alpha"] = np.asarray(alpha)
    return rgb, extras


def _rgb(image: Image.Image) -> np.ndarray:
    try:
        image = ImageOps.exif_transpose(image)
        profile = image.info.get("icc_profile")
        if image.mode.startswith("I") or image.mode == "F":
            image = _to_8bit(image)
        elif profile:
            image = _to_srgb(image, profile)
        image = image.convert("RGB")
    except Exception as error:  # Pillow's readers raise whatever a damaged byte leads to
        raise BadPhotograph(f"truncated or damaged ({error})") from None
    return np.asarray(image)


def _to_8bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image, "float64")
    top = 65535.0 if image.mode.startswith("I") else max(values.max(), 1.0)
    return Image.fromarray(np.rint(255.0 / top * values.clip(0, top)).astype("uint8"))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = image.mode if image.mode in ("RGB", "L", "CMYK") else "RGB"
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image.convert(mode), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a profile of another color space or a damaged one: as if there were none
    return converted


def center_crop(rgb: np.ndarray, size: int) -> np.ndarray:
    """Bring the short side to `size` and cut the central square.

    Reduced by averaging areas, enlarged bicubically.

    Args:
        rgb: uint8 `(H, W, 3)`.
        size: Pixels.

    Returns:
        uint8 `(size, size, 3)`.
    """
    height, width = rgb.shape[:2]
    scale = size / min(height, width)
    shape = max(size, round(width * scale)), max(size, round(height * scale))
    if shape != (width, height):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        rgb = cv2.resize(rgb, shape, interpolation=method)
    top, left = (rgb.shape[0] - size) // 2, (rgb.shape[1] - size) // 2
    return rgb[top : top + size, left : left + size]


def output_suffix(suffix: str) -> str:
    """Return the suffix to write a picture with that was read from a file with `suffix`."""
    return suffix if suffix.lower() in _SAVE else ".png"


def write(path: str | os.PathLike, rgb: np.ndarray, alpha=None, **extras) -> None:
    """Write uint8 sRGB `(H, W, 3)` atomically, in the format of the path's suffix.

    Args:
        path: Where to.
        rgb: The picture.
        alpha: uint8 `(H, W)`, kept where the format has transparency.
        **extras: `exif` and `dpi`, as `read_with_extras` gives them.

    Raises:
        UsageError: A suffix that we do not write.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SAVE:
        raise errors.UsageError(
            f"A picture's suffix must be one of {sorted(_SAVE)}. Received: {str(path)!r}."
        )
    image = Image.fromarray(rgb)
    if alpha is not None and _SAVE[suffix]["format"] in ("PNG", "WEBP", "TIFF"):
        image.putalpha(Image.fromarray(alpha))
    options = dict(_SAVE[suffix])
    if options["format"] == "BMP":
        extras = {}
    if options["format"] == "TIFF" and _EXIF_FOLDERS & set(extras.get("exif", ())):
        del options["compression"]  # libtiff, which compresses, cannot write them
    with files.atomic_file(path) as temporary:
        image.save(temporary, **options, **extras)


def find(source: str | os.PathLike, argument: str, suffixes: Iterable[str]) -> list[Path]:
    """List the files that a path, a folder (recursively) or a glob stands for, sorted.

    Args:
        source: What the user gave.
        argument: The argument's name, for the message.
        suffixes: Which files count in a folder or a glob; a file named outright always does.

    Raises:
        UsageError: Nothing is there.
    """
    text = os.path.expanduser(os.fspath(source))
    path = Path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in suffixes
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.is_file()
        )
        if not found:
            raise errors.UsageError(
                f"There are no photographs in the folder ({' '.join(sorted(suffixes))}). "
                f"Received: {argument}={text!r}."
            )
        return found
    if glob.has_magic(text):
        found = sorted(
            Path(name)
            for name in glob.glob(text, recursive=True)
            if Path(name).suffix.lower() in suffixes and os.path.isfile(name)
        )
        if found:
            return found
        raise errors.UsageError(f"No photograph matches. Received: {argument}={text!r}.")
    raise errors.UsageError(f"There is no such file or folder. Received: {argument}={text!r}.")
