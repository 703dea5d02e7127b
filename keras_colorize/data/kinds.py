"""Kinds of pictures by suffix and by first bytes: which are read, and which are only named."""

import re

_NAMES = (
    "apng", "avif", "bmp", "dds", "dib", "gif", "heic", "heif", "hif", "im", "j2k",
    "jfif", "jp2", "jpc", "jpe", "jpeg", "jpf", "jpg", "jpx", "mpo", "pbm", "pcx", "pfm", "pgm",
    "png", "pnm", "ppm", "psd", "qoi", "ras", "sgi", "tga", "tif", "tiff", "webp",
)  # fmt: skip
SUFFIXES = frozenset(f".{name}" for name in _NAMES)
# How files start; of BMP and PNM two letters alone would be too common in other files.
_READ = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|8BPS|\xff\x4f\xff\x51|....jP  \r\n"
    rb"|II(\*\0|\+\0)|MM(\0\*|\0\+)|....ftyp(avi|hei|hev|mif1|msf1)|DDS |qoif|\x59\xa6\x6a\x95"
    rb"|\x01\xda[\0\1][\1\2]|\x0a[\0\2-\5]\x01[\1\2\4\x08]"
    rb"|BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|P[1-6]\s+(#[^\n]*\n\s*)*\d+\s",
    re.DOTALL,
)

# Of cameras; most of them start as a TIFF whose first picture is a preview.
_RAW = frozenset(
    f".{name}"
    for name in (
        "3fr", "arw", "cr2", "cr3", "dcr", "dng", "erf", "iiq", "kdc", "mef", "mos", "mrw", "nef",
        "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f",
    )
)  # fmt: skip
_RAW_STARTS = re.compile(
    rb".{8}CR\x02|....ftypcrx|FUJIFILMCCD-RAW|II(RO|RS|U\0)|MMOR|FOVb|\0MRM", re.DOTALL
)
# Pictures, but no photographs of anybody's album.
_RARE = frozenset(
    f".{name}"
    for name in (
        "cin", "dcm", "djvu", "dpx", "eps", "exr", "fit", "fits", "fts", "hdr", "icns", "jng",
        "jxl", "jxr", "miff", "mng", "pam", "pct", "pict", "psb", "svg", "wdp", "xbm", "xcf",
        "xpm", "xwd",
    )
)  # fmt: skip
_RARE_STARTS = {
    "Cineon": rb"\x80\x2a\x5f\xd7",
    "DICOM": rb".{128}DICM",
    "DjVu": rb"AT&TFORM",
    "DPX": rb"SDPX|XPDS",
    "EPS": rb"%!PS-Adobe-",
    "FITS": rb"SIMPLE  =",
    "ICNS": rb"icns",
    "JNG": rb"\x8bJNG\r\n",
    "JPEG XL": rb"\xff\x0a|....JXL \r\n",
    "JPEG XR": rb"II\xbc",
    "MIFF": rb"id=ImageMagick",
    "MNG": rb"\x8aMNG\r\n",
    "OpenEXR": rb"v/1\x01",
    "PAM": rb"P7\n",
    "PFM in color": rb"PF\n",
    "PSB": rb"8BPS\0\x02",
    "Radiance HDR": rb"#\?RADIANCE",
    "XCF": rb"gimp xcf ",
}
START = 132  # bytes that tell


def is_read(start: bytes) -> bool:
    """Tell whether a file with these first bytes is a picture of a kind that is read."""
    return bool(_READ.match(start))


def refusal(start: bytes, suffix: str = "") -> str:
    """Say why a picture is not read.

    Args:
        start: The first `START` bytes of a file.
        suffix: Its suffix, in small letters.

    Returns:
        A reason; nothing if it is no picture of a kind that is only named.
    """
    is_other = is_read(start) and start[:2] not in (b"II", b"MM")  # under a wrong suffix
    if _RAW_STARTS.match(start) or (suffix in _RAW and not is_other):
        return "raw files of cameras are not read; develop it to TIFF or PNG"
    kinds = [kind for kind, p in _RARE_STARTS.items() if re.match(p, start, re.DOTALL)]
    if suffix in _RARE and not is_read(start):
        kinds.append(suffix[1:].upper())
    return f"{kinds[0]} is not read; convert it to PNG or TIFF" if kinds else ""
