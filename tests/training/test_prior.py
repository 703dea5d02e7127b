import numpy as np
import skimage.color
from PIL import Image

from keras_colorize import heads
from keras_colorize.data import sources
from keras_colorize.training import prior


def test_measure_counts_the_bins_that_occur(tmp_path):
    # Photographs of one color each, the first of them four times.
    colors = [(200, 40, 40)] * 4 + [(40, 200, 40), (40, 40, 200)]
    for number, color in enumerate(colors):
        Image.new("RGB", (40 + number, 40), color).save(tmp_path / f"{number}.png")
    centers = 10 * np.rint(skimage.color.rgb2lab(np.array(colors, "uint8"))[:, 1:] / 10)
    shares = {tuple(center): (centers == center).all(1).mean() for center in centers}
    source = sources.open_source(str(tmp_path))
    head = prior.measure(heads.create("gamut"), source, size=16, batch_size=4)
    measured = dict(zip(map(tuple, head.centers.tolist()), head.prior, strict=True))
    assert len(shares) == 3 and measured == shares
