"""Kinds of pictures by suffix and by first bytes: which are read, and which are only named."""

_NAMES = (
    "apng", "avif", "bmp", "dds", "dib", "gif", "heic", "heif", "hif", "im", "j2k",
    "jfif", "jp2", "jpc", "jpe", "jpeg", "jpf", "jpg", "jpx", "mpo", "pbm", "pcx", "pfm", "pgm",
    "png", "pnm", "ppm", "psd", "qoi", "ras", "sgi", "tga", "tif", "tiff", "webp",
)  # fmt: skip
SUFFIXES = frozenset(f".{name}" for name in _NAMES)
# How files start, at which byte; BMP's two letters are too common in other files.
_STARTS = (
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF8"), (8, b"WEBP"), (0, b"8BPS"),
    (0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+"), (4, b"ftypavi"), (4, b"ftyphei"),
    (4, b"ftypmif1"), (4, b"jP  \r\n"), (0, b"\xff\x4f\xff\x51"),
)  # fmt: skip

# Of cameras; most of them start as a TIFF whose first picture is a preview.
_RAW = frozenset(
    f".{name}"
    for name in (
        "3fr", "arw", "cr2", "cr3", "dcr", "dng", "erf", "iiq", "kdc", "mef", "mos", "mrw", "nef",
        "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f",
    )
)  # fmt: skip
_RAW_STARTS = (
    (8, b"CR\x02"), (4, b"ftypcrx"), (0, b"FUJIFILMCCD-RAW"), (0, b"IIRO"), (0, b"IIRS"),
    (0, b"MMOR"), (0, b"IIU\0"), (0, b"FOVb"), (0, b"\0MRM"),
)  # fmt: skip
# Pictures, but no photographs of anybody's album.
_RARE = frozenset(
    f".{name}"
    for name in (
        "cin", "dcm", "djvu", "dpx", "eps", "exr", "fit", "fits", "fts", "hdr", "icns", "jng",
        "jxl", "jxr", "pam", "psb", "svg", "wdp", "xbm", "xcf", "xpm",
    )
)  # fmt: skip
_RARE_STARTS = (
    ("Cineon", 0, b"\x80\x2a\x5f\xd7"), ("DICOM", 128, b"DICM"), ("DjVu", 0, b"AT&TFORM"),
    ("DPX", 0, b"SDPX"), ("DPX", 0, b"XPDS"), ("EPS", 0, b"%!PS-Adobe-"),
    ("FITS", 0, b"SIMPLE  ="), ("ICNS", 0, b"icns"), ("JNG", 0, b"\x8bJNG\r\n"),
    ("JPEG XL", 0, b"\xff\x0a"), ("JPEG XL", 4, b"JXL \r\n"), ("JPEG XR", 0, b"II\xbc"),
    ("OpenEXR", 0, b"v/1\x01"), ("PAM", 0, b"P7\n"), ("PFM in color", 0, b"PF\n"),
    ("PSB", 0, b"8BPS\0\x02"), ("Radiance HDR", 0, b"#?RADIANCE"), ("XCF", 0, b"gimp xcf "),
)  # fmt: skip
START = 132  # bytes that tell


def is_read(start: bytes) -> bool:
    """Tell whether a file with these first bytes is a picture of a kind that is read."""
    return any(_stands(start, *expected) for expected in _STARTS)


def refusal(start: bytes, suffix: str = "") -> str:
    """Say why a picture is not read.

    Args:
        start: The first `START` bytes of a file.
        suffix: Its suffix, in small letters.

    Returns:
        A reason; nothing if it is no picture of a kind that is only named.
    """
    if suffix in _RAW or any(_stands(start, *expected) for expected in _RAW_STARTS):
        return "raw files of cameras are not read; develop it to TIFF or PNG"
    kinds = [kind for kind, *expected in _RARE_STARTS if _stands(start, *expected)]
    if suffix in _RARE and not is_read(start):
        kinds.append(suffix[1:].upper())
    return f"{kinds[0]} is not read; convert it to PNG or TIFF" if kinds else ""


def _stands(start, at, expected) -> bool:
    return start[at : at + len(expected)] == expected
