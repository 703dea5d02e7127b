"""Which files are films or animations, by their names and headers."""

import os
from pathlib import Path

from PIL import Image

_WRITTEN = frozenset({".3g2", ".3gp", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
_READ = (
    "asf", "avi", "divx", "dv", "f4v", "flv", "m2ts", "m2v", "mpe", "mpeg", "mpg", "mts", "mxf",
    "ogv", "rm", "rmvb", "ts", "vob", "wmv",
)  # fmt: skip
FILMS = _WRITTEN | {f".{name}" for name in _READ}
ANIMATIONS = frozenset({".gif", ".webp"})


def is_film(path: str | os.PathLike) -> bool:
    """Tell whether a file has the name of a film."""
    return Path(path).suffix.lower() in FILMS


def is_animation(path: str | os.PathLike) -> bool:
    """Tell whether a file is a GIF or WebP of several frames."""
    if Path(path).suffix.lower() not in ANIMATIONS:
        return False
    try:
        with Image.open(path, formats=("GIF", "WEBP")) as image:
            return getattr(image, "n_frames", 1) > 1
    except Exception:  # what is wrong with it is told when it is read, as a photograph
        return False


def outputs(path: str | os.PathLike) -> frozenset[str]:
    """Return the suffixes of the formats that a film, or an animation, may be written in."""
    return _WRITTEN if is_film(path) else ANIMATIONS


def output_suffix(suffix: str) -> str:
    """Return the suffix to write a film or an animation with that was read from `suffix`.

    Films of formats that are not written become Matroska files, which hold any sound.
    """
    return suffix if suffix.lower() in _WRITTEN | ANIMATIONS else ".mkv"
