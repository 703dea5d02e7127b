"""Encoded photographs for the tests of what is served."""

import io

import numpy as np
from PIL import Image


def encode(rgb, format="PNG", **options):
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, format, **options)
    return content.getvalue()


def decode(png):
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)
