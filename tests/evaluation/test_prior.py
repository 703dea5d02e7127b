"""The prior counts pixels by bin, with scikit-image's colors."""

import numpy as np
import pytest
import skimage.color

from keras_colorize import errors
from keras_colorize.color import bins
from keras_colorize.evaluation import prior


def test_prior_counts_each_color_in_its_bin():
    colors = np.array([[119, 119, 119], [204, 67, 67]], "uint8")
    np.testing.assert_allclose(skimage.color.rgb2lab(colors)[:, 1:], [[0, 0], [54, 30.6]], atol=0.1)
    rgb = np.repeat(colors, [5, 3], axis=0).reshape(2, 4, 3)
    counts = prior.measure([rgb, rgb])
    centers = bins.gamut313()
    found = {tuple(centers[i].astype(int)): counts[i] for i in np.flatnonzero(counts)}
    assert found == {(0, 0): 10, (50, 30): 6}


@pytest.mark.parametrize("text", ["1\n" * 312, "-1\n" * 313, "0\n" * 313])
def test_prior_that_is_no_count_of_313_bins_is_refused(text, tmp_path):
    (tmp_path / "prior.txt").write_text(text)
    with pytest.raises(errors.UsageError, match="must be a file of 313 numbers"):
        prior.read(tmp_path / "prior.txt")


def test_prior_is_read_as_it_was_written(tmp_path):
    (tmp_path / "prior.txt").write_text("".join(f"{i}\n" for i in range(313)))
    assert list(prior.read(tmp_path / "prior.txt")) == list(range(313))
