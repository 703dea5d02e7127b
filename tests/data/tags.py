"""EXIF for the tests of reading and writing."""

from PIL import Image

ORIENTATION, DESCRIPTION, EXPOSURE = 0x0112, 0x010E, 0x829A


def tagged(orientation, exposure=None):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = "the harbour"
    if exposure:
        exif.get_ifd(0x8769)[EXPOSURE] = exposure
    whole = Image.Exif()
    whole.load(exif.tobytes())  # Pillow writes the second directory of a TIFF only when it was read
    return whole
