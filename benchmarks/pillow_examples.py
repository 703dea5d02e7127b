"""Training examples as most colorization projects make them: Pillow and scikit-image.

Also imported in PyTorch's environment, where a DataLoader calls it.
"""

import numpy as np
from PIL import Image
from skimage.color import rgb2lab

SHARE = 7 / 8  # of the short side, as in `training_batches`


def window(width: int, height: int, draw: np.random.Generator) -> tuple[int, int, int]:
    """Return left, top and side of a random square."""
    side = round(SHARE * min(width, height))
    return draw.integers(width - side + 1), draw.integers(height - side + 1), side


def example(path: str, size: int, draw: np.random.Generator) -> np.ndarray:
    """Decode, crop, mirror, average areas, Lab: float32 `(size, size, 3)`."""
    photograph = Image.open(path).convert("RGB")
    left, top, side = window(*photograph.size, draw)
    box = (left, top, left + side, top + side)
    rgb = np.asarray(photograph.resize((size, size), Image.BOX, box))
    if draw.random() < 0.5:
        rgb = rgb[:, ::-1]
    return rgb2lab(rgb).astype("float32")
